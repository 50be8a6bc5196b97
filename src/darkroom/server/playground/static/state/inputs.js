// @ts-check
// The images that an edit starts from: uploaded, behind a URL, or results of earlier jobs.

import { signal } from "../vendor/preact.js";
import { Problem, call, upload } from "../lib/api.js";
import { adoptUpload, thumbOfId } from "../lib/pictures.js";
import { can } from "./models.js";
import { draft } from "./wishes.js";

/** @typedef {import("../lib/types").Input} Input */

const INPUT_BYTES_MAX = 50_000_000;

/** @type {import("../vendor/preact.js").Signal<Input[]>} */
export const inputs = signal(draft("inputs") ?? []);
/** @typedef {{ why: "type" | "size" | "many" | "none" | "empty", name: string, n: number }} Refused a file that was not added, or `n` that had no room */

/** What of the last files could not be added. @type {import("../vendor/preact.js").Signal<Refused[]>} */
export const refused = signal([]);

/** @param {Iterable<File>} files */
export function addFiles(files) {
  /** @type {Refused[]} */
  const found = [];
  let over = 0;
  for (const file of files) {
    const why = problemOf(file);
    if (why) found.push({ why, name: file.name, n: 1 });
    else if (hasRoom()) void addFile(file);
    else over++;
  }
  if (over) found.push({ why: most() ? "many" : "none", name: "", n: over });
  refused.value = found;
}

/** @param {File} file @returns {"" | "type" | "size" | "empty"} */
function problemOf(file) {
  if (!/^image\/(png|jpeg|webp)$/.test(file.type)) return "type";
  if (!file.size) return "empty";
  return file.size > INPUT_BYTES_MAX ? "size" : "";
}

/** @param {File} file */
async function addFile(file) {
  const key = `${file.name}#${Math.random()}`;
  const src = URL.createObjectURL(file);
  const input = /** @type {Input} */ ({
    key, id: null, url: null, src, name: file.name, state: "uploading", problem: null, unused: true,
  });
  inputs.value = [...inputs.value, input];
  try {
    const { id } = await upload(file);
    adoptUpload(id, src);
    changeInput(key, { id, state: "ready" });
  } catch (error) {
    const problem = error instanceof Problem ? error.message : String(error);
    changeInput(key, { state: "failed", problem });
  }
}

/** @param {string} url @returns {boolean} whether it is an address of an image at all */
export function addUrl(url) {
  refused.value = [];
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) return false;
  if (!hasRoom()) {
    refused.value = [{ why: most() ? "many" : "none", name: "", n: 1 }];
    return true;
  }
  const name = new URL(url).hostname;
  const input = { id: null, url, src: null, name, state: /** @type {const} */ ("ready"), problem: null };
  inputs.value = [...inputs.value, { ...input, key: `${url}#${Date.now()}`, unused: false }];
  return true;
}

/** Exactly these stored images, in this order. @param {string[]} ids */
export function setInputs(ids) {
  refused.value = [];
  for (const input of inputs.value) if (!input.id || !ids.includes(input.id)) forget(input);
  inputs.value = ids.map((id) => storedInput(id, thumbOfId(id)));
}

/** @param {string} id @param {string | null} src @returns {Input} */
function storedInput(id, src) {
  return { key: id, id, url: null, src, name: "", state: "ready", problem: null, unused: false };
}

/** @param {string} key */
export function removeInput(key) {
  const input = inputs.value.find((one) => one.key === key);
  inputs.value = inputs.value.filter((one) => one.key !== key);
  refused.value = [];
  if (input) forget(input);
}

/** Move an input image to a place, from 0. @param {string} key @param {number} to */
export function moveInput(key, to) {
  const from = inputs.value.findIndex((one) => one.key === key);
  if (from < 0 || to < 0 || to >= inputs.value.length || to === from) return;
  const list = inputs.value.toSpliced(from, 1);
  inputs.value = list.toSpliced(to, 0, inputs.value[from]);
}

/** The input images are part of a job now: they stay. */
export function inputsUsed() {
  if (inputs.value.some((input) => input.unused)) {
    inputs.value = inputs.value.map((input) => ({ ...input, unused: false }));
  }
}

function most() {
  return can.value?.max_inputs ?? 16;
}

function hasRoom() {
  return inputs.value.length < most();
}

/** An upload that no job took is not kept. @param {Input} input */
function forget(input) {
  if (input.unused && input.id) void call(`/v1/files/${input.id}`, { method: "DELETE" }).catch(() => {});
}

/** @param {string} key @param {Partial<Input>} change */
function changeInput(key, change) {
  inputs.value = inputs.value.map((one) => (one.key === key ? { ...one, ...change } : one));
}
