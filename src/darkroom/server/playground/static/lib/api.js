// @ts-check
// Calls the API as who is signed in; every failure comes out as a Problem.

import { OURS, session, sessionEnded } from "../state/session.js";

/** @typedef {import("./types").ErrorRecord} ErrorRecord */

/** Something that did not work, in the words of the API's error object. */
export class Problem extends Error {
  /** @param {ErrorRecord} record @param {number} [status] @param {string | null} [jobId] */
  constructor(record, status = 0, jobId = null) {
    super(record.message);
    this.record = record;
    this.status = status;
    this.jobId = jobId;
  }
}

/**
 * @param {string} path
 * @param {{ method?: string, json?: unknown, form?: FormData, signal?: AbortSignal, headers?: Record<string, string> }} [options]
 * @returns {Promise<Response>} an answer whose status is a success
 */
export async function call(path, options = {}) {
  const used = session.peek();
  /** @type {Record<string, string>} */
  const headers = { ...OURS, "x-darkroom-dialect": "openai", ...options.headers };
  if (options.json !== undefined) headers["content-type"] = "application/json";
  const body = options.json === undefined ? options.form : JSON.stringify(options.json);
  const method = options.method ?? (body === undefined ? "GET" : "POST");
  let response;
  try {
    response = await fetch(path, { method, headers, body, credentials: "same-origin", signal: options.signal });
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw new Problem({ code: "network", message: String(error) });
  }
  if (response.ok) return response;
  const problem = new Problem(
    await errorOf(response),
    response.status,
    response.headers.get("x-darkroom-job"),
  );
  // Somebody may have signed in anew meanwhile: only the session that was used is over.
  if (response.status === 401) sessionEnded(used);
  throw problem;
}

/** @param {string} path @returns {Promise<any>} */
export async function get(path) {
  return (await call(path)).json();
}

/** @param {string} path @param {unknown} json @returns {Promise<any>} */
export async function post(path, json) {
  return (await call(path, { json })).json();
}

/** @param {File} file @returns {Promise<{ id: string }>} */
export async function upload(file) {
  const form = new FormData();
  form.append("purpose", "vision");
  form.append("file", file);
  return (await call("/v1/files", { form })).json();
}

/** @param {Response} response @returns {Promise<ErrorRecord>} */
async function errorOf(response) {
  const wait = Number(response.headers.get("retry-after")) || null;
  try {
    const { error, details: fields } = await response.json();
    // Apiframe's: a text, and what is wrong by the path of the field.
    if (typeof error === "string") {
      return { code: "invalid_value", message: error, param: Object.keys(fields ?? {})[0] ?? null, retry_after_s: wait };
    }
    const details = error.moderation_details ?? {};
    return { ...error, code: error.code ?? "internal_error", details, retry_after_s: wait };
  } catch {
    return { code: "internal_error", message: `HTTP ${response.status}`, retry_after_s: wait };
  }
}
