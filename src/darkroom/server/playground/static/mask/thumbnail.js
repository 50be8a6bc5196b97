// @ts-check
// The mask in small, to be laid over the small picture.

import { FILMS } from "./habits.js";

const EDGE = 256;

/** @param {import("./session.js").Session} session @returns {string} a data: URL */
export function thumbnailOf({ coverage, picture }) {
  return thumbnail(coverage.canvas, picture);
}

/** @param {CanvasImageSource} film as opaque as the mask is open @param {{ width: number, height: number }} size @returns {string} a data: URL */
export function thumbnail(film, { width, height }) {
  const scale = Math.min(1, EDGE / Math.max(width, height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(width * scale));
  canvas.height = Math.max(1, Math.round(height * scale));
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  context.imageSmoothingQuality = "high";
  context.drawImage(film, 0, 0, canvas.width, canvas.height);
  context.globalCompositeOperation = "source-in";
  context.fillStyle = FILMS.red;
  context.fillRect(0, 0, canvas.width, canvas.height);
  return canvas.toDataURL();
}
