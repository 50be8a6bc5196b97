// @ts-check
// The part of a key's form about routes: which deployments and models may serve it, in what order.

import { html } from "../vendor/preact.js";
import { get } from "../lib/api.js";
import { t } from "../lib/words.js";
import { models } from "../state/models.js";
import { useRemote } from "../state/remote.js";
import { Choice } from "../widgets/choice.js";
import { Loaded } from "../widgets/loaded.js";
import { ORDERS } from "./draft.js";

/** @typedef {import("./form.js").Part} Part */

const FLAGS = /** @type {const} */ (["successors", "emulate", "after_refusal"]);

/** @param {Part} props */
export function Routing({ draft, put }) {
  const deployments = useRemote(async () => (await get("/v1/deployments")).data.map((/** @type {{ id: string }} */ one) => one.id), []);
  return html`
    <${Choice} label=${t("keys.order")} value=${draft.order} onChange=${(/** @type {any} */ order) => put({ order })}
      options=${ORDERS.map((value) => ({ value, label: t(`keys.order.${value}`) }))} />
    <${Loaded} of=${deployments} broken=${t("keys.deployments.broken")} lines=${2}>
      ${(/** @type {string[]} */ names) => html`
        <${Several} label=${t("keys.only")} note=${t("keys.only.note")} names=${names} chosen=${draft.deployments}
          onChange=${(/** @type {string[]} */ chosen) => put({ deployments: chosen })} />
        <${One} label=${t("keys.pinned")} none=${t("keys.pinned.none")} names=${names} value=${draft.pinned}
          onChange=${(/** @type {string} */ pinned) => put({ pinned })} />`}
    </${Loaded}>
    <${Several} label=${t("keys.models")} note=${t("keys.models.note")} names=${models.value.map((one) => one.id)} chosen=${draft.models}
      onChange=${(/** @type {string[]} */ chosen) => put({ models: chosen })} />
    <${One} label=${t("keys.default")} none=${t("keys.default.none")} names=${models.value.map((one) => one.id)} value=${draft.default_model}
      onChange=${(/** @type {string} */ name) => put({ default_model: name })} />
    ${FLAGS.map((flag) => html`<label class="check"><input type="checkbox" checked=${draft[flag]} data-test=${flag}
      onChange=${(/** @type {any} */ event) => put({ [flag]: event.target.checked })} /><span>${t(`keys.flag.${flag}`)}</span></label>`)}
  `;
}

/** @param {{ label: string, note: string, names: string[], chosen: string[], onChange: (chosen: string[]) => void }} props */
function Several({ label, note, names, chosen, onChange }) {
  const toggle = (/** @type {string} */ name) =>
    onChange(chosen.includes(name) ? chosen.filter((one) => one !== name) : [...chosen, name]);
  return html`<fieldset class="field"><legend>${label}</legend>
    <div class="picks">${names.map((name) => html`<label class="pick"><input type="checkbox" checked=${chosen.includes(name)}
      onChange=${() => toggle(name)} /><span>${name}</span></label>`)}</div>
    <p class="note">${note}</p></fieldset>`;
}

/** @param {{ label: string, none: string, names: string[], value: string, onChange: (name: string) => void }} props */
function One({ label, none, names, value, onChange }) {
  return html`<label class="field"><span class="label">${label}</span>
    <select value=${value} onChange=${(/** @type {any} */ event) => onChange(event.target.value)}>
      <option value="">${none}</option>
      ${names.map((name) => html`<option value=${name} selected=${name === value}>${name}</option>`)}
    </select></label>`;
}
