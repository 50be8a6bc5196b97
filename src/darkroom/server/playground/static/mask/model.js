// @ts-check
// A mask as the list of what was done to it, in image pixels: what is done last can be taken back.

/**
 * A drawn line: `points` is x, y, x, y…; `size` the diameter it had then, whatever the brush is now.
 * `pressures` has one number from 0 to 1 per point when a pen's pressure counts.
 * @typedef {{ kind: "stroke", erase: boolean, size: number, points: number[], pressures: number[] | null }} Stroke
 * @typedef {{ kind: "rectangle", erase: boolean, x: number, y: number, width: number, height: number }} Rectangle
 * @typedef {{ kind: "area", erase: boolean, points: number[] }} Area
 * What a mask file opens: a picture of the mask's size, as opaque as the mask is open there.
 * @typedef {{ kind: "file", picture: OffscreenCanvas }} Imported
 * @typedef {{ kind: "all" } | { kind: "clear" } | { kind: "invert" }} Whole
 * How many pixels to each side the edges fade over, for the mask as a whole.
 * @typedef {{ kind: "feather", radius: number }} Feather
 * @typedef {Stroke | Rectangle | Area | Imported | Whole} Drawn
 * @typedef {Drawn | Feather} Operation
 */
/**
 * The first `done` operations count; those after them have been undone.
 * @typedef {{ readonly width: number, readonly height: number, readonly operations: readonly Operation[], readonly done: number }} Strokes
 */

/** Operations after which it does not matter what was there before. */
const FRESH = new Set(["all", "clear", "file"]);
/** Points are kept to a sixteenth of a pixel. */
const FINENESS = 16;

/** A mask that opens nothing. @param {number} width @param {number} height @returns {Strokes} */
export function blank(width, height) {
  return { width, height, operations: [], done: 0 };
}

/** What was undone before is given up. @param {Strokes} strokes @param {Operation} operation @returns {Strokes} */
export function add(strokes, operation) {
  if (operation.kind === "clear" && drawn(strokes).length === 0) return strokes;
  const operations = strokes.operations.slice(0, strokes.done);
  // A slider that is dragged is one step, not thirty.
  if (operation.kind === "feather" && operations.at(-1)?.kind === "feather") operations.pop();
  operations.push(operation);
  return { ...strokes, operations, done: operations.length };
}

/** @param {Strokes} strokes @returns {Strokes} */
export function undo(strokes) {
  return strokes.done ? { ...strokes, done: strokes.done - 1 } : strokes;
}

/** @param {Strokes} strokes @returns {Strokes} */
export function redo(strokes) {
  return canRedo(strokes) ? { ...strokes, done: strokes.done + 1 } : strokes;
}

/** @param {Strokes} strokes */
export function canRedo(strokes) {
  return strokes.done < strokes.operations.length;
}

/** What is to be drawn, in order, onto nothing. @param {Strokes} strokes @returns {Drawn[]} */
export function drawn({ operations, done }) {
  let first = done;
  while (first > 0 && !FRESH.has(operations[first - 1].kind)) first--;
  if (first > 0 && operations[first - 1].kind !== "clear") first--;
  return operations.slice(first, done).filter((one) => one.kind !== "feather");
}

/** @param {Strokes} strokes @returns {number} pixels */
export function featherOf({ operations, done }) {
  const last = operations.slice(0, done).findLast((one) => one.kind === "feather");
  return last?.kind === "feather" ? last.radius : 0;
}

/** What has been drawn since an earlier state; null when something was taken back meanwhile. @param {Strokes} earlier @param {Strokes} later @returns {Drawn[] | null} */
export function since(earlier, later) {
  if (later.done < earlier.done || featherOf(earlier) !== featherOf(later)) return null;
  const last = earlier.done - 1;
  if (last >= 0 && earlier.operations[last] !== later.operations[last]) return null;
  return later.operations.slice(earlier.done, later.done).filter((one) => one.kind !== "feather");
}

/** @param {number} size @param {boolean} erase @param {boolean} hasPressure @returns {Stroke} */
export function stroke(size, erase, hasPressure) {
  return { kind: "stroke", erase, size, points: [], pressures: hasPressure ? [] : null };
}

/** Lengthen a line that is being drawn. @param {Stroke | Area} line @param {number} x @param {number} y @param {number} [pressure] */
export function extend(line, x, y, pressure = 1) {
  const at = [x, y].map((value) => Math.round(value * FINENESS) / FINENESS);
  if (line.points.at(-2) === at[0] && line.points.at(-1) === at[1]) return;
  line.points.push(...at);
  if (line.kind === "stroke") line.pressures?.push(pressure);
}

/**
 * Between two corners, on whole pixels, inside the picture; null when nothing of it is.
 * @param {{ width: number, height: number }} picture @param {[number, number]} from @param {[number, number]} to
 * @returns {{ x: number, y: number, width: number, height: number } | null}
 */
export function between(picture, from, to) {
  const within = (/** @type {number} */ value, /** @type {number} */ most) =>
    Math.min(Math.max(Math.round(value), 0), most);
  const [left, right] = [from[0], to[0]].map((x) => within(x, picture.width)).sort((a, b) => a - b);
  const [top, bottom] = [from[1], to[1]].map((y) => within(y, picture.height)).sort((a, b) => a - b);
  if (left === right || top === bottom) return null;
  return { x: left, y: top, width: right - left, height: bottom - top };
}
