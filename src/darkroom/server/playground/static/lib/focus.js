// @ts-check
// Leads the eye and the caret back to the prompt.

/** Put the caret into the prompt, its text selected when it is to be replaced. @param {boolean} [all] */
export function focusPrompt(all = false) {
  const box = /** @type {HTMLTextAreaElement | null} */ (document.querySelector("#prompt"));
  box?.focus();
  if (all) box?.select();
}
