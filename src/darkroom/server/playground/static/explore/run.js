// @ts-check
// Runs the sheet: a few cells at a time, never beyond the cap, each under an idempotency key of its own.
//
// A cell's key is made of the sheet, the request and the number of the attempt: sent again after a
// reload, from another tab or after a lost answer, it brings back the same job.

import { effect, signal, untracked } from "../vendor/preact.js";
import { Problem, call, get, post } from "../lib/api.js";
import { nanosOf } from "../lib/money.js";
import { outgoing } from "../lib/requests.js";
import { pause } from "../state/follow.js";
import { put, sessionSignal } from "../state/jobs.js";
import { session } from "../state/session.js";
import { ahead, prices } from "./prices.js";
import { bound, cap, cells, isOpen, jobOf, keep, note, openKeys, plan, sent, stateOf, takeStored, tokenOf } from "./state.js";

/** @typedef {import("./cells.js").Cell} Cell @typedef {import("../lib/types").Job} Job */

/** Before a request whose answer was lost is looked for, and sent again. */
const PAUSES_MS = [300, 1_000, 3_000];
/** The server forgets an idempotency key after a day: from then on a cell cannot be recognised. */
const KNOWN_MS = 23 * 3_600_000;
const READERS = 4;
const BUSY = new Set(["rate_limit_exceeded", "upstream_rate_limited", "overloaded"]);
const BROKE = new Set(["budget_exceeded", "insufficient_balance", "insufficient_quota"]);

/** @typedef {"" | "cap" | "money" | "network" | "done"} Rest */
export const isRunning = signal(false);
/** Why it came to rest. @type {import("../vendor/preact.js").Signal<Rest>} */
export const rest = signal("");
/** The server asked to wait until then, in ms; 0: it did not. */
export const waitUntil = signal(0);

/** @type {ReturnType<typeof setTimeout> | undefined} */
let alarm;
/** Cells whose request is under way in this very page. @type {Set<string>} */
const underway = new Set();

export function start() {
  if (cap.peek() === null) return;
  rest.value = "";
  isRunning.value = true;
}

/** Nothing more is sent; what runs goes on. @param {Rest} [why] */
export function hold(why = "") {
  isRunning.value = false;
  rest.value = why;
}

/** Hold, and ask the server to end what runs. */
export async function cancelAll() {
  hold();
  await Promise.all(openKeys.peek().map(cancel));
}

/** @param {string} key */
async function cancel(key) {
  const id = sent.peek()[key]?.job;
  if (!id) return;
  const job = await post(`/v1/jobs/${id}/cancel`, {}).catch(() => null);
  if (job) put(job);
}

/** Cells that ended without an image and may be tried again. */
export function failedKeys() {
  return cells.value.map((cell) => cell.key).filter((key) => {
    const one = sent.value[key];
    return ["failed", "canceled"].includes(stateOf(one)) && one?.error?.code !== "expired";
  });
}

/** Another attempt, with a key of its own unless nobody knows whether the last one arrived. @param {string[]} keys */
export function again(keys) {
  for (const key of keys) {
    const one = sent.peek()[key];
    if (!one) continue;
    const isLost = one.error?.code === "network";
    const paid = nanosOf(one.paid) + nanosOf(one.charge ?? "0");
    note(key, {
      attempt: isLost ? one.attempt : one.attempt + 1,
      at: 0, job: null, charge: null, error: null, paid: usdOf(paid),
    });
  }
  start();
}

/** Whenever something ends, changes or is allowed, the next ones go. */
effect(() => {
  const isOn = isRunning.value && waitUntil.value === 0;
  void [openKeys.value, ahead.value, bound.value, cap.value, plan.value.lanes, prices.value];
  if (isOn) untracked(pump);
});
/** Somebody else must not go on spending. */
effect(() => {
  void session.value;
  untracked(() => hold());
});
/** What another tab does with the same sheet shows here, unless this one is at it. */
addEventListener("storage", (event) => {
  if (isRunning.peek() || underway.size || !takeStored(event.key)) return;
  void resume();
});

function pump() {
  let open = openKeys.peek().length;
  for (const cell of ahead.peek()) {
    if (open >= plan.peek().lanes) return;
    const quote = prices.peek()[cell.key]?.quote;
    if (!quote || underway.has(cell.key)) return; // its price is on the way
    if (bound.peek() + nanosOf(quote.max.usd) > (cap.peek() ?? 0n)) {
      if (open === 0) hold("cap");
      return; // what runs may cost less than it could
    }
    open++;
    void send(cell, quote.max.usd);
  }
  if (open === 0 && ahead.peek().length === 0) hold("done");
}

/** @param {Cell} cell @param {string} max in dollars */
async function send(cell, max) {
  const signal = sessionSignal();
  underway.add(cell.key);
  note(cell.key, { at: Date.now(), max, error: null });
  try {
    const job = await accepted(cell, signal);
    if (!signal.aborted) adopt(cell.key, job);
  } catch (error) {
    if (!signal.aborted) refused(cell.key, error instanceof Problem ? error : new Problem({ code: "network", message: String(error) }));
  } finally {
    underway.delete(cell.key);
  }
}

/** The job of a cell; asked for and sent again as often as it takes. @param {Cell} cell @param {AbortSignal} signal @returns {Promise<Job>} */
async function accepted(cell, signal) {
  const token = tokenOf(cell.key);
  const { path, body } = outgoing(cell.wish);
  const headers = { prefer: "respond-async", "idempotency-key": token };
  for (let tries = 0; ; tries++) {
    try {
      const response = await call(path, { json: body, headers, signal });
      return await get(`/v1/jobs/${response.headers.get("x-darkroom-job")}`);
    } catch (error) {
      const wasLost = error instanceof Problem && error.record.code === "network";
      if (!wasLost || tries >= PAUSES_MS.length || signal.aborted) throw error;
      await pause(PAUSES_MS[tries]);
      const job = await collected(token);
      if (job) return job;
    }
  }
}

/** @param {string} token @returns {Promise<Job | null>} */
async function collected(token) {
  return get(`/v1/jobs?idempotency_key=${token}`).then((page) => page.data[0] ?? null, () => null);
}

/** @param {string} key @param {Job} job */
function adopt(key, job) {
  note(key, { job: job.id, ...(job.quote && { max: job.quote.max.usd }) });
  if (job.state === "queued" || job.state === "running") put(job); // the page follows it to its end
  else keep(key, job);
}

/** The server took nothing. @param {string} key @param {Problem} problem */
function refused(key, problem) {
  const { code, retry_after_s: seconds } = problem.record;
  if (BROKE.has(code)) {
    note(key, { at: 0 });
    hold("money");
  } else if (BUSY.has(code) || (seconds && problem.status >= 429)) {
    wait((seconds ?? 2) * 1_000);
    note(key, { at: 0 });
  } else {
    note(key, { error: { code, message: problem.message } });
    if (code === "network") hold("network");
  }
}

/** @param {number} ms */
function wait(ms) {
  const until = Date.now() + ms;
  if (until <= waitUntil.peek()) return;
  waitUntil.value = until;
  clearTimeout(alarm);
  alarm = setTimeout(() => (waitUntil.value = 0), ms);
}

/** After a reload: the jobs of the sheet are read, and what had no answer is looked for. */
export async function resume() {
  const signal = sessionSignal();
  const keys = Object.keys(sent.peek()).filter((key) => !jobOf(sent.peek()[key]) && !underway.has(key));
  const lane = async () => {
    for (let key = keys.shift(); key && !signal.aborted; key = keys.shift()) await recover(key, signal);
  };
  await Promise.all(Array.from({ length: READERS }, lane));
}

/** @param {string} key @param {AbortSignal} signal */
async function recover(key, signal) {
  const one = sent.peek()[key];
  if (one.job) {
    try {
      const job = await get(`/v1/jobs/${one.job}`);
      if (!signal.aborted) adopt(key, job);
    } catch (error) {
      const isGone = error instanceof Problem && error.status === 404;
      if (isGone && !signal.aborted) note(key, { error: { code: "not_found", message: error.message } });
    }
  } else if (one.at && (!one.error || one.error.code === "network")) {
    const job = await collected(tokenOf(key));
    if (signal.aborted) return;
    if (job) {
      note(key, { error: null });
      adopt(key, job);
    } else if (Date.now() - one.at > KNOWN_MS) {
      note(key, { error: { code: "expired", message: "" } });
    } else if (isOpen(one)) {
      note(key, { at: 0 }); // it had not arrived; if it does yet, the same key finds it
    }
  }
}

/** @param {bigint} nanos */
function usdOf(nanos) {
  return `${nanos / 10n ** 9n}.${String(nanos % 10n ** 9n).padStart(9, "0")}`;
}

/** What stands in the cells of the sheet. */
export function madeCells() {
  return cells.value.filter((cell) => cell.kind !== "same").flatMap((cell) => {
    const job = jobOf(sent.value[cell.key]);
    return job ? [{ cell, job }] : [];
  });
}
