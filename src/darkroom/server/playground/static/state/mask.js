// @ts-check
// The mask of the edit that is being prepared: for which image, where it is stored. It outlives jobs and reloads.

import { computed, signal } from "../vendor/preact.js";
import { Problem, call, upload } from "../lib/api.js";
import { adoptUpload, srcOfId } from "../lib/pictures.js";
import { loadWords, t } from "../lib/words.js";
import { say } from "../widgets/toast.js";
import { inputs } from "./inputs.js";

/** @typedef {import("../lib/types").Input} Input @typedef {import("../lib/types").Mask} Mask */

const KEPT = "darkroom.mask";

/** @type {import("../vendor/preact.js").Signal<Mask | null>} */
export const mask = signal(remembered());

/** Whether it goes with the first input image, which alone a mask can be for. @type {import("../vendor/preact.js").ReadonlySignal<"none" | "fits" | "elsewhere">} */
export const maskFit = computed(() => {
  const [first] = inputs.value;
  if (!mask.value) return "none";
  return first && isFor(mask.value, first) ? "fits" : "elsewhere";
});

/** The page may not read what other hosts serve: an image behind a URL has no mask here. @param {Input} input */
export function canPaint(input) {
  return input.state === "ready" && input.id !== null;
}

/** Open the painter for an input image. @param {Input} input @returns {Promise<boolean>} whether a mask was applied */
export async function paintMask(input) {
  const before = mask.peek();
  const mine = before && isFor(before, input) ? before : null;
  try {
    const [{ openPainter }, src] = await Promise.all([import("../mask/painter.js"), wholeOf(input)]);
    const { width, height } = await sizeOf(src);
    const file = mine && !mine.strokes ? await stored(mine) : null;
    const name = input.name.replace(/\.\w{1,5}$/, "");
    const painted = await openPainter({ src, width, height, mask: mine?.strokes ?? null, file, name });
    if (!painted) return false;
    put({ of: { key: input.key, id: input.id ?? input.key }, width, height, ...painted });
    return true;
  } catch {
    await loadWords("mask").catch(() => {}); // without them the word itself says enough
    say(t("paint.unreadable"));
    return false;
  }
}

export function removeMask() {
  forget(mask.peek());
  keep(null);
}

/** The mask is part of a job now: it stays. */
export function maskUsed() {
  const now = mask.peek();
  if (now?.unused) keep({ ...now, unused: false });
}

/** Upload again what could not be uploaded. */
export function retryMask() {
  const now = mask.peek();
  if (now?.blob && now.state === "failed") void send(now, now.blob);
}

/** The mask of an earlier job, for the same image again. @param {string} id @param {string} inputId @param {string} [src] where its pixels are, if that is known */
export async function takeMask(id, inputId, src) {
  forget(mask.peek());
  /** @type {Mask} */
  const found = {
    of: { key: inputId, id: inputId }, width: 0, height: 0, share: 0, thumbnail: null, id, state: "ready",
    problem: null, blob: null, strokes: null, unused: false,
  };
  keep(found);
  try {
    const blob = await (src ? (await fetch(src)).blob() : stored(found));
    const { looked } = await import("../mask/look.js");
    const seen = await looked(blob);
    if (mask.peek()?.id === id) keep({ ...found, blob, ...seen });
  } catch {
    // It is known by its id alone, and sent all the same.
  }
}

/** @param {Mask} one @param {Input} input */
function isFor(one, input) {
  return one.of.key === input.key || (input.id !== null && one.of.id === input.id);
}

/** @param {Pick<Mask, "of" | "width" | "height"> & import("../mask/painter.js").Painted} given */
function put({ of, width, height, blob, thumbnail, share, mask: strokes }) {
  forget(mask.peek());
  /** @type {Mask} */
  const next = {
    of, width, height, share, thumbnail, id: null, state: "uploading", problem: null, blob, strokes, unused: true,
  };
  void send(next, blob);
}

/** @param {Mask} one @param {Blob} blob */
async function send(one, blob) {
  const sent = keep({ ...one, state: "uploading", problem: null });
  try {
    const { id } = await upload(new File([blob], "mask.png", { type: "image/png" }));
    if (mask.peek() === sent) keep({ ...sent, id, state: "ready" });
    else forget({ ...sent, id });
  } catch (error) {
    const problem = error instanceof Problem ? error.message : String(error);
    if (mask.peek() === sent) keep({ ...sent, state: "failed", problem });
  }
}

/** @template {Mask | null} M @param {M} next @returns {M} */
function keep(next) {
  mask.value = next;
  if (next?.state === "ready") sessionStorage.setItem(KEPT, JSON.stringify({ ...next, blob: null, strokes: null }));
  else sessionStorage.removeItem(KEPT);
  return next;
}

/** @returns {Mask | null} */
function remembered() {
  try {
    return JSON.parse(sessionStorage.getItem(KEPT) ?? "null");
  } catch {
    return null;
  }
}

/** An upload that no job took is not kept. @param {Mask | null} one */
function forget(one) {
  if (one?.unused && one.id) void call(`/v1/files/${one.id}`, { method: "DELETE" }).catch(() => {});
}

/** @param {Mask} one @returns {Promise<Blob>} */
async function stored(one) {
  return one.blob ?? (await call(`/v1/files/${one.id}/content`)).blob();
}

/** The picture itself: what the form shows of it may be a small one. @param {Input} input @returns {Promise<string>} */
async function wholeOf({ id, src }) {
  const known = (id && srcOfId(id)) ?? (src?.startsWith("blob:") ? src : null);
  if (known || !id) return known ?? "";
  const whole = URL.createObjectURL(await (await call(`/v1/files/${id}/content`)).blob());
  adoptUpload(id, whole);
  return whole;
}

/** @param {string} src */
async function sizeOf(src) {
  const image = new Image();
  image.src = src;
  await image.decode();
  return { width: image.naturalWidth, height: image.naturalHeight };
}
