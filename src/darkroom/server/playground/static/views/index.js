// @ts-check
// Every view of the playground: a new one is a module, its words, its style, and one line here.

import { signal } from "../vendor/preact.js";
import { loadWords } from "../lib/words.js";

/**
 * @typedef {import("../vendor/preact.js").Child} Child
 * @typedef {{ name: string, icon: string, parts: () => Promise<{ View: (props: { params: URLSearchParams }) => Child }> }} View
 */

/** In the order of the navigation; its label is the word `nav.<name>`. @type {View[]} */
export const VIEWS = [
  { name: "studio", icon: "studio", parts: () => import("./studio.js") },
  { name: "history", icon: "history", parts: () => import("./history.js") },
  { name: "explore", icon: "grid", parts: () => import("./explore.js") },
  { name: "usage", icon: "chart", parts: () => import("./usage.js") },
  { name: "keys", icon: "key", parts: () => import("./keys.js") },
  { name: "deployments", icon: "plug", parts: () => import("./deployments.js") },
];
/** Views that other views lead to; they are not in the navigation. @type {View[]} */
const OTHERS = [{ name: "compare", icon: "compare", parts: () => import("./compare.js") }];

/** What has been loaded so far. @type {import("../vendor/preact.js").Signal<Record<string, (props: { params: URLSearchParams }) => Child>>} */
export const loaded = signal({});
export const loadFailed = signal("");

/** Fetch a view's module, words and style, once. @param {string} name */
export async function load(name) {
  const view = [...VIEWS, ...OTHERS].find((one) => one.name === name);
  if (!view || loaded.peek()[name]) return;
  loadFailed.value = "";
  try {
    const [module] = await Promise.all([view.parts(), loadWords(name), style(name)]);
    loaded.value = { ...loaded.peek(), [name]: module.View };
  } catch {
    loadFailed.value = name;
  }
}

/** Fetch a style of `css/`, once. @param {string} name @returns {Promise<void>} */
export function style(name) {
  const href = `/static/css/${name}.css`;
  if (document.querySelector(`link[href="${href}"]`)) return Promise.resolve();
  return new Promise((done, failed) => {
    const link = Object.assign(document.createElement("link"), { rel: "stylesheet", href });
    link.onload = () => done();
    link.onerror = failed;
    document.head.append(link);
  });
}
