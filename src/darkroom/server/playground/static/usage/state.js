// @ts-check
// What the usage view asks the API, and what is chosen in its address.

import { get } from "../lib/api.js";
import { utcDay } from "../lib/when.js";
import { hashOf } from "../state/view.js";

/** @typedef {import("../lib/account").Usage} Usage */
/** @typedef {import("../lib/account").Balance} Balance */
/** @typedef {import("../lib/account").Statement} Statement */
/** @typedef {import("../lib/account").DriftRow} DriftRow */
/** @typedef {{ days: number, by: typeof GROUPS[number], account: string }} Choices */

export const RANGES = [7, 30, 90];
export const GROUPS = /** @type {const} */ (["model", "deployment", "provider", "key"]);
/** The API's word for every account. */
export const ALL = "all";
const ROWS = 30;

/** @param {URLSearchParams} params @returns {Choices} */
export function chosen(params) {
  const days = Number(params.get("days"));
  const by = GROUPS.find((one) => one === params.get("by"));
  return { days: RANGES.includes(days) ? days : 30, by: by ?? "model", account: params.get("account") ?? "" };
}

/** Put a choice into the address, without a step in the history. @param {Choices} before @param {Partial<Choices>} change */
export function choose(before, change) {
  const { days, by, account } = { ...before, ...change };
  location.replace(hashOf("usage", { days: String(days), by, ...(account && { account }) }));
}

/** @param {Choices} of @returns {Promise<Usage>} */
export function spendByDay({ days, by, account }) {
  return get(`/v1/usage?${query({ by: `day,${by}`, from: utcDay(days - 1), to: utcDay(), account })}`);
}

/** @param {Choices} of @returns {Promise<Usage>} */
export function spendByGroup({ days, by, account }) {
  return get(`/v1/usage?${query({ by, from: utcDay(days - 1), to: utcDay(), account })}`);
}

/** Each day of this month. @param {string} account @returns {Promise<Usage>} */
export function spendThisMonth(account) {
  return get(`/v1/usage?${query({ by: "day", from: `${utcDay().slice(0, 7)}-01`, to: utcDay(), account })}`);
}

/** @param {string} account @returns {Promise<Balance>} */
export function balanceOf(account) {
  return get(`/v1/balance?${query({ account })}`);
}

/** @param {string} account @param {string} [cursor] @returns {Promise<Statement>} */
export function statementPage(account, cursor = "") {
  return get(`/v1/statement?${query({ limit: String(ROWS), cursor, account })}`);
}

/** @param {Choices} of @returns {Promise<DriftRow[]>} */
export async function driftOf({ days, account }) {
  return (await get(`/v1/drift?${query({ from: utcDay(days - 1), to: utcDay(), account })}`)).data;
}

/** @returns {Promise<string[]>} */
export async function accountNames() {
  return (await get("/v1/accounts")).data.map((/** @type {{ name: string }} */ one) => one.name).sort();
}

/** What a row is about, as people call it. @param {import("../lib/account").UsageRow} row @param {Choices["by"]} by */
export function nameOf(row, by) {
  return (by === "key" ? row.key_name : null) ?? row[by] ?? "";
}

/** The days of the range, oldest first. @param {number} days */
export function daysOf(days) {
  return Array.from({ length: days }, (_, i) => utcDay(days - 1 - i));
}

/** @param {Record<string, string>} given those that are empty are left out */
export function query(given) {
  return String(new URLSearchParams(Object.entries(given).filter(([, value]) => value)));
}
