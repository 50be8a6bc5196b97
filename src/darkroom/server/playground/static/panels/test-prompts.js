// @ts-check
// The sandbox's magic prompts: what test cards are to payments.

import { html } from "../vendor/preact.js";
import { focusPrompt } from "../lib/focus.js";
import { t } from "../lib/words.js";
import { wish, wishes } from "../state/wishes.js";

const MAGIC = /** @type {const} */ ([
  ["[[refuse]]", "magic.refuse"],
  ["[[fail]]", "magic.fail"],
  ["[[fail-once]]", "magic.fail-once"],
  ["[[429:10]]", "magic.429"],
  ["[[slow:10]]", "magic.slow"],
]);

export function TestPrompts() {
  const add = (/** @type {string} */ word) => {
    const plain = wishes.value.prompt.replace(/\s*\[\[.*?\]\]/g, "").trimEnd();
    wish({ prompt: `${plain} ${word}`.trimStart() });
    focusPrompt();
  };
  return html`
    <details class="hint">
      <summary>${t("magic")}</summary>
      <p class="note">${t("magic.why")}</p>
      <ul class="plain">
        ${MAGIC.map(
          ([word, meaning]) => html`<li>
            <button type="button" class="tag" onClick=${() => add(word)}>${word}</button>
            <span>${t(meaning)}</span>
          </li>`,
        )}
      </ul>
    </details>
  `;
}
