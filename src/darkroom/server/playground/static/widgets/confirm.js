// @ts-check
// A question before something that cannot be taken back.

import { html, useState } from "../vendor/preact.js";
import { Problem } from "../lib/api.js";
import { t } from "../lib/words.js";
import { dialog } from "../state/dialogs.js";
import { Dialog } from "./dialog.js";

/**
 * @typedef {{
 *   title: string, text: string, action: string, run: () => Promise<unknown>,
 *   children?: import("../vendor/preact.js").Child,
 * }} Question
 */

/** Asks; `run` does it, and the dialog stays open with the reason when that fails. @param {Question} question */
export function confirm(question) {
  dialog.value = html`<${Confirm} question=${question} onClose=${() => (dialog.value = null)} />`;
}

/** @param {{ question: Question, onClose: () => void }} props */
function Confirm({ question, onClose }) {
  const [busy, setBusy] = useState(false);
  const [failed, setFailed] = useState("");
  const go = async (/** @type {Event} */ event) => {
    event.preventDefault();
    setBusy(true);
    try {
      await question.run();
      onClose();
    } catch (error) {
      setFailed(error instanceof Problem ? error.message : String(error));
      setBusy(false);
    }
  };
  return html`
    <${Dialog} label=${question.title} onClose=${onClose}>
      <form class="confirm" onSubmit=${go} data-test="confirm">
        <h2>${question.title}</h2>
        <p>${question.text}</p>
        ${question.children}
        ${failed && html`<p class="warn" role="alert">${failed}</p>`}
        <div class="row ends">
          <button type="button" class="ghost" onClick=${onClose}>${t("cancel")}</button>
          <button class="primary" disabled=${busy} data-test="confirm-yes">${question.action}</button>
        </div>
      </form>
    </${Dialog}>
  `;
}
