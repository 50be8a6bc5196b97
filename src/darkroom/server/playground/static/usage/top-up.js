// @ts-check
// The dialog that books money for an account; sent twice by a shaky line, it is booked once.

import { html, useMemo, useState } from "../vendor/preact.js";
import { post, Problem } from "../lib/api.js";
import { isAmount, nanosOf, shown } from "../lib/money.js";
import { t } from "../lib/words.js";
import { Dialog } from "../widgets/dialog.js";
import { say } from "../widgets/toast.js";

/** @param {{ account: string, onDone: () => void, onClose: () => void }} props */
export function TopUp({ account, onDone, onClose }) {
  const [amount, setAmount] = useState("");
  const [note, setNote] = useState("");
  const [failed, setFailed] = useState("");
  const [busy, setBusy] = useState(false);
  const reference = useMemo(ownReference, []);
  const ready = isAmount(amount) && nanosOf(amount) > 0n && note.trim();
  const submit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    setBusy(true);
    try {
      await post(`/v1/accounts/${encodeURIComponent(account)}/top-ups`, { amount_usd: amount.trim(), note: note.trim(), reference });
      say(t("usage.topped", { amount: shown(amount), account }));
      onDone();
      onClose();
    } catch (error) {
      setFailed(error instanceof Problem ? error.message : String(error));
      setBusy(false);
    }
  };
  return html`
    <${Dialog} label=${t("usage.top-up")} onClose=${onClose}>
      <form class="form" onSubmit=${submit} data-test="top-up-form">
        <h2>${t("usage.top-up.of", { account })}</h2>
        <label class="field"><span class="label">${t("usage.top-up.amount")}</span>
          <span class="dollars"><input inputmode="decimal" required autofocus placeholder="25.00" value=${amount} data-test="amount"
            aria-invalid=${Boolean(amount.trim()) && !isAmount(amount)} onInput=${(/** @type {any} */ event) => setAmount(event.target.value)} /></span></label>
        <label class="field"><span class="label">${t("usage.top-up.note")}</span>
          <input required maxlength="200" placeholder=${t("usage.top-up.example")} value=${note} data-test="note"
            onInput=${(/** @type {any} */ event) => setNote(event.target.value)} />
          <p class="note">${t("usage.top-up.why")}</p></label>
        ${failed && html`<p class="warn" role="alert" data-test="form-failed">${failed}</p>`}
        <div class="row ends"><button type="button" class="ghost" onClick=${onClose}>${t("cancel")}</button>
          <button class="primary" disabled=${busy || !ready} data-test="book">${t("usage.top-up.book")}</button></div>
      </form>
    </${Dialog}>
  `;
}

/** `crypto.randomUUID` is missing on pages of plain http. */
function ownReference() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return `playground-${[...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}
