// @ts-check
// Mask files in and out: opened in the convention they look most like, saved in any.

import { filmOf, guess, openOf } from "./convert.js";
import { undo } from "./model.js";

/** @typedef {import("./convert.js").Convention} Convention @typedef {import("./session.js").Session} Session */
/** A file that was opened; `operation` is what it became. @typedef {{ name: string, pixels: ImageData, convention: Convention, operation: import("./model.js").Imported }} MaskFile */

const BYTES_MAX = 50_000_000;
const PIXELS_MAX = 67_108_864;

/** Open a file as the mask; what was painted before can be had back by undoing. @param {Session} session @param {File} file */
export async function openFile(session, file) {
  session.fileProblem.value = "";
  try {
    const found = file.size > BYTES_MAX ? null : await pixelsIn(file);
    if (!found) {
      session.fileProblem.value = "large";
      return;
    }
    take(session, file.name, found, guess(found));
  } catch {
    session.fileProblem.value = "type";
  }
}

/** The file was meant otherwise. @param {Session} session @param {MaskFile} file @param {Convention} convention */
export function reopen(session, file, convention) {
  session.strokes.value = undo(session.strokes.peek());
  take(session, file.name, file.pixels, convention);
}

/** The file that was opened last, as long as nothing was done since. @param {Session} session */
export function fresh(session) {
  const file = session.file.value;
  const { operations, done } = session.strokes.value;
  return file && operations[done - 1] === file.operation ? file : null;
}

/** What a file opens, as the beginning of a mask. @param {Blob} blob @param {{ width: number, height: number }} picture @returns {Promise<import("./model.js").Strokes>} */
export async function strokesOf(blob, picture) {
  const pixels = await pixelsIn(blob);
  if (!pixels) throw new RangeError("the mask file is too large");
  const { width, height } = picture;
  return { width, height, operations: [{ kind: "file", picture: film(pixels, "alpha", picture) }], done: 1 };
}

/** Save the mask as a file. @param {Session} session @param {Convention} convention @param {string} name */
export async function saveFile(session, convention, name) {
  const { blob } = await session.toFile(convention);
  const link = document.createElement("a");
  link.href = URL.createObjectURL(/** @type {Blob} */ (blob));
  link.download = `${name || "picture"}-mask.png`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 30_000);
}

/** @param {Session} session @param {string} name @param {ImageData} pixels @param {Convention} convention */
function take(session, name, pixels, convention) {
  const operation = /** @type {const} */ ({ kind: "file", picture: film(pixels, convention, session.picture) });
  session.do(operation);
  session.file.value = { name, pixels, convention, operation };
}

/** As the numbers are in the file: no colour profile, no alpha multiplied in. @param {Blob} blob @returns {Promise<ImageData | null>} */
export async function pixelsIn(blob) {
  const bitmap = await createImageBitmap(blob, { premultiplyAlpha: "none", colorSpaceConversion: "none" });
  const { width, height } = bitmap;
  if (width * height > PIXELS_MAX) return null;
  const context = sheet(width, height);
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  return context.getImageData(0, 0, width, height);
}

/** Stretched to the picture when it has another size. @param {ImageData} pixels @param {Convention} convention @param {{ width: number, height: number }} picture */
function film({ data, width, height }, convention, picture) {
  const own = sheet(width, height);
  own.putImageData(new ImageData(filmOf(openOf(data, convention)), width, height), 0, 0);
  if (width === picture.width && height === picture.height) return own.canvas;
  const fitted = sheet(picture.width, picture.height);
  fitted.imageSmoothingQuality = "high";
  fitted.drawImage(own.canvas, 0, 0, picture.width, picture.height);
  return fitted.canvas;
}

/** @param {number} width @param {number} height */
function sheet(width, height) {
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  if (!context) throw new RangeError(`no canvas of ${width} by ${height}`);
  return context;
}
