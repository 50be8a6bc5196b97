// @ts-check
// The prompt box. Only Ctrl/⌘+Enter sends: plain Enter is a new line, also while Hangul is composed.

import { effect, html, useEffect, useRef } from "../vendor/preact.js";
import { t } from "../lib/words.js";
import { showPrompts } from "../state/dialogs.js";
import { inputs } from "../state/inputs.js";
import { allSandbox, can, model } from "../state/models.js";
import { prompts, turnPrompt } from "../state/prompts.js";
import { wish, wishes } from "../state/wishes.js";
import { Icon } from "../widgets/icons.js";
import { send } from "./send.js";
import { TestPrompts } from "./test-prompts.js";

export function Prompt() {
  const box = useRef(/** @type {HTMLTextAreaElement | null} */ (null));
  useEffect(() => {
    // Where the browser cannot do it by itself (field-sizing), the box grows with its text.
    if (CSS.supports("field-sizing", "content")) return;
    return effect(() => {
      void wishes.value.prompt;
      if (!box.current) return;
      box.current.style.height = "auto";
      box.current.style.height = `${box.current.scrollHeight + 2}px`;
    });
  }, []);
  const most = can.value?.max_prompt_chars ?? Infinity;
  const { prompt } = wishes.value;
  return html`
    <div class="field">
      <div class="label">
        <label for="prompt">${t("prompt")}</label>
        ${prompts.value.length > 0 &&
        html`<button class="text" onClick=${showPrompts} data-test="prompts" title=${t("prompts.how")}><${Icon} name="history" />${t("prompts")}</button>`}
      </div>
      <textarea
        id="prompt" ref=${box} rows="5" value=${prompt} onKeyDown=${onKeyDown} dir="auto"
        placeholder=${inputs.value.length ? t("prompt.edit") : t("prompt.generate")}
        onInput=${(/** @type {any} */ event) => wish({ prompt: event.target.value })}
      ></textarea>
      ${prompt.length > most * 0.9 &&
      html`<p class=${prompt.length > most ? "warn" : "note"}>
        ${t("prompt.length", { n: prompt.length, most })}
      </p>`}
      ${(model.value?.darkroom.sandbox || allSandbox.value) && html`<${TestPrompts} />`}
    </div>
  `;
}

/** @param {KeyboardEvent} event */
function onKeyDown(event) {
  if (event.isComposing || event.keyCode === 229) return; // 229: Safari's word for composing
  const sends = event.key === "Enter" && (event.ctrlKey || event.metaKey);
  if (sends) send();
  if (sends || recalls(event)) event.preventDefault();
}

/** ↑ at the very beginning and ↓ at the very end go through the prompts of before. @param {KeyboardEvent} event */
function recalls(event) {
  const box = /** @type {HTMLTextAreaElement} */ (event.target);
  const { selectionStart: start, selectionEnd: end, value } = box;
  if (start !== end || event.shiftKey || event.altKey || event.ctrlKey || event.metaKey) return false;
  const isBack = event.key === "ArrowUp" && start === 0;
  const isForth = event.key === "ArrowDown" && end === value.length;
  if (!(isBack || isForth) || !turnPrompt(isBack ? 1 : -1)) return false;
  // At once, and with the caret at that end, so that the same key goes on.
  box.value = wishes.peek().prompt;
  const at = isBack ? 0 : box.value.length;
  box.setSelectionRange(at, at);
  return true;
}
