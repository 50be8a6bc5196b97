// @ts-check
// A key as it stands in the form, and what of it the API is told.

import { isAmount } from "../lib/money.js";

/** @typedef {import("../lib/account").Key} Key */
/** @typedef {import("../lib/account").Policy} Policy */

export const WINDOWS = /** @type {const} */ ([["day_usd", "keys.day"], ["month_usd", "keys.month"], ["total_usd", "keys.total"]]);
export const LIMITS = /** @type {const} */ (["requests_per_minute", "images_per_minute", "max_concurrent"]);
export const DIALECTS = ["auto", "openai", "evolink", "apiframe"];
export const ORDERS = /** @type {const} */ (["cheapest", "fastest", "listed"]);
const LISTS = /** @type {const} */ (["prefer", "deployments", "models"]);
const USUAL = /** @type {Policy} */ ({
  order: "cheapest", prefer: null, pinned: null, deployments: null, models: null, default_model: null,
  successors: true, emulate: true, after_refusal: false,
});

/** @param {Key | null} key */
export function draftOf(key) {
  const policy = key?.policy ?? USUAL;
  const limit = (/** @type {typeof LIMITS[number]} */ name) => String(key?.limits[name] ?? "");
  return {
    expires: key?.expires_at?.slice(0, 10) ?? "",
    requests_per_minute: limit("requests_per_minute"), images_per_minute: limit("images_per_minute"),
    max_concurrent: limit("max_concurrent"),
    name: key?.name ?? "", account: "", admin: false, dialect: key?.dialect ?? "auto",
    day_usd: key?.budget.day_usd ?? "", month_usd: key?.budget.month_usd ?? "", total_usd: key?.budget.total_usd ?? "",
    order: policy.order, pinned: policy.pinned ?? "", default_model: policy.default_model ?? "",
    prefer: policy.prefer ?? [], deployments: policy.deployments ?? [], models: policy.models ?? [],
    successors: policy.successors, emulate: policy.emulate, after_refusal: policy.after_refusal,
  };
}

/** The body that makes the key: what is as usual is left out. @param {ReturnType<typeof draftOf>} draft */
export function wishOf(draft) {
  /** @type {Record<string, unknown>} */
  const wish = { name: draft.name.trim() };
  if (draft.account) wish.account = draft.account;
  if (draft.admin) wish.admin = true;
  return { ...wish, ...changed(draftOf(null), draft) };
}

/** The body that changes it: what stays is left out, what is taken back is null. @param {Key} before @param {ReturnType<typeof draftOf>} draft */
export function changeOf(before, draft) {
  const name = draft.name.trim();
  return { ...(name !== before.name && { name }), ...changed(draftOf(before), draft) };
}

/** Whether every number in it can be sent. @param {ReturnType<typeof draftOf>} draft */
export function isWhole(draft) {
  return (
    WINDOWS.every(([name]) => !draft[name].trim() || isAmount(draft[name])) &&
    LIMITS.every((name) => /^\d{0,9}$/.test(draft[name].trim()))
  );
}

/** @param {ReturnType<typeof draftOf>} before @param {ReturnType<typeof draftOf>} draft */
function changed(before, draft) {
  /** @type {Record<string, unknown>} */
  const change = {};
  const budget = differences(WINDOWS.map(([name]) => name), before, draft, (text) => text);
  if (budget) change.budget = budget;
  const limits = differences(LIMITS, before, draft, Number);
  if (limits) change.limits = limits;
  // to the end of that day, as the ledger's days are
  if (draft.expires !== before.expires) change.expires_at = draft.expires ? `${draft.expires}T23:59:59Z` : null;
  if (draft.dialect !== before.dialect) change.dialect = draft.dialect === "auto" ? null : draft.dialect;
  const policy = policyChange(before, draft);
  if (Object.keys(policy).length) change.policy = policy;
  return change;
}

/**
 * Those fields that differ; null takes one back.
 * @template {keyof ReturnType<typeof draftOf>} Name
 * @param {readonly Name[]} names @param {Record<Name, string>} before @param {Record<Name, string>} draft
 * @param {(text: string) => unknown} read
 */
function differences(names, before, draft, read) {
  const found = names.flatMap((name) => {
    const text = draft[name].trim();
    return text === before[name] ? [] : [[name, text ? read(text) : null]];
  });
  return found.length ? Object.fromEntries(found) : null;
}

/** @param {ReturnType<typeof draftOf>} before @param {ReturnType<typeof draftOf>} draft */
function policyChange(before, draft) {
  /** @type {Record<string, unknown>} */
  const change = {};
  for (const name of /** @type {const} */ (["order", "successors", "emulate", "after_refusal"])) {
    if (draft[name] !== before[name]) change[name] = draft[name];
  }
  for (const name of /** @type {const} */ (["pinned", "default_model"])) {
    if (draft[name] !== before[name]) change[name] = draft[name] || null;
  }
  for (const name of LISTS) {
    if (draft[name].join() !== before[name].join()) change[name] = draft[name].length ? draft[name] : null;
  }
  return change;
}
