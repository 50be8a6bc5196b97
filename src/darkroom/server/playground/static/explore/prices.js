// @ts-check
// The price of every cell, from the server's quotes: asked once for each, a few at a time.

import { computed, effect, signal, untracked } from "../vendor/preact.js";
import { Problem, post } from "../lib/api.js";
import { nanosOf, sum } from "../lib/money.js";
import { wire } from "../lib/requests.js";
import { pause } from "../state/follow.js";
import { sessionSignal } from "../state/jobs.js";
import { left } from "../state/price.js";
import { CELLS_MAX, plan, sent, stateOf, wanted } from "./state.js";

/** @typedef {import("./cells.js").Cell} Cell @typedef {import("../lib/types").Quote} Quote */
/** @typedef {{ quote: Quote | null, problem: Problem | null }} Priced */

const LANES = 4;
const PAUSE_MS = 250;
const RETRY_MS = 2_000;

/** By the key of the cell. @type {import("../vendor/preact.js").Signal<Record<string, Priced>>} */
export const prices = signal({});
export const isPricing = computed(() => missing().length > 0);

/** Cells that are still to be made and can be. */
export const ahead = computed(() =>
  wanted.value.filter((cell) => stateOf(sent.value[cell.key]) === "waiting" && !prices.value[cell.key]?.problem),
);
/** What they cost, expected and at most. */
export const total = computed(() => {
  const quotes = ahead.value.flatMap((cell) => prices.value[cell.key]?.quote ?? []);
  return {
    expected: sum(quotes.map((one) => nanosOf(one.expected.usd))),
    max: sum(quotes.map((one) => nanosOf(one.max.usd))),
  };
});
/** Whether the purse does not cover the most that the rest may cost. */
export const isShort = computed(() => left.value !== null && total.value.max > left.value.nanos);

/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;
let turn = 0;

effect(() => {
  const some = missing().length > 0;
  clearTimeout(timer);
  if (some) timer = setTimeout(() => untracked(() => void askAll(++turn)), PAUSE_MS);
});

function missing() {
  if (wanted.value.length > CELLS_MAX) return [];
  return wanted.value.filter((cell) => !prices.value[cell.key]);
}

/** @param {number} mine */
async function askAll(mine) {
  const queue = missing();
  const session = sessionSignal();
  const lane = async () => {
    for (let cell = queue.shift(); cell && mine === turn && !session.aborted; cell = queue.shift()) await ask(cell, session);
  };
  await Promise.all(Array.from({ length: LANES }, lane));
}

/** Asked again when the server is busy or the line broke. @param {Cell} cell @param {AbortSignal} session */
async function ask(cell, session) {
  try {
    const quote = await post("/v1/images/quote", wire(cell.wish).body);
    if (!session.aborted) learn(cell.key, { quote, problem: null });
  } catch (error) {
    if (!(error instanceof Problem) || session.aborted || error.status === 401) return;
    if (error.status === 429 || error.status >= 500 || error.status === 0) {
      await pause(error.record.retry_after_s ? error.record.retry_after_s * 1_000 : RETRY_MS);
      if (!session.aborted && plan.peek().models.includes(cell.model)) await ask(cell, session);
    } else {
      learn(cell.key, { quote: null, problem: error });
    }
  }
}

/** @param {string} key @param {Priced} found */
function learn(key, found) {
  prices.value = { ...prices.peek(), [key]: found };
}
