// @ts-check
// A short word at the foot of the page that says what just happened.

import { html, signal } from "../vendor/preact.js";

const SHOWN_MS = 3_200;
const shown = signal("");
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;

/** @param {string} text */
export function say(text) {
  clearTimeout(timer);
  shown.value = text;
  timer = setTimeout(() => (shown.value = ""), SHOWN_MS);
}

export function Toast() {
  return html`<div class="toast" role="status" data-shown=${shown.value ? "yes" : "no"}>${shown.value}</div>`;
}
