// @ts-check
// Something the server knows: asked for, waited for, kept, asked for again.

import { signal, useEffect, useMemo } from "../vendor/preact.js";
import { Problem } from "../lib/api.js";

/**
 * @template T
 * @typedef {{
 *   data: import("../vendor/preact.js").Signal<T | null>,
 *   problem: import("../vendor/preact.js").Signal<Problem | null>,
 *   busy: import("../vendor/preact.js").Signal<boolean>,
 *   load: () => Promise<void>,
 * }} Remote
 */

/** An answer that a later question has overtaken is dropped. @template T @param {() => Promise<T>} ask @returns {Remote<T>} */
export function remote(ask) {
  const data = signal(/** @type {T | null} */ (null));
  const problem = signal(/** @type {Problem | null} */ (null));
  const busy = signal(false);
  let turn = 0;
  async function load() {
    const mine = ++turn;
    busy.value = true;
    try {
      const found = await ask();
      if (mine !== turn) return;
      data.value = found;
      problem.value = null;
    } catch (error) {
      if (mine === turn) problem.value = asProblem(error);
    } finally {
      if (mine === turn) busy.value = false;
    }
  }
  return { data, problem, busy, load };
}

/** A component's own; asked for when it appears and whenever an input changes. @template T @param {() => Promise<T>} ask @param {unknown[]} inputs @returns {Remote<T>} */
export function useRemote(ask, inputs) {
  const found = useMemo(() => remote(ask), inputs);
  useEffect(() => void found.load(), [found]);
  return found;
}

/** @param {unknown} error */
export function asProblem(error) {
  return error instanceof Problem ? error : new Problem({ code: "internal_error", message: String(error) });
}
