// @ts-check
// What a mask file looks like, without opening the painter.

import { filmOf, openOf } from "./convert.js";
import { measure } from "./feather.js";
import { pixelsIn } from "./files.js";
import { thumbnail } from "./thumbnail.js";

/** @param {Blob} blob transparent may change */
export async function looked(blob) {
  const pixels = await pixelsIn(blob);
  if (!pixels) throw new RangeError("the mask file is too large");
  const { data, width, height } = pixels;
  const open = openOf(data, "alpha");
  const film = await createImageBitmap(new ImageData(filmOf(open), width, height));
  return { width, height, share: measure(open).share, thumbnail: thumbnail(film, { width, height }) };
}
