// @ts-check
// The three ways in which a mask file says what may change, and from each to the other.

/** Transparent may change (OpenAI), black may (OpenTryOn), or white may (LocalAI, ComfyUI). @typedef {"alpha" | "black" | "white"} Convention */

/** @type {Convention[]} */
export const CONVENTIONS = ["alpha", "black", "white"];

/** Levels that a lossy format left between black and white fall on one side, as on the server. */
const MIDDLE = 128;

/** The way a file looks most like. @param {{ data: Uint8ClampedArray, width: number, height: number }} file RGBA @returns {Convention} */
export function guess({ data, width, height }) {
  for (let i = 3; i < data.length; i += 4) if (data[i] < 255) return "alpha";
  // What touches the border is mostly kept.
  let dark = 0;
  let seen = 0;
  for (let y = 0; y < height; y++) {
    const step = y === 0 || y === height - 1 ? 1 : Math.max(width - 1, 1);
    for (let x = 0; x < width; x += step, seen++) {
      if (grey(data, (y * width + x) * 4) < MIDDLE) dark++;
    }
  }
  return dark * 2 > seen ? "white" : "black";
}

/** How open each pixel is, 0 to 255. Where a black and white file is transparent, nothing was painted. @param {Uint8ClampedArray} data RGBA @param {Convention} convention */
export function openOf(data, convention) {
  const open = new Uint8ClampedArray(data.length / 4);
  for (let i = 0; i < open.length; i++) {
    const alpha = data[i * 4 + 3];
    if (convention === "alpha") {
      open[i] = 255 - alpha;
    } else {
      const ground = convention === "black" ? 255 : 0;
      const level = (grey(data, i * 4) * alpha + ground * (255 - alpha)) / 255;
      open[i] = level < MIDDLE === (convention === "black") ? 255 : 0;
    }
  }
  return open;
}

/** The pixels of a file that says so. @param {Uint8ClampedArray} open @param {Convention} convention @returns {Uint8ClampedArray<ArrayBuffer>} RGBA */
export function pixelsOf(open, convention) {
  const data = new Uint8ClampedArray(open.length * 4).fill(255);
  for (let i = 0; i < open.length; i++) {
    if (convention === "alpha") data[i * 4 + 3] = 255 - open[i];
    else data.fill(convention === "black" ? 255 - open[i] : open[i], i * 4, i * 4 + 3);
  }
  return data;
}

/** White, as opaque as the mask is open. @param {Uint8ClampedArray} open @returns {Uint8ClampedArray<ArrayBuffer>} RGBA */
export function filmOf(open) {
  const data = new Uint8ClampedArray(open.length * 4).fill(255);
  for (let i = 0; i < open.length; i++) data[i * 4 + 3] = open[i];
  return data;
}

/** ITU-R 601, in the whole numbers that Pillow uses. @param {Uint8ClampedArray} data @param {number} at */
function grey(data, at) {
  return (data[at] * 19595 + data[at + 1] * 38470 + data[at + 2] * 7471 + 0x8000) >> 16;
}
