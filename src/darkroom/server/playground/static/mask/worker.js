// @ts-check
// Away from the page, so that it never stops: softens a mask, measures it, makes a file of it.

import { filmOf, pixelsOf } from "./convert.js";
import { feather, measure } from "./feather.js";

/**
 * The drawn mask as a picture, as opaque as it is open; answered under the same number with its
 * measure and either the softened picture or the file.
 * @typedef {{ number: number, picture: ImageBitmap, radius: number, convention: import("./convert.js").Convention | null }} Order
 * @typedef {{ number: number, measure: import("./feather.js").Measure, soft: ImageBitmap | null, blob: Blob | null } | { number: number, problem: string }} Answer
 */

/** @type {OffscreenCanvas | null} */
let canvas = null;

addEventListener("message", async (/** @type {MessageEvent<Order>} */ { data: order }) => {
  try {
    const answer = await carryOut(order);
    postMessage(answer, { transfer: answer.soft ? [answer.soft] : [] });
  } catch (error) {
    postMessage({ number: order.number, problem: String(error) });
  }
});

/** @param {Order} order */
async function carryOut({ number, picture, radius, convention }) {
  const { width, height } = picture;
  if (canvas?.width !== width || canvas.height !== height) canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context) throw new Error("no canvas");
  context.clearRect(0, 0, width, height);
  context.drawImage(picture, 0, 0);
  picture.close();
  const { data } = context.getImageData(0, 0, width, height);
  const open = new Uint8ClampedArray(width * height);
  for (let i = 0; i < open.length; i++) open[i] = data[i * 4 + 3];
  if (radius) feather(open, width, height, radius);
  let blob = null;
  let soft = null;
  if (convention) {
    context.putImageData(new ImageData(pixelsOf(open, convention), width, height), 0, 0);
    blob = await canvas.convertToBlob({ type: "image/png" });
  } else if (radius) {
    soft = await createImageBitmap(new ImageData(filmOf(open), width, height));
  }
  return { number, measure: measure(open), soft, blob };
}
