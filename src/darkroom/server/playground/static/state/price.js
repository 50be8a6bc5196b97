// @ts-check
// What the form would cost, from the server's own quote, and what is left to pay it from.

import { computed, effect, signal, untracked } from "../vendor/preact.js";
import { Problem, get, post } from "../lib/api.js";
import { nanosOf } from "../lib/money.js";
import { outgoing } from "../lib/requests.js";
import { asked } from "./form.js";
import { inputs } from "./inputs.js";
import { announced, sessionSignal } from "./jobs.js";

/** @typedef {import("../lib/types").Quote} Quote @typedef {import("../lib/types").Balance} Balance */
/** @typedef {{ of: "balance" | "account" | "key", span: "" | "total" | "day" | "month", nanos: bigint }} Left what is left, and in which purse */

const PAUSE_MS = 150;
/** Stands for a prompt that is still to be written. */
const NO_PROMPT = "…";

/** @type {import("../vendor/preact.js").Signal<Quote | null>} */
export const quote = signal(null);
/** A newer form is being priced: the quote is the one of before. */
export const isQuoting = signal(false);
/** Why there is no price. @type {import("../vendor/preact.js").Signal<Problem | null>} */
export const quoteProblem = signal(null);
/** @type {import("../vendor/preact.js").Signal<Balance | null>} */
export const balance = signal(null);

/** The emptiest purse; null where nothing bounds the spending. */
export const left = computed(() => {
  const found = balance.value;
  if (!found) return null;
  /** @type {Left[]} */
  const purses = [...budgets("account", found), ...(found.key ? budgets("key", found.key) : [])];
  if (found.available) purses.push({ of: "balance", span: "", nanos: nanosOf(found.available.usd) });
  return purses.length ? purses.reduce((least, one) => (one.nanos < least.nanos ? one : least)) : null;
});

/** Whether the most that it may cost, which is held while it runs, is more than there is. */
export const isShort = computed(
  () => quote.value !== null && left.value !== null && nanosOf(quote.value.max.usd) > left.value.nanos,
);

/** The body to be priced; empty while it cannot be. */
const question = computed(() => {
  const wish = asked.value;
  if (!wish || inputs.value.some((input) => input.state === "uploading")) return "";
  const { body } = outgoing({ ...wish, prompt: wish.prompt.trim() ? wish.prompt : NO_PROMPT });
  return JSON.stringify(body);
});

/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;
let turn = 0;

effect(() => {
  const body = question.value;
  untracked(() => {
    clearTimeout(timer);
    turn++; // whatever is on its way is about an older form
    isQuoting.value = body !== "";
    if (body) timer = setTimeout(() => void ask(JSON.parse(body), turn), PAUSE_MS);
  });
});
effect(() => {
  if (announced.value) void loadBalance();
});

/** @param {Record<string, unknown>} body @param {number} mine */
async function ask(body, mine) {
  const session = sessionSignal();
  try {
    const found = await post("/v1/images/quote", body);
    if (mine !== turn || session.aborted) return;
    quote.value = found;
    quoteProblem.value = null;
  } catch (error) {
    if (mine !== turn || session.aborted) return;
    quote.value = null;
    quoteProblem.value = error instanceof Problem ? error : null;
  }
  isQuoting.value = false;
}

/** Price the form once more, for instance after the line broke. */
export function askAgain() {
  if (question.value) void ask(JSON.parse(question.value), ++turn);
}

export async function loadBalance() {
  const session = sessionSignal();
  const found = await get("/v1/balance").catch(() => null);
  if (!session.aborted) balance.value = found;
}

/** @param {"account" | "key"} of @param {{ budget: import("../lib/types").Budget, used: import("../lib/types").Budget }} purse @returns {Left[]} */
function budgets(of, { budget, used }) {
  return /** @type {const} */ (["total", "day", "month"]).flatMap((span) => {
    const limit = budget[`${span}_usd`];
    const spent = used[`${span}_usd`] ?? "0";
    return limit === null ? [] : [{ of, span, nanos: nanosOf(limit) - nanosOf(spent) }];
  });
}
