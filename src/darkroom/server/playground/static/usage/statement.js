// @ts-check
// The statement: every booking of the account, newest first, a page at a time, and all of it as CSV.

import { html, signal, useEffect, useMemo } from "../vendor/preact.js";
import { call } from "../lib/api.js";
import { shown, signed } from "../lib/money.js";
import { dateTime } from "../lib/when.js";
import { maybe, t } from "../lib/words.js";
import { asProblem } from "../state/remote.js";
import { hashOf } from "../state/view.js";
import { Icon } from "../widgets/icons.js";
import { Broken } from "../widgets/loaded.js";
import { say } from "../widgets/toast.js";
import { query, statementPage } from "./state.js";

/** @typedef {import("../lib/account").Booking} Booking */

// The roles are written out: on a phone the rows are laid out as cards, and lose them otherwise.
const HEADS = /** @type {const} */ ([["usage.when", ""], ["usage.what", ""], ["usage.amount", "number"], ["usage.after", "number"]]);

/** The pages that were read, one after the other. @param {string} account */
function pages(account) {
  const rows = signal(/** @type {Booking[] | null} */ (null));
  const more = signal(/** @type {string | null} */ (null));
  const problem = signal(/** @type {import("../lib/api.js").Problem | null} */ (null));
  const busy = signal(false);
  const read = async () => {
    busy.value = true;
    try {
      const page = await statementPage(account, more.value ?? "");
      rows.value = [...(rows.value ?? []), ...page.data];
      more.value = page.next_cursor;
      problem.value = null;
    } catch (error) {
      problem.value = asProblem(error);
    }
    busy.value = false;
  };
  return { rows, more, problem, busy, read };
}

/** @param {{ account: string, booked: number }} props */
export function Statement({ account, booked }) {
  const { rows, more, problem, busy, read } = useMemo(() => pages(account), [account, booked]);
  useEffect(() => void read(), [read]);
  return html`
    <section class="statement" aria-labelledby="statement-title">
      <div class="row apart"><h3 id="statement-title">${t("usage.statement")}</h3>
        <button class="ghost" onClick=${() => void save(account)} data-test="csv"><${Icon} name="download" />${t("usage.csv")}</button></div>
      ${rows.value?.length === 0 && html`<p class="note">${t("usage.statement.none")}</p>`}
      ${rows.value && rows.value.length > 0 && html`<div class="scroll-x" tabindex="0" role="group" aria-label=${t("usage.statement")}>
        <table class="table bookings" role="table" data-test="statement">
          <thead role="rowgroup"><tr role="row">${HEADS.map(([word, kind]) => html`<th scope="col" role="columnheader" class=${kind}>${t(word)}</th>`)}</tr></thead>
          <tbody role="rowgroup">${rows.value.map((row) => html`<${Row} key=${row.id} of=${row} />`)}</tbody>
        </table></div>`}
      ${problem.value && html`<${Broken} text=${t("usage.statement.broken")} problem=${problem.value} again=${read} />`}
      ${more.value && !problem.value && html`<button class="ghost" disabled=${busy.value} onClick=${read} data-test="older">${t("usage.older")}</button>`}
      ${rows.value === null && !problem.value && html`<p class="faint" aria-busy="true">${t("loading")}</p>`}
    </section>
  `;
}

/** @param {{ of: Booking }} props */
function Row({ of }) {
  const what = maybe(`usage.kind.${of.kind}`) ?? of.kind;
  return html`<tr role="row" data-kind=${of.kind}>
    <td role="cell"><time datetime=${of.at}>${dateTime(of.at)}</time></td>
    <td role="cell">${what}${of.model && html` <span class="faint">${of.model}</span>`}${of.note && html`<span class="note block">${of.note}</span>`}
      ${of.job && html` <a class="text" href=${hashOf("history", { job: of.job })}>${t("usage.job")}</a>`}</td>
    <td role="cell" class="number">${signed(of.amount.usd)}</td><td role="cell" class="number faint">${shown(of.balance.usd)}</td>
  </tr>`;
}

/** @param {string} account */
async function save(account) {
  try {
    const blob = await (await call(`/v1/statement?${query({ format: "csv", account })}`)).blob();
    const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(blob), download: "statement.csv" });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 30_000);
  } catch (error) {
    say(asProblem(error).message);
  }
}
