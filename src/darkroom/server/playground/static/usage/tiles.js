// @ts-check
// Where the account stands: its balance, what is held, what went today and this month, what is left.

import { html } from "../vendor/preact.js";
import { money, nanosOf, shown } from "../lib/money.js";
import { utcDay } from "../lib/when.js";
import { t } from "../lib/words.js";
import { useRemote } from "../state/remote.js";
import { Loaded } from "../widgets/loaded.js";
import { Meter } from "../widgets/meter.js";
import { ALL, balanceOf, spendThisMonth } from "./state.js";

/** @typedef {import("../lib/account").Balance} Balance */
/** @typedef {import("../lib/account").Windows} Windows */

const WINDOWS = /** @type {const} */ ([["day_usd", "usage.budget.day"], ["month_usd", "usage.budget.month"], ["total_usd", "usage.budget.total"]]);

/** @param {{ account: string, booked: number }} props `booked` grows with each top-up */
export function Tiles({ account, booked }) {
  const found = useRemote(async () => {
    const [balance, month] = await Promise.all([account === ALL ? null : balanceOf(account), spendThisMonth(account)]);
    return { balance, month };
  }, [account, booked]);
  return html`<${Loaded} of=${found} broken=${t("usage.broken")} lines=${2}>
    ${(/** @type {{ balance: Balance | null, month: import("./state.js").Usage }} */ { balance, month }) => {
      const today = month.data.find((row) => row.day === utcDay())?.usd ?? "0";
      return html`<dl class="tiles" data-test="tiles">
          ${balance && html`<${Tile} word=${balance.prepaid ? "usage.available" : "usage.balance"} value=${shown((balance.available ?? balance.posted).usd)}
            note=${t(balance.prepaid ? "usage.prepaid" : "usage.postpaid")} test="balance" />
            <${Tile} word="usage.held" value=${shown(balance.held.usd)} note=${t("usage.held.note")} test="held" />`}
          <${Tile} word="usage.today" value=${shown(today)} note=${t("usage.utc")} test="today" />
          <${Tile} word="usage.month" value=${shown(month.total.usd)} note=${t("usage.jobs.n", { n: month.total.jobs })} test="month" />
          ${balance && html`<${Left} balance=${balance} />`}
        </dl>
        ${balance && html`<${Budgets} balance=${balance} />`}`;
    }}
  </${Loaded}>`;
}

/** @param {{ word: import("../lib/words.js").Word, value: string, note: string, test: string }} props */
function Tile({ word, value, note, test }) {
  return html`<div class="tile"><dt class="note">${t(word)}</dt><dd><b data-test=${test}>${value}</b><span class="note block">${note}</span></dd></div>`;
}

/** What the tightest of all budgets, the account's and the key's, still allows. @param {{ balance: Balance }} props */
function Left({ balance }) {
  const left = [...room(balance), ...(balance.key ? room(balance.key) : [])];
  if (!left.length) return null;
  const least = left.reduce((a, b) => (b < a ? b : a));
  return html`<${Tile} word="usage.left" value=${money(least < 0n ? 0n : least)} note=${t("usage.left.note")} test="left" />`;
}

/** @param {{ budget: Windows, used: Windows }} of */
function room({ budget, used }) {
  return WINDOWS.flatMap(([name]) => (budget[name] === null ? [] : [nanosOf(budget[name]) - nanosOf(used[name] ?? "0")]));
}

/** A bar for each budget there is. @param {{ balance: Balance }} props */
function Budgets({ balance }) {
  const of = (/** @type {{ budget: Windows, used: Windows }} */ { budget, used }, /** @type {"usage.of-account" | "usage.of-key"} */ whose) =>
    WINDOWS.flatMap(([name, word]) => {
      const limit = budget[name];
      const spent = used[name] ?? "0";
      return limit === null ? [] : [html`<${Meter} label=${t(whose, { what: t(word) })} used=${spent} limit=${limit} text=${t("usage.part", { used: shown(spent), limit: shown(limit) })} />`];
    });
  const meters = [...of(balance, "usage.of-account"), ...(balance.key ? of(balance.key, "usage.of-key") : [])];
  return meters.length > 0 && html`<div class="budgets" data-test="budgets">${meters}</div>`;
}
