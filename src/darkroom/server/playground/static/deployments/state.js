// @ts-check
// The deployments as the server has them now, and how they differ from a moment ago.

import { call, get, post } from "../lib/api.js";

/** @typedef {import("../lib/account").Deployment} Deployment */
/** @typedef {{ added: string[], changed: string[], removed: string[] }} Difference */

/** @returns {Promise<Deployment[]>} */
export async function deployments() {
  return (await get("/v1/deployments")).data;
}

/** Asks the vendor whether it would serve, at no cost. @param {string} id @returns {Promise<import("../lib/account").Check>} */
export function check(id) {
  return post(`/v1/deployments/${encodeURIComponent(id)}/check`, {});
}

/** Read `darkroom.toml` again now. @returns {Promise<import("../lib/account").Reloaded>} */
export async function reload() {
  return (await call("/v1/deployments/reload", { method: "POST" })).json();
}

/** What of the configuration differs; null when nothing does. @param {Deployment[]} before @param {Deployment[]} after @returns {Difference | null} */
export function difference(before, after) {
  const old = new Map(before.map((one) => [one.id, configured(one)]));
  const now = new Map(after.map((one) => [one.id, configured(one)]));
  const found = {
    added: [...now.keys()].filter((id) => !old.has(id)),
    changed: [...now.keys()].filter((id) => old.has(id) && old.get(id) !== now.get(id)),
    removed: [...old.keys()].filter((id) => !now.has(id)),
  };
  return isSome(found) ? found : null;
}

/** @param {Difference} of */
export function isSome({ added, changed, removed }) {
  return added.length + changed.length + removed.length > 0;
}

/** What the file says of it: its health changes all the time. @param {Deployment} of */
function configured({ circuit: _circuit, failures: _failures, latency_ms: _latency, ...rest }) {
  return JSON.stringify(rest);
}
