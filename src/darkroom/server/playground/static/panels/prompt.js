// @ts-check
// The prompt box. Only Ctrl/⌘+Enter sends: plain Enter is a new line, also while Hangul is composed.

import { effect, html, useEffect, useRef } from "../vendor/preact.js";
import { t } from "../lib/words.js";
import { inputs } from "../state/inputs.js";
import { allSandbox, can, model } from "../state/models.js";
import { wish, wishes } from "../state/wishes.js";
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
  const onKeyDown = (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    if (event.isComposing || event.keyCode === 229) return; // 229: Safari's word for composing
    event.preventDefault();
    send();
  };
  const most = can.value?.max_prompt_chars ?? Infinity;
  const { prompt } = wishes.value;
  return html`
    <div class="field">
      <label class="label" for="prompt">${t("prompt")}</label>
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
