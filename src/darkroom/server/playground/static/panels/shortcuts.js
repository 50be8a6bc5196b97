// @ts-check
// The sheet of keys that do something.

import { html } from "../vendor/preact.js";
import { isMac } from "../lib/shortcuts.js";
import { t } from "../lib/words.js";
import { Dialog } from "../widgets/dialog.js";

const KEYS = /** @type {const} */ ([
  ["shortcut.send", ["Mod", "Enter"]],
  ["shortcut.prompt", ["/"]],
  ["shortcut.back", ["↑"]],
  ["shortcut.forth", ["↓"]],
  ["shortcut.frames", ["←", "→"]],
  ["shortcut.images", ["←", "→"]],
  ["shortcut.close", ["Esc"]],
  ["shortcut.sheet", ["?"]],
]);

/** @param {{ onClose: () => void }} props */
export function ShortcutsDialog({ onClose }) {
  return html`
    <${Dialog} label=${t("shortcut.title")} onClose=${onClose}>
      <h2>${t("shortcut.title")}</h2>
      <dl class="shortcuts" data-test="shortcuts">
        ${KEYS.map(([word, keys]) => html`<div>
          <dt>${keys.map((one) => html`<kbd>${one === "Mod" ? (isMac ? "⌘" : "Ctrl") : one}</kbd>`)}</dt>
          <dd>${t(word)}</dd>
        </div>`)}
      </dl>
    </${Dialog}>
  `;
}
