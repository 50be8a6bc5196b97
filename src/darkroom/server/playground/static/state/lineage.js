// @ts-check
// What a job was made from and what was made from it: read when it is on the stage.

import { computed, effect, signal, untracked } from "../vendor/preact.js";
import { get } from "../lib/api.js";
import { isOpen, jobs, selected } from "./jobs.js";

/** @typedef {import("../lib/types").Job} Job */

const CHILDREN_MAX = 12;

/** Jobs that the list may not have. @type {import("../vendor/preact.js").Signal<Record<string, Job>>} */
const relatives = signal({});

/** The family of the job on the stage; null when it has none. */
export const family = computed(() => {
  const job = selected.value;
  if (!job || job.local) return null;
  /** @type {Map<string, Job>} */
  const known = new Map(Object.entries(relatives.value));
  for (const one of jobs.value) known.set(one.id, one);
  const parents = (job.parents ?? []).flatMap((id) => known.get(id) ?? []);
  const children = [...known.values()].filter((one) => one.parents?.includes(job.id));
  if (!parents.length && !children.length) return null;
  return { job, parents, children: children.sort((a, b) => Date.parse(a.created_at) - Date.parse(b.created_at)) };
});

/** A job's id, once for each state that matters. */
const wanted = computed(() => {
  const job = selected.value;
  return job && !job.local && !isOpen(job) ? job.id : "";
});

effect(() => {
  const id = wanted.value;
  untracked(() => id && void read(id));
});

/** @param {string} id */
async function read(id) {
  const job = jobs.peek().find((one) => one.id === id);
  if (!job) return;
  const known = new Set(jobs.peek().map((one) => one.id));
  const missing = (job.parents ?? []).filter((one) => !known.has(one) && !relatives.peek()[one]);
  const [parents, children] = await Promise.all([
    Promise.all(missing.map((one) => get(`/v1/jobs/${one}`).catch(() => null))),
    job.children ? get(`/v1/jobs?parent=${id}&limit=${CHILDREN_MAX}`).catch(() => null) : null,
  ]);
  const found = [...parents, ...(children?.data ?? [])].filter(Boolean);
  if (found.length) relatives.value = { ...relatives.peek(), ...Object.fromEntries(found.map((one) => [one.id, one])) };
}
