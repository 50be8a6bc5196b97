// @ts-check
// Soft edges, and how much of a picture is open: arithmetic on one byte per pixel.

/**
 * Blur in place by three boxes, which is close to a Gaussian; their radii add up to `radius`, so an
 * edge fades over exactly so many pixels to each side. The border of the picture counts as going on.
 * @param {Uint8ClampedArray} open one byte per pixel @param {number} width @param {number} height @param {number} radius whole pixels
 */
export function feather(open, width, height, radius) {
  const other = new Uint8ClampedArray(open.length);
  for (let box = 0; box < 3; box++) {
    const reach = Math.floor((radius + box) / 3);
    if (!reach) continue;
    across(open, other, width, height, reach);
    down(other, open, width, height, reach);
  }
}

/** @param {Uint8ClampedArray} from @param {Uint8ClampedArray} to @param {number} width @param {number} height @param {number} reach */
function across(from, to, width, height, reach) {
  const count = 2 * reach + 1;
  const last = width - 1;
  for (let y = 0; y < height; y++) {
    const row = y * width;
    let sum = from[row] * (reach + 1);
    for (let x = 1; x <= reach; x++) sum += from[row + Math.min(x, last)];
    for (let x = 0; x < width; x++) {
      to[row + x] = (sum + reach) / count | 0;
      sum += from[row + Math.min(x + reach + 1, last)] - from[row + Math.max(x - reach, 0)];
    }
  }
}

/** Row by row with a sum per column, as memory lies. @param {Uint8ClampedArray} from @param {Uint8ClampedArray} to @param {number} width @param {number} height @param {number} reach */
function down(from, to, width, height, reach) {
  const count = 2 * reach + 1;
  const last = height - 1;
  const sums = new Uint32Array(width);
  for (let x = 0; x < width; x++) sums[x] = from[x] * (reach + 1);
  for (let y = 1; y <= reach; y++) {
    const row = Math.min(y, last) * width;
    for (let x = 0; x < width; x++) sums[x] += from[row + x];
  }
  for (let y = 0; y < height; y++) {
    const row = y * width;
    const entering = Math.min(y + reach + 1, last) * width;
    const leaving = Math.max(y - reach, 0) * width;
    for (let x = 0; x < width; x++) {
      to[row + x] = (sums[x] + reach) / count | 0;
      sums[x] += from[entering + x] - from[leaving + x];
    }
  }
}

/** @typedef {{ share: number, most: number }} Measure */

/** How much is open on the whole, 0 to 1, and at the most open point, 0 to 255. @param {Uint8ClampedArray} open @returns {Measure} */
export function measure(open) {
  let sum = 0;
  let most = 0;
  for (let i = 0; i < open.length; i++) {
    sum += open[i];
    if (open[i] > most) most = open[i];
  }
  return { share: sum / (255 * open.length), most };
}
