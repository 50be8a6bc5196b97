// @ts-check
// The dialog that makes a key, or changes one: only what was changed is sent.

import { html, useState } from "../vendor/preact.js";
import { Problem } from "../lib/api.js";
import { isAmount } from "../lib/money.js";
import { utcDay } from "../lib/when.js";
import { t } from "../lib/words.js";
import { Choice } from "../widgets/choice.js";
import { Dialog } from "../widgets/dialog.js";
import { say } from "../widgets/toast.js";
import { changeOf, DIALECTS, draftOf, isWhole, LIMITS, wishOf, WINDOWS } from "./draft.js";
import { Routing } from "./routing.js";
import { changeKey, makeKey } from "./state.js";

/** @typedef {import("../lib/account").Key} Key */

/** @param {{ before: Key | null, keys: Key[], onClose: () => void, onDone: () => void }} props */
export function KeyForm({ before, keys, onClose, onDone }) {
  const [draft, setDraft] = useState(() => draftOf(before));
  const [failed, setFailed] = useState("");
  const [busy, setBusy] = useState(false);
  const put = (/** @type {Partial<typeof draft>} */ change) => setDraft({ ...draft, ...change });
  const ready = isWhole(draft) && draft.name.trim();
  const submit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    setBusy(true);
    try {
      if (before) await saveChange(before, draft);
      else await makeKey(wishOf(draft));
      onDone();
      onClose();
    } catch (error) {
      setFailed(error instanceof Problem ? error.message : String(error));
      setBusy(false);
    }
  };
  const title = before ? t("keys.change.of", { name: before.name }) : t("keys.new");
  return html`
    <${Dialog} label=${title} onClose=${onClose}>
      <form class="form" onSubmit=${submit} data-test="key-form">
        <h2>${title}</h2>
        <label class="field"><span class="label">${t("keys.name")}</span>
          <input required maxlength="100" autofocus value=${draft.name} data-test="key-name"
            onInput=${(/** @type {any} */ event) => put({ name: event.target.value })} /></label>
        ${!before && html`<${Whose} draft=${draft} put=${put} accounts=${accountsOf(keys)} />`}
        <${Amounts} draft=${draft} put=${put} />
        <${Limits} draft=${draft} put=${put} />
        <label class="field"><span class="label">${t("keys.expires")}</span>
          <input type="date" class="date" min=${utcDay()} value=${draft.expires} data-test="key-expires"
            onInput=${(/** @type {any} */ event) => put({ expires: event.target.value })} />
          <p class="note">${t("keys.expires.note")}</p></label>
        <${Choice}
          label=${t("keys.dialect")} value=${draft.dialect} note=${t("keys.dialect.note")}
          options=${DIALECTS.map((value) => ({ value, label: value === "auto" ? t("auto") : value }))}
          onChange=${(/** @type {string} */ dialect) => put({ dialect })}
        />
        <details class="hint wide"><summary>${t("keys.routing")}</summary>
          <${Routing} draft=${draft} put=${put} /></details>
        ${failed && html`<p class="warn" role="alert" data-test="form-failed">${failed}</p>`}
        <div class="row ends">
          <button type="button" class="ghost" onClick=${onClose}>${t("cancel")}</button>
          <button class="primary" disabled=${busy || !ready} data-test="save-key">
            ${t(before ? "keys.save" : "keys.make")}</button>
        </div>
      </form>
    </${Dialog}>
  `;
}

/** @param {Key} before @param {ReturnType<typeof draftOf>} draft */
async function saveChange(before, draft) {
  const change = changeOf(before, draft);
  if (Object.keys(change).length) await changeKey(before.id, change);
  say(t("keys.saved"));
}

/** @typedef {{ draft: ReturnType<typeof draftOf>, put: (change: Partial<ReturnType<typeof draftOf>>) => void }} Part */

/** The account whose money it spends, and whether it may manage. @param {Part & { accounts: string[] }} props */
function Whose({ draft, put, accounts }) {
  return html`
    <label class="field"><span class="label">${t("keys.account")}</span>
      <select value=${draft.account} onChange=${(/** @type {any} */ event) => put({ account: event.target.value })} data-test="key-account">
        <option value="">${t("keys.account.own")}</option>
        ${accounts.map((name) => html`<option value=${name}>${name}</option>`)}
      </select>
      <p class="note">${t(draft.account ? "keys.account.shared" : "keys.account.note")}</p></label>
    <label class="check"><input type="checkbox" checked=${draft.admin} data-test="key-admin"
      onChange=${(/** @type {any} */ event) => put({ admin: event.target.checked })} />
      <span>${t("keys.admin.may")}<small class="note block">${t("keys.admin.note")}</small></span></label>
  `;
}

/** @param {Part} props */
function Amounts({ draft, put }) {
  return html`
    <fieldset class="field"><legend>${t("keys.budget")}</legend>
      <div class="thirds">
        ${WINDOWS.map(([name, word]) => {
          const wrong = draft[name].trim() && !isAmount(draft[name]);
          return html`<label class="field"><span class="note">${t(word)}</span>
            <span class="dollars"><input inputmode="decimal" value=${draft[name]} placeholder=${t("keys.no-limit")} data-test=${name}
              aria-invalid=${Boolean(wrong)} onInput=${(/** @type {any} */ event) => put({ [name]: event.target.value })} /></span></label>`;
        })}
      </div>
      <p class="note">${t("keys.budget.note")}</p>
    </fieldset>
  `;
}

/** @param {Part} props */
function Limits({ draft, put }) {
  return html`
    <fieldset class="field"><legend>${t("keys.limits")}</legend>
      <div class="thirds">
        ${LIMITS.map((name) => html`<label class="field"><span class="note">${t(`keys.limit.${name}`)}</span>
          <input inputmode="numeric" value=${draft[name]} placeholder=${t("keys.usual")} data-test=${name}
            aria-invalid=${!/^\d{0,9}$/.test(draft[name].trim())} onInput=${(/** @type {any} */ event) => put({ [name]: event.target.value })} /></label>`)}
      </div>
      <p class="note">${t("keys.limits.note")}</p>
    </fieldset>
  `;
}

/** @param {Key[]} keys */
function accountsOf(keys) {
  return [...new Set(keys.map((key) => key.account))].sort();
}
