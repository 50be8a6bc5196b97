// @ts-check
// Every key: who has it, what it may spend, and what can be done with it.

import { html, useState } from "../vendor/preact.js";
import { t } from "../lib/words.js";
import { dialog } from "../state/dialogs.js";
import { useRemote } from "../state/remote.js";
import { Icon } from "../widgets/icons.js";
import { Loaded } from "../widgets/loaded.js";
import { KeyForm } from "./form.js";
import { Made } from "./made.js";
import { KeyRow } from "./row.js";
import { allKeys } from "./state.js";

/** @typedef {import("../lib/account").Key} Key */

/** From so many keys on, there is a field to find one. */
const MANY = 8;

export function KeyList() {
  const keys = useRemote(allKeys, []);
  const close = () => (dialog.value = null);
  const edit = (/** @type {Key | null} */ one) =>
    (dialog.value = html`<${KeyForm} before=${one} keys=${keys.data.value ?? []} onClose=${close} onDone=${keys.load} />`);
  return html`
    <header class="page-head">
      <div><h2>${t("keys.title")}</h2><p>${t("keys.why")}</p></div>
      <button class="primary" onClick=${() => edit(null)} data-test="new-key"><${Icon} name="plus" />${t("keys.new")}</button>
    </header>
    <${Made} />
    <${Loaded} of=${keys} broken=${t("keys.broken")} lines=${4}>
      ${(/** @type {Key[]} */ found) => html`<${Found} keys=${found} edit=${edit} changed=${keys.load} />`}
    </${Loaded}>
  `;
}

/** @param {{ keys: Key[], edit: (one: Key) => void, changed: () => void }} props */
function Found({ keys, edit, changed }) {
  const [sought, seek] = useState("");
  const fits = (/** @type {Key} */ key) =>
    [key.name, key.account, key.hint].some((text) => text.toLowerCase().includes(sought.trim().toLowerCase()));
  const living = keys.filter((key) => !key.revoked_at && fits(key));
  const revoked = keys.filter((key) => key.revoked_at && fits(key));
  const row = (/** @type {Key} */ key) =>
    html`<li key=${key.id}><${KeyRow} of=${key} edit=${edit} changed=${changed} /></li>`;
  return html`
    ${keys.length > MANY &&
    html`<label class="field seek"><span class="sr">${t("keys.seek")}</span>
      <input type="search" placeholder=${t("keys.seek")} value=${sought} data-test="seek-key"
        onInput=${(/** @type {any} */ event) => seek(event.target.value)} /></label>`}
    <ul class="plain rows" data-test="keys">${living.map(row)}</ul>
    ${!living.length && html`<p class="empty">${t(sought ? "keys.none-found" : "keys.none")}</p>`}
    ${revoked.length > 0 &&
    html`<details class="hint revoked"><summary>${t("keys.revoked.n", { n: revoked.length })}</summary>
      <ul class="plain rows">${revoked.map(row)}</ul></details>`}
  `;
}
