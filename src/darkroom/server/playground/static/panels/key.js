// @ts-check
// The card that asks for an API key when nobody is signed in, or when the server refused it.

import { html, useState } from "../vendor/preact.js";
import { t } from "../lib/words.js";
import { refusal, signIn } from "../state/session.js";

export function KeyCard() {
  const [typed, setTyped] = useState("");
  const [busy, setBusy] = useState(false);
  const submit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    const key = typed.trim();
    if (!key || busy) return;
    setBusy(true);
    const taken = await signIn({ key });
    setBusy(false);
    if (taken) setTyped("");
  };
  return html`
    <main class="gate">
      <form class="card gate-card" onSubmit=${submit}>
        <h2>${t("key.title")}</h2>
        <p>${t("key.why")}</p>
        ${refusal.value && html`<p class="warn" role="alert">${t(`key.refused.${refusal.value}`)}</p>`}
        <label class="field">
          <span class="label">${t("key.label")}</span>
          <input
            type="password" autocomplete="off" spellcheck=${false} autofocus value=${typed}
            onInput=${(/** @type {any} */ event) => setTyped(event.target.value)} data-test="key"
          />
        </label>
        <button class="primary" disabled=${!typed.trim() || busy}>${t("key.use")}</button>
        <p class="note">${t("key.where")} <code>darkroom playground</code></p>
      </form>
    </main>
  `;
}
