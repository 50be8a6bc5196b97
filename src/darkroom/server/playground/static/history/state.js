// @ts-check
// The jobs that the filters leave, twenty at a time, and which of them are picked out.

import { batch, computed, signal } from "../vendor/preact.js";
import { get } from "../lib/api.js";
import { jobs, put } from "../state/jobs.js";
import { asProblem } from "../state/remote.js";
import { go, place } from "../state/view.js";

/** @typedef {import("../lib/types").Job} Job */
/** @typedef {{ succeeded: number, failed: number, canceled: number, queued: number, running: number, total: number }} Counts */

const PAGE = 20;
export const PICKED_MAX = 100;
/** What the address may say; all of it goes to the server as it stands, but for `since`. */
const FILTERS = ["state", "model", "operation", "q"];
export const SPANS = /** @type {const} */ ({ day: 1, week: 7, month: 30 });

/** Ids in the order of the server. @type {import("../vendor/preact.js").Signal<string[]>} */
const ids = signal([]);
/** Records as they were read. @type {import("../vendor/preact.js").Signal<Record<string, Job>>} */
const read = signal({});
const cursor = signal(/** @type {string | null} */ (null));
export const state = signal(/** @type {"loading" | "ready"} */ ("loading"));
export const problem = signal(/** @type {import("../lib/api.js").Problem | null} */ (null));
/** @type {import("../vendor/preact.js").Signal<Counts | null>} */
export const tally = signal(null);
/** @type {import("../vendor/preact.js").Signal<ReadonlySet<string>>} */
export const picked = signal(new Set());

export const hasMore = computed(() => cursor.value !== null);
/** What the page itself follows is newer than what was read. */
export const shown = computed(() => {
  const live = new Map(jobs.value.map((job) => [job.id, job]));
  return ids.value.flatMap((id) => live.get(id) ?? read.value[id] ?? []);
});

let turn = 0;

/** The first page for the filters of the address. */
export async function load() {
  const mine = ++turn;
  batch(() => {
    state.value = "loading";
    problem.value = null;
  });
  void count();
  await fetchPage(mine, null);
}

/** The next page, when there is one and none is on its way. */
export async function loadMore() {
  if (state.peek() === "loading" || !cursor.peek()) return;
  state.value = "loading";
  await fetchPage(turn, cursor.peek());
}

/** @param {number} mine @param {string | null} after */
async function fetchPage(mine, after) {
  try {
    const page = await get(`/v1/jobs?${query(after)}`);
    if (mine !== turn) return;
    /** @type {Job[]} */
    const found = page.data;
    batch(() => {
      const before = after ? ids.value : [];
      const known = new Set(before);
      ids.value = [...before, ...found.map((job) => job.id).filter((id) => !known.has(id))];
      read.value = { ...(after ? read.value : {}), ...Object.fromEntries(found.map((job) => [job.id, job])) };
      cursor.value = page.next_cursor;
      state.value = "ready";
      problem.value = null;
      // What still runs is followed by the page, wherever it is shown.
      found.filter((job) => job.state === "queued" || job.state === "running").forEach(put);
    });
  } catch (error) {
    if (mine !== turn) return;
    batch(() => {
      problem.value = asProblem(error);
      state.value = "ready";
    });
  }
}

/** How many there are by state; it may fail without harm. */
async function count() {
  try {
    tally.value = await get(`/v1/jobs/counts?since=${daysAgo(31)}`);
  } catch {
    tally.value = null;
  }
}

/** @param {string | null} after */
function query(after) {
  const params = place.peek().params;
  const asked = new URLSearchParams({ limit: String(PAGE) });
  for (const name of FILTERS) {
    const value = params.get(name)?.trim();
    if (value) asked.set(name, value);
  }
  const days = SPANS[/** @type {keyof typeof SPANS} */ (params.get("since") ?? "")];
  if (days) asked.set("created_after", daysAgo(days));
  if (after) asked.set("cursor", after);
  return asked;
}

/** A little inside the bound that the server sets. @param {number} days */
function daysAgo(days) {
  return new Date(Date.now() - days * 86_400_000 + 60_000).toISOString();
}

/** Change what is shown; an empty value takes a filter away. @param {Record<string, string>} changes */
export function show(changes) {
  const { params } = place.peek();
  const next = { ...Object.fromEntries(params), ...changes };
  go("history", Object.fromEntries(Object.entries(next).filter(([, value]) => value)));
}

/** Forget jobs that were deleted. @param {Iterable<string>} gone */
export function drop(gone) {
  const without = new Set(gone);
  batch(() => {
    ids.value = ids.value.filter((id) => !without.has(id));
    jobs.value = jobs.value.filter((job) => !without.has(job.id));
    picked.value = new Set([...picked.value].filter((id) => !without.has(id)));
  });
  void count();
}

/** The one from which a range with the shift key begins. */
let anchor = "";

/** @param {string} id @param {boolean} isRange */
export function pick(id, isRange) {
  const next = new Set(picked.peek());
  const order = ids.peek();
  const from = order.indexOf(anchor);
  if (isRange && from >= 0) {
    const to = order.indexOf(id);
    order.slice(Math.min(from, to), Math.max(from, to) + 1).forEach((one) => next.add(one));
  } else if (!next.delete(id)) {
    next.add(id);
  }
  anchor = id;
  picked.value = new Set([...next].slice(0, PICKED_MAX));
}

export function pickNone() {
  picked.value = new Set();
}
