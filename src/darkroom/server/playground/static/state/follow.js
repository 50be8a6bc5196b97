// @ts-check
// Follows running jobs: the one on the stage by its events, the others by asking now and then.
//
// Browsers open six connections to a server at most, over all their tabs, and a line of events
// takes one for as long as the job runs: so there is one line in a tab, and none in a hidden one.

import { effect, signal, untracked } from "../vendor/preact.js";
import { call } from "../lib/api.js";
import { pathOf } from "../lib/pictures.js";
import { events } from "../lib/sse.js";
import { expose, isOpen, jobOf, jobs, put, refresh, selectedId, sessionSignal } from "./jobs.js";

const POLL_MS = 1_500;
const HIDDEN_POLL_MS = 5_000;
/** Before a lost line is opened again. */
const PAUSES_MS = [200, 1_000, 2_000, 5_000];
/** The server gives a sign of life every 15 s: after so long a silence the line is dead. */
const SILENCE_MS = 45_000;

const isVisible = signal(!document.hidden);
document.addEventListener("visibilitychange", () => (isVisible.value = !document.hidden));

/** By whom: the session of before may still be letting go. @type {Map<string, AbortSignal>} */
const followed = new Map();
/** The last event that was heard of each job. @type {Map<string, string>} */
const heard = new Map();

/** Every open job of the list is followed, wherever it came from. */
effect(() => {
  const open = jobs.value.filter((job) => isOpen(job) && !job.local);
  untracked(() => open.forEach((job) => void follow(job.id)));
});

/** See a job through to its end. @param {string} id */
async function follow(id) {
  const session = sessionSignal();
  if (followed.get(id) === session) return;
  followed.set(id, session);
  let lost = 0;
  try {
    while (!session.aborted) {
      if (isWatched(id)) {
        lost = (await listen(id, session)) ? 0 : lost + 1;
      } else {
        await untilWatched(id, isVisible.peek() ? POLL_MS : HIDDEN_POLL_MS);
      }
      if (session.aborted) return;
      const job = await refresh(id);
      if (!job || !isOpen(job)) return;
      if (lost) await pause(PAUSES_MS[Math.min(lost, PAUSES_MS.length) - 1]);
    }
  } finally {
    if (followed.get(id) === session) {
      followed.delete(id);
      heard.delete(id);
    }
  }
}

/** @param {string} id */
function isWatched(id) {
  return selectedId.value === id && isVisible.value;
}

/**
 * Hear a job's events until it has ended or is not watched any more; false when the line broke.
 * @param {string} id @param {AbortSignal} session
 */
async function listen(id, session) {
  const line = new AbortController();
  const hangUp = () => line.abort();
  let isWanted = true;
  const stop = effect(() => {
    isWanted = isWatched(id);
    if (!isWanted) hangUp();
  });
  session.addEventListener("abort", hangUp);
  let silence = setTimeout(hangUp, SILENCE_MS);
  const alive = () => {
    clearTimeout(silence);
    silence = setTimeout(hangUp, SILENCE_MS);
  };
  try {
    const last = heard.get(id);
    const headers = /** @type {Record<string, string>} */ (last ? { "last-event-id": last } : {});
    const response = await call(`/v1/jobs/${id}/events`, { signal: line.signal, headers });
    if (!response.body) return true; // all was told before
    for await (const event of events(response.body, alive)) {
      tell(id, event.event, JSON.parse(event.data));
      heard.set(id, event.id);
      if (event.event === "settled") return true;
    }
    return false;
  } catch {
    return !isWanted || session.aborted;
  } finally {
    stop();
    clearTimeout(silence);
    session.removeEventListener("abort", hangUp);
    hangUp();
  }
}

/** @param {string} id @param {string} name @param {any} data */
function tell(id, name, data) {
  const job = jobOf(id);
  if (name === "progress") expose(id, { percent: data.progress });
  if (name === "partial_image") expose(id, { src: pathOf(data), index: data.index });
  if (name === "state" && data.state === "running" && job?.state === "queued") {
    put({ ...job, state: "running", started_at: data.at });
  }
}

/** @param {string} id @param {number} ms at most */
function untilWatched(id, ms) {
  return /** @type {Promise<void>} */ (
    new Promise((done) => {
      const timer = setTimeout(done, ms);
      const stop = effect(() => {
        if (!isWatched(id)) return;
        clearTimeout(timer);
        done();
      });
      setTimeout(stop, ms);
    })
  );
}

/** @param {number} ms */
export function pause(ms) {
  return /** @type {Promise<void>} */ (new Promise((done) => setTimeout(done, ms)));
}
