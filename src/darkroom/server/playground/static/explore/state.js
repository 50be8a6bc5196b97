// @ts-check
// The sheet: its plan, and what was sent for each cell. Both outlive a reload, apart for each API key.

import { batch, computed, effect, signal, untracked } from "../vendor/preact.js";
import { isAmount, nanosOf, sum } from "../lib/money.js";
import { jobs } from "../state/jobs.js";
import { model, models } from "../state/models.js";
import { session } from "../state/session.js";
import { cellsOf, isWanted } from "./cells.js";

/** @typedef {import("../lib/types").Job} Job @typedef {import("../lib/types").ErrorRecord} ErrorRecord */
/** @typedef {import("./cells.js").Plan} Plan @typedef {import("./cells.js").Cell} Cell */
/**
 * @typedef {{
 *   attempt: number, at: number, job: string | null, max: string, charge: string | null,
 *   paid: string, error: ErrorRecord | null,
 * }} Sent what became of a cell. `at`: when it was sent, 0 when it is still to be; `max`: the most it may
 *   cost; `charge`: what it did, once it has ended; `paid`: what earlier attempts did cost. Money in dollars.
 */

const STORE = "darkroom.grid.";
/** A report and an archive hold so many jobs. */
export const CELLS_MAX = 100;
export const LANES_MAX = 8;

/** @type {Plan} */
const EMPTY = {
  prompts: "", byLine: true, models: [], sizes: ["1024x1024"], qualities: ["low", "medium", "high"],
  inputs: [], bend: false, cap: "1.00", lanes: 3,
};

/** @type {import("../vendor/preact.js").Signal<Plan>} */
const kept = signal(EMPTY);
/** Part of every idempotency key. */
export const sheetId = signal("");
/** By the key of the cell; also of cells that the plan no longer has: they were paid for. @type {import("../vendor/preact.js").Signal<Record<string, Sent>>} */
export const sent = signal({});
/** Jobs as they were read, by id. @type {import("../vendor/preact.js").Signal<Record<string, Job>>} */
export const read = signal({});

/** Before anything is chosen, the model that the studio would take. */
export const plan = computed(() => {
  const found = kept.value;
  const first = model.value?.id;
  return found.models.length || !first ? found : { ...found, models: [first] };
});
export const cells = computed(() => cellsOf(plan.value, models.value));
/** Those that would be made. */
export const wanted = computed(() => cells.value.filter((cell) => isWanted(plan.value, cell)));

const live = computed(() => new Map(jobs.value.map((job) => [job.id, job])));

/** @param {Sent | undefined} one @returns {Job | null} */
export function jobOf(one) {
  return one?.job ? (live.value.get(one.job) ?? read.value[one.job] ?? null) : null;
}

/** @typedef {"waiting" | "sending" | "queued" | "running" | "succeeded" | "failed" | "canceled"} State */

/** @param {Sent | undefined} one @returns {State} */
export function stateOf(one) {
  if (!one || (!one.at && !one.error)) return "waiting";
  if (one.error) return one.error.code === "job_canceled" ? "canceled" : "failed";
  const job = jobOf(one);
  if (job) return job.state;
  return one.job ? "queued" : "sending";
}

/** @param {Sent | undefined} one */
export function isOpen(one) {
  return ["sending", "queued", "running"].includes(stateOf(one));
}

export const openKeys = computed(() => Object.keys(sent.value).filter((key) => isOpen(sent.value[key])));
/** What this sheet has been charged, earlier attempts and removed cells included. */
export const spent = computed(() =>
  sum(Object.values(sent.value).map((one) => nanosOf(one.paid) + nanosOf(one.charge ?? "0"))),
);
/** The same and the most that is still open: never more than the cap. */
export const bound = computed(() =>
  spent.value + sum(Object.values(sent.value).map((one) => (isBinding(one) ? nanosOf(one.max) : 0n))),
);
export const cap = computed(() => (isAmount(plan.value.cap) ? nanosOf(plan.value.cap) : null));

/** Whether it may still be charged: also when nobody knows whether it arrived. @param {Sent} one */
function isBinding(one) {
  const isLost = one.error !== null && ["network", "expired"].includes(one.error.code);
  return one.at > 0 && one.charge === null && (!one.error || isLost);
}

/** @param {Partial<Plan>} change */
export function change(change) {
  kept.value = { ...plan.peek(), ...change };
}

/** @param {string} key @param {Partial<Sent>} news */
export function note(key, news) {
  const before = sent.peek()[key] ?? { attempt: 1, at: 0, job: null, max: "0", charge: null, paid: "0", error: null };
  sent.value = { ...sent.peek(), [key]: { ...before, ...news } };
}

/** An empty sheet with the same axes; its images stay in the history. */
export function clear() {
  batch(() => {
    sent.value = {};
    read.value = {};
    sheetId.value = newId();
  });
}

/** How the server recognises a cell that is sent twice. @param {string} key */
export function tokenOf(key) {
  return `grid-${sheetId.peek()}-${key}-${sent.peek()[key]?.attempt ?? 1}`;
}

/** `crypto.randomUUID` is missing on plain http. */
function newId() {
  return [...crypto.getRandomValues(new Uint8Array(8))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

let owner = "";

/** Another key has another sheet. */
effect(() => {
  const id = session.value?.key.id ?? "";
  untracked(() => id !== owner && restore(id));
});

/** @param {string} id */
function restore(id) {
  owner = id;
  read.value = {};
  take(id ? stored(id) : {});
}

/** The sheet as another tab has written it. @param {string | null} name @returns {boolean} whether it is this one */
export function takeStored(name) {
  if (!owner || name !== STORE + owner) return false;
  take(stored(owner));
  return true;
}

/** @param {any} found */
function take(found) {
  batch(() => {
    kept.value = { ...EMPTY, ...found.plan };
    sheetId.value = found.id || newId();
    sent.value = found.sent ?? {};
  });
}

/** @param {string} id @returns {any} */
function stored(id) {
  try {
    return JSON.parse(localStorage.getItem(STORE + id) ?? "{}") ?? {};
  } catch {
    return {}; // what cannot be read is begun anew
  }
}

effect(() => {
  const text = JSON.stringify({ id: sheetId.value, plan: kept.value, sent: sent.value });
  if (!owner) return;
  try {
    localStorage.setItem(STORE + owner, text);
  } catch {
    // Where nothing can be stored the sheet lasts as long as the page.
  }
});

/** What has ended is written down, with its charge. */
effect(() => {
  const all = live.value;
  const ended = Object.entries(sent.value).flatMap(([key, one]) => {
    const job = one.job ? all.get(one.job) : undefined;
    return job && !["queued", "running"].includes(job.state) && read.value[job.id]?.state !== job.state ? [{ key, job }] : [];
  });
  if (ended.length) untracked(() => batch(() => ended.forEach(({ key, job }) => keep(key, job))));
});

/** What the server says of a cell's job. @param {string} key @param {Job} job */
export function keep(key, job) {
  read.value = { ...read.peek(), [job.id]: job };
  const isOver = !["queued", "running"].includes(job.state);
  note(key, { charge: isOver ? (job.charge?.usd ?? "0") : null });
}
