// @ts-check
// The images that an edit starts from: uploaded, behind a URL, or results of earlier jobs.

import { signal } from "../vendor/preact.js";
import { Problem, call, upload } from "../lib/api.js";
import { adoptUpload, srcOfId } from "../lib/pictures.js";
import { can } from "./models.js";
import { draft } from "./wishes.js";

/** @typedef {import("../lib/types").Input} Input */

const INPUT_BYTES_MAX = 50_000_000;

/** @type {import("../vendor/preact.js").Signal<Input[]>} */
export const inputs = signal(draft("inputs") ?? []);
/** Why the last image could not be added. @type {import("../vendor/preact.js").Signal<"" | "type" | "size" | "many" | "none">} */
export const inputProblem = signal("");

/** @param {Iterable<File>} files */
export async function addFiles(files) {
  inputProblem.value = "";
  for (const file of files) {
    if (!/^image\/(png|jpeg|webp)$/.test(file.type)) {
      inputProblem.value = "type";
    } else if (file.size > INPUT_BYTES_MAX) {
      inputProblem.value = "size";
    } else if (room()) {
      void addFile(file);
    }
  }
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
  inputProblem.value = "";
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) return false;
  if (!room()) return true;
  const name = new URL(url).hostname;
  const input = { id: null, url, src: null, name, state: /** @type {const} */ ("ready"), problem: null };
  inputs.value = [...inputs.value, { ...input, key: `${url}#${Date.now()}`, unused: false }];
  return true;
}

/** Exactly these stored images, in this order. @param {string[]} ids */
export function setInputs(ids) {
  for (const input of inputs.value) forget(input);
  inputs.value = ids.map((id) => storedInput(id, srcOfId(id)));
}

/** @param {string} id @param {string | null} src @returns {Input} */
function storedInput(id, src) {
  return { key: id, id, url: null, src, name: "", state: "ready", problem: null, unused: false };
}

/** @param {string} key */
export function removeInput(key) {
  const input = inputs.value.find((one) => one.key === key);
  inputs.value = inputs.value.filter((one) => one.key !== key);
  inputProblem.value = "";
  if (input) forget(input);
}

/** Move an input image by one place. @param {string} key @param {-1 | 1} by */
export function moveInput(key, by) {
  const list = [...inputs.value];
  const from = list.findIndex((one) => one.key === key);
  const to = from + by;
  if (from < 0 || to < 0 || to >= list.length) return;
  [list[from], list[to]] = [list[to], list[from]];
  inputs.value = list;
}

/** The input images are part of a job now: they stay. */
export function inputsUsed() {
  if (inputs.value.some((input) => input.unused)) {
    inputs.value = inputs.value.map((input) => ({ ...input, unused: false }));
  }
}

function room() {
  const most = can.value?.max_inputs ?? 16;
  if (inputs.value.length < most) return true;
  inputProblem.value = most ? "many" : "none";
  return false;
}

/** An upload that no job took is not kept. @param {Input} input */
function forget(input) {
  if (input.unused && input.id) void call(`/v1/files/${input.id}`, { method: "DELETE" }).catch(() => {});
}

/** @param {string} key @param {Partial<Input>} change */
function changeInput(key, change) {
  inputs.value = inputs.value.map((one) => (one.key === key ? { ...one, ...change } : one));
}
