// @ts-check
// Dialogs that are seldom needed: their modules are loaded when they are opened.

import { html, signal } from "../vendor/preact.js";

/** @typedef {import("../vendor/preact.js").Child} Child */

/** @type {import("../vendor/preact.js").Signal<Child>} */
export const dialog = signal(null);

const close = () => (dialog.value = null);

/** Show a request as code. @param {import("../lib/types").Wish} wish */
export async function showCode(wish) {
  const { CodeDialog } = await import("../panels/code.js");
  dialog.value = html`<${CodeDialog} wish=${wish} onClose=${close} />`;
}
