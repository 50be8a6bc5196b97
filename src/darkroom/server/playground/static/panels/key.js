// @ts-check
// The card that asks for an API key when there is none, or when the server refused it.

import { html, useState } from "../vendor/preact.js";
import { t } from "../lib/words.js";
import { keyRefusal, useKey } from "../state/session.js";

export function KeyCard() {
  const [typed, setTyped] = useState("");
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    if (typed.trim()) useKey(typed);
  };
  return html`
    <main class="gate">
      <form class="card gate-card" onSubmit=${submit}>
        <h2>${t("key.title")}</h2>
        <p>${t("key.why")}</p>
        ${keyRefusal.value && html`<p class="warn" role="alert">${t("key.refused")}</p>`}
        <label class="field">
          <span class="label">${t("key.label")}</span>
          <input
            type="password" autocomplete="off" spellcheck=${false} autofocus value=${typed}
            onInput=${(/** @type {any} */ event) => setTyped(event.target.value)} data-test="key"
          />
        </label>
        <button class="primary" disabled=${!typed.trim()}>${t("key.use")}</button>
        <p class="note">${t("key.where")} <code>darkroom keys create</code></p>
      </form>
    </main>
  `;
}
