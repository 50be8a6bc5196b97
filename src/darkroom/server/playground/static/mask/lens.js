// @ts-check
// How the picture lies on the table: its scale, and where its upper left corner is.

/** `scale` is CSS pixels per image pixel; `x` and `y` are CSS pixels from the table's corner. @typedef {{ scale: number, x: number, y: number }} Lens */
/** @typedef {{ width: number, height: number }} Size */

const MARGIN = 28;
const NARROW_MARGIN = 12;
const LARGEST = 32;
/** So much of the picture stays in sight, in CSS pixels. */
const KEPT = 48;

/** All of the picture, in the middle; small ones are not enlarged beyond 4 times. @param {Size} table @param {Size} picture @returns {Lens} */
export function fit(table, picture) {
  const margin = 2 * (Math.min(table.width, table.height) < 480 ? NARROW_MARGIN : MARGIN);
  const across = Math.max(table.width - margin, 16) / picture.width;
  const down = Math.max(table.height - margin, 16) / picture.height;
  return centred(table, picture, Math.min(across, down, 4));
}

/** @param {Size} table @param {Size} picture @param {number} scale @returns {Lens} */
export function centred(table, picture, scale) {
  return {
    scale,
    x: (table.width - picture.width * scale) / 2,
    y: (table.height - picture.height * scale) / 2,
  };
}

/** Nearer or farther; the point of the table stays over the same point of the picture. @param {Lens} lens @param {number} scale @param {[number, number]} at @param {Size} table @param {Size} picture @returns {Lens} */
export function zoomed(lens, scale, [x, y], table, picture) {
  const smallest = Math.min(fit(table, picture).scale / 2, 1);
  const found = Math.min(Math.max(scale, smallest), LARGEST);
  const grown = found / lens.scale;
  return kept({ scale: found, x: x - (x - lens.x) * grown, y: y - (y - lens.y) * grown }, table, picture);
}

/** Never so far away that the picture is lost. @param {Lens} lens @param {Size} table @param {Size} picture @returns {Lens} */
export function kept({ scale, x, y }, table, picture) {
  const within = (/** @type {number} */ value, /** @type {number} */ room, /** @type {number} */ length) =>
    Math.min(Math.max(value, KEPT - length), room - KEPT);
  return {
    scale,
    x: within(x, table.width, picture.width * scale),
    y: within(y, table.height, picture.height * scale),
  };
}

/** From CSS pixels of the table to image pixels. @param {Lens} lens @param {[number, number]} at @returns {[number, number]} */
export function toImage(lens, [x, y]) {
  return [(x - lens.x) / lens.scale, (y - lens.y) / lens.scale];
}

/** From image pixels to CSS pixels of the table. @param {Lens} lens @param {[number, number]} at @returns {[number, number]} */
export function toTable(lens, [x, y]) {
  return [x * lens.scale + lens.x, y * lens.scale + lens.y];
}
