// @ts-check
// The jobs that this page knows: their records, which one is on the stage, what comes of it.

import { batch, computed, signal } from "../vendor/preact.js";
import { Problem, get } from "../lib/api.js";
import { pathOf } from "../lib/pictures.js";

/** @typedef {import("../lib/types").Job} Job */
/** @typedef {{ percent: number, src: string | null, index: number }} Exposure how far a running job is, and its newest partial image */

const PAGE = 20;

/** Newest first. @type {import("../vendor/preact.js").Signal<Job[]>} */
export const jobs = signal([]);
/** The job on the stage. @type {import("../vendor/preact.js").Signal<string | null>} */
export const selectedId = signal(null);
/** Of running jobs, by id. @type {import("../vendor/preact.js").Signal<Record<string, Exposure>>} */
export const exposures = signal({});
/** @type {import("../vendor/preact.js").Signal<"all" | "running" | "succeeded" | "failed">} */
export const filter = signal("all");
export const moreAfter = signal(/** @type {string | null} */ (null));
export const historyState = signal(/** @type {"loading" | "ready" | "failed"} */ ("loading"));
/** The last job that came to its end here. @type {import("../vendor/preact.js").Signal<{ state: string, n: number } | null>} */
export const announced = signal(null);

export const selected = computed(() => jobs.value.find((job) => job.id === selectedId.value) ?? null);
export const counts = computed(() => ({
  running: jobs.value.filter(isOpen).length,
  done: jobs.value.filter((job) => job.state === "succeeded").length,
}));

let session = new AbortController();

/** Aborted when another key takes over: what was begun for the old one must not show. */
export function sessionSignal() {
  return session.signal;
}

/** @param {Job} job */
export function isOpen(job) {
  return job.state === "queued" || job.state === "running";
}

/** @param {string} kind @param {Job} job */
export function assetsOf(kind, job) {
  return job.assets.filter((asset) => asset.kind === kind).sort((a, b) => a.position - b.position);
}

/** @param {string} id */
export function jobOf(id) {
  return jobs.peek().find((job) => job.id === id) ?? null;
}

/** The first page again, or the next one. @param {{ more?: boolean }} [options] */
export async function loadHistory({ more = false } = {}) {
  const query = new URLSearchParams({ limit: String(PAGE) });
  if (filter.value !== "all") query.set("state", filter.value);
  if (more && moreAfter.value) query.set("cursor", moreAfter.value);
  if (!more) historyState.value = "loading";
  const mine = session.signal;
  try {
    const page = await get(`/v1/jobs?${query}`);
    if (mine.aborted) return;
    const known = new Set(more ? jobs.value.map((job) => job.id) : []);
    const here = jobs.value.filter((job) => more || job.local || job.id === selectedId.value);
    const fresh = page.data.filter((/** @type {Job} */ job) => !known.has(job.id));
    const ids = new Set(fresh.map((/** @type {Job} */ job) => job.id));
    batch(() => {
      jobs.value = sorted([...here.filter((job) => !ids.has(job.id)), ...fresh]);
      moreAfter.value = page.next_cursor;
      historyState.value = "ready";
    });
  } catch {
    if (!mine.aborted) historyState.value = "failed";
  }
}

/** Forget everything: another key sees other jobs. */
export function clearJobs() {
  session.abort();
  session = new AbortController();
  batch(() => {
    jobs.value = [];
    exposures.value = {};
    selectedId.value = null;
    moreAfter.value = null;
  });
}

/** Read a job from the server; null when this key cannot see it. @param {string} id @returns {Promise<Job | null>} */
export async function refresh(id) {
  const mine = session.signal;
  try {
    /** @type {Job} */
    const job = await get(`/v1/jobs/${id}`);
    if (!mine.aborted) put(job);
    return job;
  } catch (error) {
    if (error instanceof Problem && [401, 403, 404].includes(error.status)) return null;
    return jobOf(id); // a hiccup: ask again
  }
}

/** A newer record of a job. @param {Job} job */
export function put(job) {
  const at = jobs.value.findIndex((one) => one.id === job.id);
  const before = jobs.value[at];
  const results = assetsOf("result", job).length;
  batch(() => {
    jobs.value = at < 0 ? sorted([job, ...jobs.value]) : jobs.value.with(at, job);
    if (isOpen(job)) {
      const partial = assetsOf("partial", job).at(-1);
      if (partial) expose(job.id, { src: pathOf(partial), index: partial.position });
    } else if (exposures.value[job.id]) {
      const { [job.id]: _, ...others } = exposures.value;
      exposures.value = others;
    }
    if (before && isOpen(before) && !isOpen(job)) announced.value = { state: job.state, n: results };
  });
}

/** A job takes the place of the one that stood in for it. @param {string} standIn @param {Job} job */
export function replaceJob(standIn, job) {
  batch(() => {
    jobs.value = jobs.value.filter((one) => one.id !== standIn);
    put(job);
    if (selectedId.value === standIn) selectedId.value = job.id;
  });
}

/** What is heard of a running job. @param {string} id @param {Partial<Exposure>} news */
export function expose(id, news) {
  const before = exposures.value[id] ?? { percent: 0, src: null, index: 0 };
  exposures.value = { ...exposures.value, [id]: { ...before, ...news } };
}

/** @param {Job[]} list */
function sorted(list) {
  return list.sort((a, b) => Date.parse(b.created_at) - Date.parse(a.created_at));
}
