// @ts-check
// What the user wishes for, kept as wished: what a model cannot do is left out when it is sent.

import { signal } from "../vendor/preact.js";

const DRAFT = "darkroom.draft";
const EMPTY = {
  prompt: "", model: "", size: "auto", custom: "", quality: "auto", background: "auto",
  output_format: "png", compression: 90, n: 1, input_fidelity: "", moderation: "auto",
  complexity: "", seed: "", partial_images: 2,
};

export const wishes = signal({ ...EMPTY, ...draft("wishes") });

/** @param {Partial<typeof EMPTY>} change */
export function wish(change) {
  wishes.value = { ...wishes.value, ...change };
}

/** What was in the form before a reload. @param {string} part @returns {any} */
export function draft(part) {
  try {
    return JSON.parse(sessionStorage.getItem(DRAFT) ?? "{}")[part];
  } catch {
    return undefined;
  }
}

/** @param {Record<string, unknown>} parts */
export function keepDraft(parts) {
  sessionStorage.setItem(DRAFT, JSON.stringify(parts));
}
