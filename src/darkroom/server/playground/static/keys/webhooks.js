// @ts-check
// Where the ends of jobs are told: the endpoints of this key's account.

import { html, signal } from "../vendor/preact.js";
import { t } from "../lib/words.js";
import { dialog } from "../state/dialogs.js";
import { useRemote } from "../state/remote.js";
import { Icon } from "../widgets/icons.js";
import { Loaded } from "../widgets/loaded.js";
import { EndpointRow } from "./endpoint.js";
import { EndpointForm } from "./endpoint-form.js";
import { endpoints } from "./hooks.js";

/** @typedef {import("../lib/account").Endpoint} Endpoint */

/** The endpoint whose secret is shown, such as one that was just added. */
const opened = signal("");

export function Webhooks() {
  const found = useRemote(endpoints, []);
  const added = (/** @type {Endpoint} */ one) => {
    opened.value = one.id;
    void found.load();
  };
  const add = () =>
    (dialog.value = html`<${EndpointForm} onDone=${added} onClose=${() => (dialog.value = null)} />`);
  return html`
    <section class="hooks" aria-labelledby="hooks-title">
      <header class="page-head">
        <div><h2 id="hooks-title">${t("hooks.title")}</h2><p>${t("hooks.why")}</p></div>
        <button class="ghost" onClick=${add} data-test="add-endpoint"><${Icon} name="plus" />${t("hooks.add")}</button>
      </header>
      <${Loaded} of=${found} broken=${t("hooks.broken")} lines=${2}>
        ${(/** @type {Endpoint[]} */ list) => list.length
          ? html`<ul class="plain rows">${list.map((one) => html`<li key=${one.id}>
              <${EndpointRow} of=${one} isNew=${opened.value === one.id} changed=${found.load} /></li>`)}</ul>`
          : html`<p class="empty" data-test="no-endpoints"><${Icon} name="plug" />${t("hooks.none")}</p>`}
      </${Loaded}>
    </section>
  `;
}
