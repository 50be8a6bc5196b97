// @ts-check
// Which view is shown: the name and the parameters in the address, `#/history?state=failed`.

import { signal } from "../vendor/preact.js";

/** @typedef {{ name: string, params: URLSearchParams }} Place */

/** @type {import("../vendor/preact.js").Signal<Place>} */
export const place = signal(read());

/** Show a view; the browser's back button leads to the one before. @param {string} name @param {Record<string, string>} [params] */
export function go(name, params = {}) {
  location.hash = hashOf(name, params);
}

/** @param {string} name @param {Record<string, string>} [params] */
export function hashOf(name, params = {}) {
  const query = String(new URLSearchParams(params));
  return `#/${name}${query && `?${query}`}`;
}

/** @returns {Place} */
function read() {
  const [name, query] = location.hash.replace(/^#\/?/, "").split("?");
  return { name: /^[a-z]+$/.test(name) ? name : "studio", params: new URLSearchParams(query) };
}

addEventListener("hashchange", () => (place.value = read()));
