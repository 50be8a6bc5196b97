// @ts-check
// The model picker, with what is true of the chosen model: sandbox, retired, retiring.

import { html } from "../vendor/preact.js";
import { t } from "../lib/words.js";
import { labelOf, model, models } from "../state/models.js";
import { language } from "../state/session.js";
import { wish } from "../state/wishes.js";

/** @typedef {import("../lib/types").Model} Model */

export function ModelPicker() {
  const chosen = model.value;
  const served = models.value.filter((one) => !isRetired(one));
  const retired = models.value.filter(isRetired);
  const option = (/** @type {Model} */ one) => html`
    <option value=${one.id} selected=${one.id === chosen?.id}>${titleOf(one)}</option>
  `;
  return html`
    <div class="field">
      <label class="label" for="model">${t("model")}</label>
      <select
        id="model" value=${chosen?.id} data-test="model"
        onChange=${(/** @type {any} */ event) => wish({ model: event.target.value })}
      >
        ${served.length > 0 && html`<optgroup label=${t("model.served")}>${served.map(option)}</optgroup>`}
        ${retired.length > 0 && html`<optgroup label=${t("model.retired")}>${retired.map(option)}</optgroup>`}
      </select>
      ${chosen && html`<${Facts} model=${chosen} />`}
    </div>
  `;
}

/** @param {Model} model */
function isRetired({ shutdown_date: ends, darkroom }) {
  return darkroom.served_by_successor !== null || (ends !== null && Date.parse(ends) <= Date.now());
}

/** @param {Model} model */
function titleOf({ darkroom }) {
  if (darkroom.served_by_successor) return `${darkroom.label} → ${labelOf(darkroom.served_by_successor)}`;
  return darkroom.sandbox ? `${darkroom.label} · ${t("sandbox")}` : darkroom.label;
}

/** @param {{ model: Model }} props */
function Facts({ model: { id, shutdown_date: ends, darkroom } }) {
  const successor = darkroom.served_by_successor;
  const day = ends && new Intl.DateTimeFormat(language.value, { dateStyle: "medium" }).format(new Date(ends));
  return html`
    <p class="note"><code>${id}</code></p>
    ${darkroom.sandbox && html`<p class="note">${t("sandbox.long")}</p>`}
    ${successor
      ? html`<p class="note strong" data-test="successor">${t("model.successor", { model: labelOf(successor) })}</p>`
      : day && html`<p class="note strong">${t(Date.parse(ends) > Date.now() ? "model.ends" : "model.ended", { day })}</p>`}
  `;
}
