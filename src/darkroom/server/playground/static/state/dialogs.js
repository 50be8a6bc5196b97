// @ts-check
// Dialogs that are seldom needed: their modules are loaded when they are opened.

import { html, signal } from "../vendor/preact.js";
import { t } from "../lib/words.js";
import { style } from "../views/index.js";
import { say } from "../widgets/toast.js";

/** @typedef {import("../vendor/preact.js").Child} Child */

/** @type {import("../vendor/preact.js").Signal<Child>} */
export const dialog = signal(null);

const close = () => (dialog.value = null);

/** Show a request as code. @param {import("../lib/types").Wish} wish */
export function showCode(wish) {
  return open(() => import("../panels/code.js"), ({ CodeDialog }) => html`<${CodeDialog} wish=${wish} onClose=${close} />`);
}

/** The lines of the form's price. */
export function showQuote() {
  return open(() => import("../panels/receipt.js"), ({ QuoteDialog }) => html`<${QuoteDialog} onClose=${close} />`);
}

/** The lines of what a job did cost. @param {import("../lib/types").Job} job */
export function showCharge(job) {
  return open(() => import("../panels/receipt.js"), ({ ChargeDialog }) => html`<${ChargeDialog} job=${job} onClose=${close} />`);
}

/** The keys that do something. */
export function showShortcuts() {
  return open(() => import("../panels/shortcuts.js"), ({ ShortcutsDialog }) => html`<${ShortcutsDialog} onClose=${close} />`);
}

/** The prompts of before. */
export function showPrompts() {
  return open(() => import("../panels/prompts.js"), ({ PromptsDialog }) => html`<${PromptsDialog} onClose=${close} />`);
}

/** What a dropped image shall be. @param {import("./recall.js").Offer} offer */
export function showRecall(offer) {
  return open(() => import("../panels/recall.js"), ({ RecallDialog }) => html`<${RecallDialog} offer=${offer} onClose=${close} />`);
}

/** @template T @param {() => Promise<T>} load @param {(module: T) => Child} show */
async function open(load, show) {
  try {
    const [module] = await Promise.all([load(), style("dialogs")]);
    dialog.value = show(module);
  } catch {
    say(t("view.broken")); // the line broke
  }
}
