// @ts-check
// Draws operations, the same whether on the mask in full size or on the table while the hand moves.

import { drawn } from "./model.js";

/** @typedef {import("./model.js").Drawn} Drawn @typedef {import("./model.js").Stroke} Stroke @typedef {import("./model.js").Strokes} Strokes */
/** @typedef {CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D} Context */

/** Up to this size a brush is a pencil: whole pixels, no soft rim. */
const PENCIL = 3;
/** A state is kept so many operations back, so that undoing does not draw everything again. */
const STEPS_KEPT = 12;

/** @param {Context} context in image pixels @param {Drawn} operation @param {{ width: number, height: number }} size */
export function draw(context, operation, { width, height }) {
  const erases = "erase" in operation && operation.erase;
  context.globalCompositeOperation = erases ? "destination-out" : "source-over";
  context.fillStyle = context.strokeStyle = "#fff";
  PENS[operation.kind](context, /** @type {any} */ (operation), width, height);
  context.globalCompositeOperation = "source-over";
}

/** @type {{ [K in Drawn["kind"]]: (context: Context, operation: Extract<Drawn, { kind: K }>, width: number, height: number) => void }} */
const PENS = {
  stroke: (context, operation) => line(context, operation),
  rectangle: (context, { x, y, width, height }) => context.fillRect(x, y, width, height),
  area(context, { points }) {
    context.beginPath();
    for (let i = 0; i < points.length; i += 2) context.lineTo(points[i], points[i + 1]);
    context.fill();
  },
  file: (context, { picture }) => context.drawImage(picture, 0, 0),
  all: (context, _, width, height) => context.fillRect(0, 0, width, height),
  clear: (context, _, width, height) => context.clearRect(0, 0, width, height),
  invert(context, _, width, height) {
    context.globalCompositeOperation = "source-out";
    context.fillRect(0, 0, width, height);
  },
};

/** @param {Context} context @param {Stroke} stroke */
function line(context, stroke) {
  const { points, size, pressures } = stroke;
  if (size <= PENCIL) return pencil(context, stroke);
  context.lineCap = context.lineJoin = "round";
  if (points.length === 2) {
    context.beginPath();
    context.arc(points[0], points[1], widthAt(stroke, 0) / 2, 0, 2 * Math.PI);
    return context.fill();
  }
  if (pressures) return pressed(context, stroke);
  context.lineWidth = size;
  context.beginPath();
  context.moveTo(points[0], points[1]);
  // Through the middles between points: a quick hand leaves few points, but no corners.
  for (let i = 2; i < points.length - 2; i += 2) {
    const [x, y] = [points[i], points[i + 1]];
    context.quadraticCurveTo(x, y, (x + points[i + 2]) / 2, (y + points[i + 3]) / 2);
  }
  context.lineTo(/** @type {number} */ (points.at(-2)), /** @type {number} */ (points.at(-1)));
  context.stroke();
}

/** @param {Context} context @param {Stroke} stroke */
function pressed(context, stroke) {
  const { points } = stroke;
  for (let i = 2; i < points.length; i += 2) {
    context.lineWidth = (widthAt(stroke, i / 2 - 1) + widthAt(stroke, i / 2)) / 2;
    context.beginPath();
    context.moveTo(points[i - 2], points[i - 1]);
    context.lineTo(points[i], points[i + 1]);
    context.stroke();
  }
}

/** @param {Stroke} stroke @param {number} place */
function widthAt({ size, pressures }, place) {
  return pressures ? size * (0.2 + 0.8 * pressures[place]) : size;
}

/** @param {Context} context @param {Stroke} stroke */
function pencil(context, { points, size }) {
  const dab = (/** @type {number} */ x, /** @type {number} */ y) =>
    context.fillRect(Math.round(x - size / 2), Math.round(y - size / 2), size, size);
  dab(points[0], points[1]);
  for (let i = 2; i < points.length; i += 2) {
    const [fromX, fromY, x, y] = points.slice(i - 2, i + 2);
    const steps = Math.ceil(2 * Math.hypot(x - fromX, y - fromY));
    for (let step = 1; step <= steps; step++) {
      const part = step / steps;
      dab(fromX + (x - fromX) * part, fromY + (y - fromY) * part);
    }
  }
}

/** The drawn mask in full size: white, as opaque as the mask is open. */
export class Coverage {
  /** @param {number} width @param {number} height */
  constructor(width, height) {
    this.size = { width, height };
    this.#now = sheet(width, height);
    this.#earlier = sheet(width, height);
  }

  /** @type {{ context: CanvasRenderingContext2D, holds: Drawn[] }} */
  #now;
  /** @type {{ context: CanvasRenderingContext2D, holds: Drawn[] }} */
  #earlier;

  get canvas() {
    return this.#now.context.canvas;
  }

  /** Draw what is missing, from the nearest state that is known. @param {Strokes} strokes */
  show(strokes) {
    const wanted = drawn(strokes);
    if (!starts(wanted, this.#now.holds)) {
      if (!starts(wanted, this.#earlier.holds)) {
        this.#erase(this.#earlier);
        this.#advance(this.#earlier, wanted.slice(0, -STEPS_KEPT));
      }
      this.#erase(this.#now);
      this.#now.context.drawImage(this.#earlier.context.canvas, 0, 0);
      this.#now.holds = this.#earlier.holds;
    }
    this.#advance(this.#now, wanted);
    if (wanted.length - this.#earlier.holds.length > 2 * STEPS_KEPT && starts(wanted, this.#earlier.holds)) {
      this.#advance(this.#earlier, wanted.slice(0, -STEPS_KEPT));
    }
  }

  /** @param {{ context: CanvasRenderingContext2D, holds: Drawn[] }} state */
  #erase(state) {
    state.context.clearRect(0, 0, this.size.width, this.size.height);
    state.holds = [];
  }

  /** @param {{ context: CanvasRenderingContext2D, holds: Drawn[] }} state @param {Drawn[]} wanted */
  #advance(state, wanted) {
    for (const operation of wanted.slice(state.holds.length)) draw(state.context, operation, this.size);
    state.holds = wanted;
  }
}

/** @param {Drawn[]} list @param {Drawn[]} beginning */
function starts(list, beginning) {
  return beginning.length <= list.length && beginning.every((one, i) => one === list[i]);
}

/** @param {number} width @param {number} height */
function sheet(width, height) {
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  const context = canvas.getContext("2d");
  if (!context) throw new RangeError(`no canvas of ${width} by ${height}`);
  return { context, holds: [] };
}
