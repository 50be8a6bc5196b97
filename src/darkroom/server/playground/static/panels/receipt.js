// @ts-check
// A price line by line: what a request would cost and where, or what a job did cost.

import { html } from "../vendor/preact.js";
import { money, shown } from "../lib/money.js";
import { maybe, t } from "../lib/words.js";
import { asked } from "../state/form.js";
import { quote } from "../state/price.js";
import { Dialog } from "../widgets/dialog.js";
import { reasonOf } from "./chain.js";

/** @typedef {import("../lib/types").Line} Line @typedef {import("../lib/types").Job} Job */

/** The quote of the form as it stands; it follows the form. @param {{ onClose: () => void }} props */
export function QuoteDialog({ onClose }) {
  const found = quote.value;
  const [first, ...others] = found?.deployments ?? [];
  return html`
    <${Dialog} label=${t("price.title")} onClose=${onClose}>
      <h2>${t("price.title")}</h2>
      ${first &&
      html`
        <${Lines} lines=${first.expected.lines} total=${first.expected.usd} caption=${t("price.expected")} test="quote-lines" />
        ${first.expected.nanos !== first.max.nanos &&
        html`<${Lines} lines=${first.max.lines} total=${first.max.usd} caption=${t("price.max")} test="quote-max" />`}
        <p class="note">${t("price.how", { sheet: first.price_sheet, since: first.price_since })}</p>
      `}
      ${found && html`<${Notes} found=${found} />`}
      ${found && (others.length > 0 || found.ruled_out.length > 0) &&
      html`
        <h3>${t("price.where")}</h3>
        <table data-test="quote-deployments"><tbody>
          ${found.deployments.map((one, i) => html`<tr>
            <th scope="row">${one.deployment} <span class="faint">${one.model}</span></th>
            <td>${i === 0 ? t("price.first") : one.reason ? reasonOf(one.reason) : ""}</td><td class="number mono">${shown(one.expected.usd)}</td>
          </tr>`)}
          ${found.ruled_out.map((one) => html`<tr class="faint"><th scope="row">${one.deployment}</th><td>${reasonOf(one.reason)}</td><td class="number">–</td></tr>`)}
        </tbody></table>
      `}
    </${Dialog}>
  `;
}

/** Why the expected price is not the exact one. @param {{ found: import("../lib/types").Quote }} props */
function Notes({ found }) {
  const open = /** @type {const} */ (["size", "quality"]).filter((name) => asked.value?.[name] === "auto");
  // The server says so, too, in English; what else it says stands as it is.
  const others = found.notes.filter((note) => !/^'(size|quality)' is auto/.test(note));
  return html`
    ${open.length > 0 && html`<p class="note">${t("price.open", { names: open.map((name) => t(`set.${name}`)).join(", ") })}</p>`}
    ${!asked.value?.prompt.trim() && html`<p class="note">${t("price.noprompt")}</p>`}
    ${others.map((note) => html`<p class="note" key=${note}>${note}</p>`)}
  `;
}

/** What a job did cost, against what was quoted. @param {{ job: Job, onClose: () => void }} props */
export function ChargeDialog({ job, onClose }) {
  const { charge, quote: quoted } = job;
  return html`
    <${Dialog} label=${t("charge.title")} onClose=${onClose}>
      <h2>${t("charge.title")}</h2>
      ${charge
        ? html`<${Lines} lines=${charge.lines} total=${charge.usd} caption=${t("charge.lines")} test="charge-lines" />`
        : html`<p>${t("charge.nothing")}</p>`}
      ${quoted && html`<p class="note">${t("charge.quoted", { expected: shown(quoted.expected.usd), max: shown(quoted.max.usd) })}</p>`}
      ${charge && charge.saved.nanos > 0 && html`<p class="note">${t("charge.saved", { saved: shown(charge.saved.usd) })}</p>`}
      ${job.sandbox && html`<p class="note strong">${t("sandbox.long")}</p>`}
    </${Dialog}>
  `;
}

/** @param {{ lines: Line[], total: string, caption: string, test: string }} props */
function Lines({ lines, total, caption, test }) {
  return html`
    <table class="lines" data-test=${test}>
      <caption>${caption}</caption>
      <tbody>
        ${lines.map((line) => html`<tr>
          <th scope="row">${maybe(`line.${line.category}`) ?? line.category}</th>
          <td class="number mono">${line.quantity.toLocaleString()} × ${money(BigInt(line.unit_nanos))}</td>
          <td class="number mono">${shown(line.usd)}</td>
        </tr>`)}
      </tbody>
      <tfoot><tr><th scope="row" colspan="2">${t("price.total")}</th><td class="number mono">${shown(total)}</td></tr></tfoot>
    </table>
  `;
}
