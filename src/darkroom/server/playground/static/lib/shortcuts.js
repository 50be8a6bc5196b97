// @ts-check
// Keys that work wherever no text is typed: `/`, `?`, and the arrows from frame to frame.

import { focusPrompt } from "./focus.js";
import { showShortcuts } from "../state/dialogs.js";
import { jobs, selectedId } from "../state/jobs.js";

export const isMac = /Mac|iPhone|iPad/.test(navigator.platform);

/** Listens until the answer is called. */
export function listenForKeys() {
  addEventListener("keydown", onKey);
  return () => removeEventListener("keydown", onKey);
}

/** @param {KeyboardEvent} event */
function onKey(event) {
  if (event.defaultPrevented || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
  const at = /** @type {HTMLElement} */ (event.target);
  if (at.closest("input, textarea, select, dialog, [contenteditable]")) return;
  if (event.key === "/") focusPrompt();
  else if (event.key === "?") void showShortcuts();
  else if (event.key === "ArrowLeft") turn(-1);
  else if (event.key === "ArrowRight") turn(1);
  else return;
  event.preventDefault();
}

/** To the frame before or after, in the order of the strip. @param {1 | -1} by */
function turn(by) {
  const ids = [...document.querySelectorAll("[data-test=frame]")].map((one) => /** @type {HTMLElement} */ (one).dataset.job ?? "");
  const list = ids.length ? ids : jobs.peek().map((job) => job.id);
  const next = list[list.indexOf(selectedId.peek() ?? "") + by];
  if (!next) return;
  selectedId.value = next;
  const frame = /** @type {HTMLElement | null} */ (document.querySelector(`[data-test=frame][data-job="${next}"]`));
  if (document.activeElement?.matches("[data-test=frame]")) frame?.focus();
  frame?.scrollIntoView({ block: "nearest" });
}
