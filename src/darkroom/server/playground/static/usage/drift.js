// @ts-check
// For operators: what was quoted against what was charged against what the vendors cost.

import { html, useState } from "../vendor/preact.js";
import { shown, signed } from "../lib/money.js";
import { t } from "../lib/words.js";
import { useRemote } from "../state/remote.js";
import { Loaded } from "../widgets/loaded.js";
import { driftOf } from "./state.js";

/** @typedef {import("../lib/account").DriftRow} DriftRow */
/** @typedef {import("./state.js").Choices} Choices */

/** @param {{ choices: Choices }} props */
export function Drift({ choices }) {
  const [isOpen, setOpen] = useState(false);
  return html`<details class="hint drift" onToggle=${(/** @type {any} */ event) => setOpen(event.target.open)}>
    <summary data-test="drift-of">${t("usage.drift")} <span class="chip">${t("usage.admin")}</span></summary>
    <p class="note">${t("usage.drift.why")}</p>
    ${isOpen && html`<${Rows} choices=${choices} />`}
  </details>`;
}

/** @param {{ choices: Choices }} props */
function Rows({ choices }) {
  const rows = useRemote(() => driftOf(choices), [choices.days, choices.account]);
  return html`<${Loaded} of=${rows} broken=${t("usage.broken")} lines=${3}>
    ${(/** @type {DriftRow[]} */ list) => !list.length ? html`<p class="note">${t("usage.drift.none")}</p>` : html`
      <div class="scroll-x" tabindex="0" role="group" aria-label=${t("usage.drift")}><table class="table" data-test="drift">
        <thead><tr><th scope="col">${t("usage.by.deployment")}</th><th scope="col" class="number">${t("usage.jobs")}</th><th scope="col" class="number">${t("usage.quoted")}</th>
          <th scope="col" class="number">${t("usage.charged")}</th><th scope="col" class="number">${t("usage.off")}</th><th scope="col" class="number">${t("usage.cost")}</th>
          <th scope="col" class="number">${t("usage.lost")}</th></tr></thead>
        <tbody>${list.map((row) => html`<tr><th scope="row">${row.deployment} <span class="note block">${row.model}</span></th>
          <td class="number">${row.jobs.toLocaleString()}</td><td class="number">${shown(row.expected.usd)}</td><td class="number">${shown(row.captured.usd)}</td>
          <td class="number">${signed(row.drift.usd)}</td><td class="number">${row.cost ? shown(row.cost.usd) : "–"}</td>
          <td class="number">${row.unknown.attempts ? html`${shown(row.unknown.usd)} <span class="note block">${t("usage.attempts", { n: row.unknown.attempts })}</span>` : "–"}</td></tr>`)}</tbody>
      </table></div>`}
  </${Loaded}>`;
}
