// @ts-check
// How one likes to paint: kept from one opening of the painter to the next.

import { signal } from "../vendor/preact.js";

/** The films that show what is open. Red is what retouchers cut their masks from. */
export const FILMS = /** @type {const} */ ({ red: "#f03a1f", yellow: "#ffc400", green: "#00b56a", blue: "#2f7bff" });

export const tool = signal(/** @type {import("./tools.js").Tool["name"]} */ ("brush"));
export const film = signal(/** @type {keyof typeof FILMS} */ ("red"));
/** Per cent. */
export const opacity = signal(55);
/** Rectangles and lassos close the picture again. */
export const areasErase = signal(false);
/** A pen was seen, and its pressure is to count. */
export const penSeen = signal(false);
export const usesPressure = signal(false);

/** The brush as a part of the picture's longer edge, so that it suits the next picture, too. */
let share = 0.07;
const LARGEST = 1_000;

/** @param {{ width: number, height: number }} picture @returns {number} the largest brush, in image pixels */
export function largest({ width, height }) {
  return Math.min(LARGEST, Math.max(width, height));
}

/** @param {{ width: number, height: number }} picture */
export function sizeFor(picture) {
  const { width, height } = picture;
  return Math.min(Math.max(Math.round(share * Math.max(width, height)), 1), largest(picture));
}

/** @param {{ width: number, height: number }} picture @param {number} size @returns {number} the nearest possible one */
export function rememberSize(picture, size) {
  const found = Math.min(Math.max(Math.round(size), 1), largest(picture));
  share = found / Math.max(picture.width, picture.height);
  return found;
}
