// @ts-check
// Whether a dropped image was made here: by the hash of its bytes, or by the recipe in it.

import { get } from "../lib/api.js";
import { readRecipe } from "../lib/recipe.js";

/** @typedef {{ file: File, job: import("../lib/types").Job | null, settings: import("./form.js").Settings | null }} Offer */

const BYTES_MAX = 50_000_000;

/** What can be recalled from a file; null when nothing is known of it. @param {File} file @returns {Promise<Offer | null>} */
export async function offerOf(file) {
  if (!/^image\/(png|jpeg|webp)$/.test(file.type) || file.size > BYTES_MAX) return null;
  const bytes = new Uint8Array(await file.arrayBuffer());
  const job = await jobThatMade(bytes);
  const settings = job ? null : readRecipe(bytes);
  return job || settings ? { file, job, settings } : null;
}

/** @param {Uint8Array<ArrayBuffer>} bytes @returns {Promise<import("../lib/types").Job | null>} */
async function jobThatMade(bytes) {
  if (!crypto.subtle) return null; // on plain http, except from this very machine
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  const hash = [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  const found = await get(`/v1/jobs?asset_sha256=${hash}&limit=1`).catch(() => null);
  return found?.data[0] ?? null;
}
