// @ts-check
// What was spent in the chosen days, and on what: the chart, the same as a table, the shares.

import { html } from "../vendor/preact.js";
import { money } from "../lib/money.js";
import { dayName } from "../lib/when.js";
import { t } from "../lib/words.js";
import { useRemote } from "../state/remote.js";
import { hashOf } from "../state/view.js";
import { isAdmin } from "../state/session.js";
import { Choice } from "../widgets/choice.js";
import { Icon } from "../widgets/icons.js";
import { Loaded } from "../widgets/loaded.js";
import { Chart, labelOf } from "./chart.js";
import { series } from "./series.js";
import { Shares } from "./shares.js";
import { choose, GROUPS, RANGES, spendByDay } from "./state.js";

/** @typedef {import("./state.js").Choices} Choices */

/** @param {{ choices: Choices }} props */
export function Spend({ choices }) {
  const { days, by, account } = choices;
  const usage = useRemote(() => spendByDay(choices), [days, by, account]);
  const groups = GROUPS.filter((one) => one !== "key" || isAdmin.value);
  return html`
    <section class="spend" aria-labelledby="spend-title">
      <div class="row apart">
        <h3 id="spend-title">${t("usage.spend")}</h3>
        <div class="row">
          <${Choice} label=${t("usage.by")} value=${by} options=${groups.map((value) => ({ value, label: t(`usage.by.${value}`) }))}
            onChange=${(/** @type {any} */ value) => choose(choices, { by: value })} />
          <${Choice} label=${t("usage.range")} value=${String(days)} options=${RANGES.map((n) => ({ value: String(n), label: t("usage.days", { n }) }))}
            onChange=${(/** @type {string} */ value) => choose(choices, { days: Number(value) })} />
        </div>
      </div>
      <${Loaded} of=${usage} broken=${t("usage.broken")} lines=${6}>
        ${(/** @type {import("./state.js").Usage} */ found) => found.data.length
          ? html`<${Drawn} of=${series(found, choices)} choices=${choices} />`
          : html`<p class="empty" data-test="nothing-spent"><${Icon} name="chart" />${t("usage.nothing", { n: days })}
              <a href=${hashOf("studio")}>${t("usage.begin")}</a></p>`}
      </${Loaded}>
      <${Shares} choices=${choices} />
    </section>
  `;
}

/** @param {{ of: import("./series.js").Series, choices: Choices }} props */
function Drawn({ of, choices }) {
  const label = t("usage.chart", { n: choices.days, by: t(`usage.by.${choices.by}`), total: money(of.total) });
  return html`
    <${Chart} key=${`${choices.days} ${choices.by} ${choices.account}`} series=${of} label=${label} />
    <details class="hint"><summary data-test="as-table">${t("usage.as-table")}</summary>
      <div class="scroll-x" tabindex="0" role="group" aria-label=${label}><table class="table" data-test="day-table">
        <thead><tr><th scope="col">${t("usage.day")}</th>${of.names.map((name) => html`<th scope="col" class="number">${labelOf(name)}</th>`)}
          <th scope="col" class="number">${t("usage.total")}</th></tr></thead>
        <tbody>${of.columns.filter((one) => one.total > 0n).reverse().map((one) => html`<tr><th scope="row">${dayName(one.day)}</th>
          ${one.parts.map((part) => html`<td class="number">${part.nanos ? money(part.nanos) : "–"}</td>`)}
          <td class="number">${money(one.total)}</td></tr>`)}</tbody>
        <tfoot><tr><th scope="row">${t("usage.total")}</th>${of.totals.map((part) => html`<td class="number">${money(part.nanos)}</td>`)}
          <td class="number"><b>${money(of.total)}</b></td></tr></tfoot>
      </table></div>
    </details>
  `;
}
