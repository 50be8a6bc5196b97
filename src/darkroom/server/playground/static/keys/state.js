// @ts-check
// The keys as the page knows them, and the one that was just made: its secret is shown once.

import { signal } from "../vendor/preact.js";
import { call, get, post } from "../lib/api.js";

/** @typedef {import("../lib/account").Key} Key */

/** A key with its secret, until the user has put it away. @type {import("../vendor/preact.js").Signal<Key | null>} */
export const made = signal(null);

/** Newest first. @returns {Promise<Key[]>} */
export async function allKeys() {
  const { data } = await get("/v1/keys");
  return data.sort((/** @type {Key} */ a, /** @type {Key} */ b) => b.created_at.localeCompare(a.created_at));
}

/** @param {Record<string, unknown>} wish */
export async function makeKey(wish) {
  made.value = await post("/v1/keys", wish);
}

/** @param {string} id @param {Record<string, unknown>} change */
export async function changeKey(id, change) {
  await call(`/v1/keys/${id}`, { method: "PATCH", json: change });
}

/** @param {string} id */
export async function revokeKey(id) {
  await call(`/v1/keys/${id}`, { method: "DELETE" });
}
