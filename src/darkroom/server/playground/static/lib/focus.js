// @ts-check
// Leads the eye and the caret back to the prompt.

import { go, place } from "../state/view.js";

/** Put the caret into the prompt, its text selected when it is to be replaced. @param {boolean} [all] */
export function focusPrompt(all = false) {
  if (place.peek().name !== "studio") {
    go("studio");
    setTimeout(() => focusPrompt(all)); // once it is drawn
    return;
  }
  const box = /** @type {HTMLTextAreaElement | null} */ (document.querySelector("#prompt"));
  box?.focus();
  if (all) box?.select();
}
