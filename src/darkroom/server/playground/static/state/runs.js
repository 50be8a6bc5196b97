// @ts-check
// Sends requests and cancels jobs. Each request carries an idempotency key that the page made: its
// job is known at once, and nothing is bought twice however often the line breaks.

import { Problem, call, get, post } from "../lib/api.js";
import { outgoing } from "../lib/requests.js";
import { t } from "../lib/words.js";
import { say } from "../widgets/toast.js";
import { pause } from "./follow.js";
import { inputsUsed } from "./inputs.js";
import { announced, jobOf, put, replaceJob, selectedId, sessionSignal } from "./jobs.js";
import { maskUsed } from "./mask.js";

/** @typedef {import("../lib/types").Job} Job @typedef {import("../lib/types").Wish} Wish */
/** @typedef {{ token: string, wish: Wish, route: string, at: string, canceled: boolean }} Run a request without an answer yet */

const SENT = "darkroom.sent";
const STAND_IN = "local-";
/** Before a request whose answer was lost is looked for, and sent again. */
const PAUSES_MS = [300, 1_000, 3_000, 6_000];

/** By the id of the job that stands in. @type {Map<string, Run>} */
const runs = new Map();

/**
 * Send a wish and see it through.
 * @param {Wish} wish @param {string} [route] where it must go, as X-Darkroom-Route says it
 */
export async function submit(wish, route = "") {
  await begin({ token: newToken(), wish, route, at: new Date().toISOString(), canceled: false });
}

/** Send again what may have arrived: under the same idempotency key. @param {Job} job @param {Wish} wish */
export async function resend(job, wish) {
  const token = job.id.slice(STAND_IN.length);
  await begin({ token, wish, route: "", at: new Date().toISOString(), canceled: false });
}

/** @param {Run} run */
async function begin(run) {
  const job = standIn(run);
  put(job);
  selectedId.value = job.id;
  await deliver(run, () => accepted(run));
}

/** Ask the server to end a job; for one that it has not answered yet, as soon as it has. @param {Job} job */
export async function cancel(job) {
  const now = jobOf(job.id) ?? job;
  put({ ...now, cancel_requested: true });
  const run = runs.get(job.id);
  if (run) {
    run.canceled = true;
    remember();
    return;
  }
  try {
    put(await post(`/v1/jobs/${job.id}/cancel`, {}));
  } catch {
    const latest = jobOf(job.id);
    if (latest) put({ ...latest, cancel_requested: false });
    say(t("cancel.not"));
  }
}

/** After a reload: what was sent before it and had no answer is looked for. */
export async function resume() {
  await Promise.all(
    read().map(async (run) => {
      const job = standIn(run);
      if (runs.has(job.id)) return;
      put({ ...job, cancel_requested: run.canceled });
      selectedId.value = job.id;
      await deliver(run, () => found(run));
    }),
  );
}

/** @param {Run} run @param {() => Promise<Job>} work */
async function deliver(run, work) {
  const id = idOf(run);
  const session = sessionSignal();
  runs.set(id, run);
  remember();
  try {
    const job = await work();
    if (session.aborted) return;
    inputsUsed();
    maskUsed();
    replaceJob(id, { ...job, cancel_requested: job.cancel_requested || run.canceled });
    runs.delete(id);
    if (run.canceled) await cancel(job);
  } catch (error) {
    if (!session.aborted) fail(run, error instanceof Problem ? error : lost(String(error)));
  } finally {
    runs.delete(id);
    remember();
  }
}

/** The job that the server made of a request; sent again as often as it takes. @param {Run} run @returns {Promise<Job>} */
async function accepted(run) {
  const session = sessionSignal();
  for (let tries = 0; ; tries++) {
    try {
      return await sent(run, session);
    } catch (error) {
      const wasLost = error instanceof Problem && error.record.code === "network";
      if (!wasLost || tries >= PAUSES_MS.length || session.aborted) throw error;
      await pause(PAUSES_MS[tries]);
      const job = await collected(run.token);
      if (job) return job;
      if (run.canceled) throw new Problem({ code: "job_canceled", message: "" });
    }
  }
}

/** The job of a request that this page did not see answered. @param {Run} run @returns {Promise<Job>} */
async function found(run) {
  for (const ms of [0, ...PAUSES_MS]) {
    await pause(ms);
    const job = await collected(run.token);
    if (job) return job;
  }
  throw lost("The page was left before the request had arrived.");
}

/** @param {Run} run @param {AbortSignal} signal @returns {Promise<Job>} */
async function sent(run, signal) {
  const { path, body } = outgoing(run.wish);
  const headers = /** @type {Record<string, string>} */ ({
    prefer: "respond-async",
    "idempotency-key": run.token,
    ...(run.route && { "x-darkroom-route": run.route }),
  });
  const response = await call(path, { json: body, headers, signal });
  const id = response.headers.get("x-darkroom-job") ?? "";
  // The id is enough to go on: its record may come later.
  return get(`/v1/jobs/${id}`).catch(() => ({ ...standIn(run), id, local: false }));
}

/** @param {string} token @returns {Promise<Job | null>} */
async function collected(token) {
  try {
    return (await get(`/v1/jobs?idempotency_key=${token}`)).data[0] ?? null;
  } catch {
    return null;
  }
}

/** The server took nothing. @param {Run} run @param {Problem} problem */
function fail(run, problem) {
  const job = jobOf(idOf(run)) ?? standIn(run);
  const state = problem.record.code === "job_canceled" ? "canceled" : "failed";
  put({ ...job, state, error: state === "failed" ? problem.record : null, finished_at: new Date().toISOString() });
  announced.value = { state, n: 0 };
}

/** @param {string} message */
function lost(message) {
  return new Problem({ code: "network", message });
}

/** What has no answer yet outlives a reload, but not the tab. */
function remember() {
  sessionStorage.setItem(SENT, JSON.stringify([...runs.values()]));
}

/** @returns {Run[]} */
function read() {
  try {
    return JSON.parse(sessionStorage.getItem(SENT) ?? "[]");
  } catch {
    return [];
  }
}

/** `crypto.randomUUID` is missing on plain http, except from this very machine. */
function newToken() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return `page-${[...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}

/** @param {Run} run */
function idOf({ token }) {
  return STAND_IN + token;
}

/** A job as it will be, until the server has one. @param {Run} run @returns {Job} */
function standIn(run) {
  const { wish, at } = run;
  const operation = wish.inputs.length ? "edit" : "generation";
  return {
    id: idOf(run), local: true, state: "queued", operation,
    dialect: "openai", model: wish.model, served_model: null, deployment: null, sandbox: false,
    request: {
      ...wish, operation, size_policy: "fit", frame_count: null, frame_duration_ms: null,
      inputs: wish.inputs.flatMap((input) => input.file_id ?? []),
    },
    output: null, usage: null, quote: null, charge: null, warnings: [], error: null, cancel_requested: false,
    created_at: at, started_at: null, finished_at: null,
    timings: { queued_ms: null, running_ms: null, total_ms: null }, route: [], attempts: [], assets: [],
  };
}
