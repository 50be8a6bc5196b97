// @ts-check
// The spend of each day, stacked: who spent most first, the small rest as one. Pure.

import { nanosOf, sum } from "../lib/money.js";
import { daysOf, nameOf } from "./state.js";

/** @typedef {{ name: string, nanos: bigint }} Part */
/** @typedef {{ day: string, total: bigint, parts: Part[] }} Column */
/** @typedef {{ names: string[], columns: Column[], total: bigint, totals: Part[], top: bigint }} Series */

/** So many are told apart by their tone; the others are one. */
const TONES = 5;
/** Stands for the others; no model or deployment is called so. */
export const REST = "";

/** @param {import("../lib/account").Usage} usage @param {import("./state.js").Choices} choices @returns {Series} */
export function series(usage, { days, by }) {
  /** @type {Map<string, Map<string, bigint>>} */
  const cells = new Map(daysOf(days).map((day) => [day, new Map()]));
  /** @type {Map<string, bigint>} */
  const totals = new Map();
  for (const row of usage.data) {
    const name = nameOf(row, by);
    const nanos = nanosOf(row.usd);
    const column = cells.get(row.day ?? "");
    if (!column) continue; // midnight has just passed
    column.set(name, (column.get(name) ?? 0n) + nanos);
    totals.set(name, (totals.get(name) ?? 0n) + nanos);
  }
  const ranked = [...totals].sort(([a, one], [b, other]) => (other > one ? 1 : other < one ? -1 : a.localeCompare(b))).map(([name]) => name);
  const names = ranked.length > TONES + 1 ? [...ranked.slice(0, TONES), REST] : ranked;
  const columns = [...cells].map(([day, column]) => ({ day, total: sum([...column.values()]), parts: parts(column, names) }));
  return { names, columns, total: sum([...totals.values()]), totals: parts(totals, names), top: nice(columns) };
}

/** @param {Map<string, bigint>} of @param {string[]} names @returns {Part[]} */
function parts(of, names) {
  const rest = [...of].filter(([name]) => !names.includes(name)).map(([, nanos]) => nanos);
  return names.map((name) => ({ name, nanos: name === REST ? sum(rest) : (of.get(name) ?? 0n) }));
}

/** The scale's upper end: a round number whose half is one as well. @param {Column[]} columns */
function nice(columns) {
  const most = columns.reduce((top, { total }) => (total > top ? total : top), 0n);
  for (let step = 1n; ; step *= 10n) {
    for (const times of [1n, 2n, 3n, 4n, 6n, 8n]) if (step * times >= most) return step * times;
  }
}
