// @ts-check
// The webhook endpoints of this key's account, over the API.

import { call, get, post } from "../lib/api.js";

/** @typedef {import("../lib/account").Endpoint} Endpoint */
/** @typedef {import("../lib/account").Delivery} Delivery */
/** @typedef {import("../lib/account").EndpointSecret} EndpointSecret */

export const EVENTS = /** @type {const} */ (["completed", "failed", "canceled"]);
export const FORMATS = ["openai", "responses", "evolink", "apiframe"];
/** How long the old secret goes on signing, in seconds. */
export const OVERLAPS = { day: 86_400, none: 0 };

const BASE = "/v1/webhooks/endpoints";
const DELIVERIES_SHOWN = 10;

/** @returns {Promise<Endpoint[]>} */
export async function endpoints() {
  return (await get(BASE)).data;
}

/** @param {{ url: string, events: string[], format: string }} wish @returns {Promise<Endpoint>} */
export function addEndpoint(wish) {
  return post(BASE, wish);
}

/** @param {string} id @param {Record<string, unknown>} change */
export async function changeEndpoint(id, change) {
  await call(`${BASE}/${id}`, { method: "PATCH", json: change });
}

/** @param {string} id */
export async function removeEndpoint(id) {
  await call(`${BASE}/${id}`, { method: "DELETE" });
}

/** @param {string} id @returns {Promise<EndpointSecret>} */
export function secretOf(id) {
  return get(`${BASE}/${id}/secret`);
}

/** @param {string} id @param {number} overlap seconds @returns {Promise<EndpointSecret>} */
export function rotate(id, overlap) {
  return post(`${BASE}/${id}/rotate`, { overlap_s: overlap });
}

/** Sends a signed test, once. @param {string} id @returns {Promise<Delivery>} */
export function test(id) {
  return post(`${BASE}/${id}/test`, {});
}

/** The newest deliveries of an endpoint. @param {string} id @returns {Promise<Delivery[]>} */
export async function deliveries(id) {
  return (await get(`/v1/webhooks/deliveries?endpoint=${id}&limit=${DELIVERIES_SHOWN}`)).data;
}

/** One with its attempts. @param {string} id @returns {Promise<Delivery>} */
export function delivery(id) {
  return get(`/v1/webhooks/deliveries/${id}`);
}

/** @param {string} id @returns {Promise<Delivery>} */
export function redeliver(id) {
  return post(`/v1/webhooks/deliveries/${id}/redeliver`, {});
}
