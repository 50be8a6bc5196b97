// @ts-check
// The jobs: sent from here, found running after a reload, or read from the history.

import { computed, signal } from "../vendor/preact.js";
import { Problem, call, get, post } from "../lib/api.js";
import { adopt, blobUrl, srcOf } from "../lib/pictures.js";
import { streamed } from "../lib/requests.js";
import { events } from "../lib/sse.js";
import { inputsUsed } from "./inputs.js";

/** @typedef {import("../lib/types").Job} Job @typedef {import("../lib/types").Wish} Wish */
/** @typedef {{ id: string, wish: Wish, accepted: boolean, finals: string[] }} Run one request sent from this page */

const PAGE = 20;
const POLL_MS = 1_000;
// A stream's headers come with its first event. The job's id is wanted earlier, for canceling.
const IDENTIFY_AFTER_MS = 600;

/** Newest first. @type {import("../vendor/preact.js").Signal<Job[]>} */
export const jobs = signal([]);
/** The job on the stage. @type {import("../vendor/preact.js").Signal<string | null>} */
export const selectedId = signal(null);
/** The newest partial image of a running job. @type {import("../vendor/preact.js").Signal<Record<string, { src: string, index: number }>>} */
export const previews = signal({});
/** @type {import("../vendor/preact.js").Signal<"all" | "running" | "succeeded" | "failed">} */
export const filter = signal("all");
export const moreAfter = signal(/** @type {string | null} */ (null));
export const historyState = signal(/** @type {"loading" | "ready" | "failed"} */ ("loading"));
/** What a screen reader is told. @type {import("../vendor/preact.js").Signal<{ state: string, n: number } | null>} */
export const announced = signal(null);

export const selected = computed(() => jobs.value.find((job) => job.id === selectedId.value) ?? null);
export const counts = computed(() => ({
  running: jobs.value.filter(isOpen).length,
  done: jobs.value.filter((job) => job.state === "succeeded").length,
}));

/** @type {Set<Run>} */
const runs = new Set();
/** @type {Set<string>} */
const followed = new Set();
let localIds = 0;

/** @param {Job} job */
export function isOpen(job) {
  return job.state === "queued" || job.state === "running";
}

/** @param {string} kind @param {Job} job */
export function assetsOf(kind, job) {
  return job.assets.filter((asset) => asset.kind === kind).sort((a, b) => a.position - b.position);
}

/** Send a wish and see it through. @param {Wish} wish */
export async function submit(wish) {
  /** @type {Run} */
  const run = { id: `local-${++localIds}`, wish, accepted: false, finals: [] };
  runs.add(run);
  put(notYet(run));
  selectedId.value = run.id;
  const timer = setTimeout(() => void identify(run), IDENTIFY_AFTER_MS);
  try {
    const { path, body } = streamed(wish);
    const response = await call(path, { json: body });
    accept(run, response.headers.get("x-darkroom-job"));
    inputsUsed();
    await read(response, run);
    await refresh(run.id, run.finals);
  } catch (error) {
    await failed(run, error instanceof Problem ? error : lost(error));
  } finally {
    clearTimeout(timer);
    runs.delete(run);
  }
}

/** Ask the server to end a job. @param {Job} job */
export async function cancel(job) {
  const run = [...runs].find((one) => one.id === job.id);
  if (run && !run.accepted) await identify(run);
  const id = run?.id ?? job.id;
  const now = jobs.value.find((one) => one.id === id);
  if (!now || now.local) return;
  put({ ...now, cancel_requested: true });
  try {
    put(await post(`/v1/jobs/${id}/cancel`, {}));
  } catch {
    put({ ...now, cancel_requested: false });
  }
}

/** The first page again, or the next one. @param {{ more?: boolean }} [options] */
export async function loadHistory({ more = false } = {}) {
  const query = new URLSearchParams({ limit: String(PAGE) });
  if (filter.value !== "all") query.set("state", filter.value);
  if (more && moreAfter.value) query.set("cursor", moreAfter.value);
  if (!more) historyState.value = "loading";
  try {
    const page = await get(`/v1/jobs?${query}`);
    const known = new Set(more ? jobs.value.map((job) => job.id) : []);
    const here = jobs.value.filter((job) => more || job.local || job.id === selectedId.value);
    const fresh = page.data.filter((/** @type {Job} */ job) => !known.has(job.id));
    const ids = new Set(fresh.map((/** @type {Job} */ job) => job.id));
    jobs.value = sorted([...here.filter((job) => !ids.has(job.id)), ...fresh]);
    moreAfter.value = page.next_cursor;
    historyState.value = "ready";
    for (const job of fresh) if (isOpen(job)) void follow(job.id);
  } catch {
    historyState.value = "failed";
  }
}

/** Forget everything: another key sees other jobs. */
export function clearJobs() {
  jobs.value = [];
  previews.value = {};
  selectedId.value = null;
  moreAfter.value = null;
}

/** Poll a job that no stream of this page tells about. @param {string} id */
async function follow(id) {
  if (followed.has(id) || [...runs].some((run) => run.id === id)) return;
  followed.add(id);
  try {
    while (true) {
      const job = await refresh(id);
      if (!job || !isOpen(job)) return;
      await new Promise((done) => setTimeout(done, POLL_MS));
    }
  } finally {
    followed.delete(id);
  }
}

/**
 * Read a job from the server. `finals` are its results' bytes, when they came through a stream.
 * @param {string} id @param {string[]} [finals] @returns {Promise<Job | null>}
 */
async function refresh(id, finals = []) {
  try {
    /** @type {Job} */
    const job = await get(`/v1/jobs/${id}`);
    assetsOf("result", job).forEach((asset, i) => finals[i] && adopt(asset, finals[i]));
    const partial = assetsOf("partial", job).at(-1);
    if (isOpen(job) && partial) preview(id, srcOf(partial), partial.position);
    const before = jobs.value.find((one) => one.id === id);
    if (before && isOpen(before) && !isOpen(job)) {
      announced.value = { state: job.state, n: assetsOf("result", job).length };
    }
    put(job);
    return job;
  } catch (error) {
    if (error instanceof Problem && [401, 403, 404].includes(error.status)) return null;
    return jobs.value.find((one) => one.id === id) ?? null; // a hiccup: ask again
  }
}

/** @param {Response} response @param {Run} run */
async function read(response, run) {
  if (!response.body) return;
  for await (const { data } of events(response.body)) {
    const told = JSON.parse(data);
    if (told.error) return; // the job holds all there is to say
    const src = blobUrl(told.b64_json, `image/${told.output_format}`);
    if (told.type.endsWith(".partial_image")) preview(run.id, src, told.partial_image_index);
    else run.finals.push(src);
  }
}

/** The request did not come to a good end. @param {Run} run @param {Problem} problem */
async function failed(run, problem) {
  if (problem.jobId) accept(run, problem.jobId);
  if (!run.accepted && problem.record.code === "network") await identify(run);
  if (run.accepted) {
    const job = await refresh(run.id);
    runs.delete(run);
    if (job && isOpen(job)) void follow(run.id); // the line broke, the job goes on
    return;
  }
  const at = new Date().toISOString();
  const pending = jobs.value.find((job) => job.id === run.id);
  if (pending) put({ ...pending, state: "failed", error: problem.record, finished_at: at });
  announced.value = { state: "failed", n: 0 };
}

/** Find the job that a request became: the oldest one that nobody here knows and that asks the same. @param {Run} run */
async function identify(run) {
  if (run.accepted) return;
  try {
    const { data } = await get(`/v1/jobs?limit=${PAGE}`);
    if (run.accepted) return;
    const known = new Set(jobs.value.map((job) => job.id));
    const mine = data.reverse().find(
      (/** @type {Job} */ job) =>
        !known.has(job.id) && job.model === run.wish.model && job.request.prompt === run.wish.prompt,
    );
    if (mine) accept(run, mine.id, mine);
  } catch {
    // The stream will tell.
  }
}

/** The server has the request: from now on it has the job's own id. @param {Run} run @param {string | null} id @param {Job} [job] */
function accept(run, id, job) {
  if (run.accepted || !id) return;
  const before = run.id;
  const pending = jobs.value.find((one) => one.id === before);
  run.accepted = true;
  run.id = id;
  jobs.value = jobs.value.filter((one) => one.id !== before && one.id !== id);
  if (previews.value[before]) preview(id, previews.value[before].src, previews.value[before].index);
  if (selectedId.value === before) selectedId.value = id;
  if (job ?? pending) put(job ?? { .../** @type {Job} */ (pending), id, state: "running", local: false });
}

/** @param {string} id @param {string} src @param {number} index */
function preview(id, src, index) {
  const old = previews.value[id]?.src;
  if (old?.startsWith("blob:") && old !== src) URL.revokeObjectURL(old);
  previews.value = { ...previews.value, [id]: { src, index } };
}

/** @param {Job} job */
function put(job) {
  const at = jobs.value.findIndex((one) => one.id === job.id);
  jobs.value = at < 0 ? sorted([job, ...jobs.value]) : jobs.value.with(at, job);
}

/** @param {Job[]} list */
function sorted(list) {
  return list.sort((a, b) => Date.parse(b.created_at) - Date.parse(a.created_at));
}

/** @param {unknown} error */
function lost(error) {
  return new Problem({ code: "network", message: String(error) });
}

/** A stand-in until the server has given the job an id. @param {Run} run @returns {Job} */
function notYet({ id, wish }) {
  return {
    id, local: true, state: "queued", operation: wish.inputs.length ? "edit" : "generation",
    dialect: "openai", model: wish.model, served_model: null, deployment: null, sandbox: false,
    request: {
      ...wish, operation: wish.inputs.length ? "edit" : "generation", size_policy: "fit",
      inputs: wish.inputs.flatMap((input) => input.file_id ?? []), frame_count: null, frame_duration_ms: null,
    },
    output: null, usage: null, warnings: [], error: null, cancel_requested: false,
    created_at: new Date().toISOString(), started_at: null, finished_at: null,
    timings: { queued_ms: null, running_ms: null, total_ms: null }, attempts: [], assets: [],
  };
}
