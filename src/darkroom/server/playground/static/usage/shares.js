// @ts-check
// The chosen days by model, deployment, provider or key: jobs, images, money, price per image.

import { html } from "../vendor/preact.js";
import { each, money, nanosOf, ratio } from "../lib/money.js";
import { t } from "../lib/words.js";
import { useRemote } from "../state/remote.js";
import { Loaded } from "../widgets/loaded.js";
import { nameOf, spendByGroup } from "./state.js";

/** @typedef {import("../lib/account").UsageRow} UsageRow */
/** @typedef {import("./state.js").Choices} Choices */

/** Of the price per image: thousandths of a cent. */
const PLACES = 5;

/** @param {{ choices: Choices }} props */
export function Shares({ choices }) {
  const { days, by, account } = choices;
  const usage = useRemote(() => spendByGroup(choices), [days, by, account]);
  return html`<${Loaded} of=${usage} broken=${t("usage.broken")} lines=${3}>
    ${(/** @type {import("./state.js").Usage} */ { data, total }) => data.length > 0 && html`
      <div class="scroll-x" tabindex="0" role="group" aria-label=${t(`usage.by.${by}`)}><table class="table shares" data-test="shares">
        <thead><tr><th scope="col">${t(`usage.by.${by}`)}</th><th scope="col" class="number">${t("usage.jobs")}</th><th scope="col" class="number">${t("usage.images")}</th>
          <th scope="col" class="number">${t("usage.failed")}</th><th scope="col" class="number">${t("usage.each")}</th><th scope="col" class="number">${t("usage.money")}</th></tr></thead>
        <tbody>${[...data].sort(dearest).map((row) => html`<${Row} of=${row} name=${nameOf(row, by)} whole=${nanosOf(total.usd)} />`)}</tbody>
        <tfoot><${Row} of=${total} name=${t("usage.total")} whole=${0n} /></tfoot>
      </table></div>`}
  </${Loaded}>`;
}

/** @param {{ of: Pick<UsageRow, "usd" | "jobs" | "images" | "failed">, name: string, whole: bigint }} props */
function Row({ of, name, whole }) {
  const nanos = nanosOf(of.usd);
  const price = of.images ? each(nanos, of.images) : null;
  return html`<tr>
    <th scope="row">${name || t("usage.unknown")}${whole > 0n && html`<span class="share" aria-hidden="true"><span style=${{ width: `${ratio(nanos, whole) * 100}%` }}></span></span>`}</th>
    <td class="number">${of.jobs.toLocaleString()}</td>
    <td class="number">${of.images?.toLocaleString() ?? "–"}</td>
    <td class="number">${of.failed?.toLocaleString() ?? "–"}</td>
    <td class="number" title=${price === null ? "" : money(price)}>${price === null ? "–" : money(price, PLACES)}</td>
    <td class="number">${money(nanos)}</td>
  </tr>`;
}

/** @param {UsageRow} one @param {UsageRow} other */
function dearest(one, other) {
  const [a, b] = [nanosOf(one.usd), nanosOf(other.usd)];
  return b > a ? 1 : b < a ? -1 : 0;
}
