// @ts-check
// The prompts of before, as a list to choose from.

import { html, useState } from "../vendor/preact.js";
import { focusPrompt } from "../lib/focus.js";
import { t } from "../lib/words.js";
import { prompts } from "../state/prompts.js";
import { wish } from "../state/wishes.js";
import { Dialog, focusAfterwards } from "../widgets/dialog.js";

/** @param {{ onClose: () => void }} props */
export function PromptsDialog({ onClose }) {
  const [words, setWords] = useState("");
  const found = prompts.value.filter((prompt) => prompt.toLowerCase().includes(words.trim().toLowerCase()));
  const take = (/** @type {string} */ prompt) => {
    wish({ prompt });
    focusAfterwards(focusPrompt);
    onClose();
  };
  return html`
    <${Dialog} label=${t("prompts.title")} onClose=${onClose}>
      <h2>${t("prompts.title")}</h2>
      <input
        type="search" autofocus value=${words} placeholder=${t("prompts.search")} aria-label=${t("prompts.search")}
        onInput=${(/** @type {any} */ event) => setWords(event.target.value)}
      />
      <ul class="plain examples prompts" data-test="prompt-list">
        ${found.map((prompt) => html`<li key=${prompt}><button class="example" onClick=${() => take(prompt)} dir="auto">${prompt}</button></li>`)}
      </ul>
      ${!found.length && html`<p class="note">${t("prompts.none")}</p>`}
      <p class="note">${t("prompts.how")}</p>
    </${Dialog}>
  `;
}
