// @ts-check
// One opening of the painter: what is painted, and what the hand is doing.

import { batch, computed, effect, signal } from "../vendor/preact.js";
import { Lab } from "./lab.js";
import { add, between, blank, extend, featherOf, redo, undo } from "./model.js";
import { areasErase, rememberSize, sizeFor, tool } from "./habits.js";
import { Coverage } from "./render.js";
import { toolOf } from "./tools.js";
import { View } from "./view.js";

/** @typedef {import("./model.js").Operation} Operation @typedef {import("./model.js").Drawn} Drawn @typedef {import("./model.js").Strokes} Strokes */
/** @typedef {import("./tools.js").Hand} Hand */
/** @template T @typedef {import("../vendor/preact.js").Signal<T>} Signal */

/** Within so many CSS pixels of its first corner a lasso is closed. */
const NEAR = 9;

export class Session {
  /** @param {{ width: number, height: number, strokes: Strokes | null }} given */
  constructor({ width, height, strokes }) {
    this.picture = { width, height };
    this.view = new View(this.picture);
    this.opened = strokes ?? blank(width, height);
    this.strokes = signal(this.opened);
    this.coverage = new Coverage(width, height);
    this.lab = new Lab();

    this.size = signal(sizeFor(this.picture));
    /** The slider of the size is moved: the brush is shown in the middle. */
    this.isSizing = signal(false);
    /** What is being drawn just now. @type {Signal<{ operation: Drawn | null } | null>} */
    this.live = signal(null);
    /** The corners of a lasso that was begun with clicks or keys: x, y, x, y… @type {Signal<number[]>} */
    this.corners = signal([]);
    /** Where a rectangle was begun with the keys. @type {Signal<[number, number] | null>} */
    this.anchor = signal(null);
    /** The pointer, in image pixels. @type {Signal<[number, number] | null>} */
    this.pointer = signal(null);
    /** What the arrow keys move. @type {Signal<[number, number] | null>} */
    this.crosshair = signal(null);
    /** The rectangle of the number fields, and whether it is being looked at. */
    this.box = signal(middle(width, height));
    this.showsBox = signal(false);
    /** The space bar is down: the hand, for as long. */
    this.spaceHeld = signal(false);
    this.usesHand = computed(() => this.spaceHeld.value || tool.value === "hand");

    /** The newest measure and softened picture, and what they were made of. @type {Signal<{ of: Strokes, measure: import("./feather.js").Measure, soft: ImageBitmap | null } | null>} */
    this.proof = signal(null);
    /** Why it cannot be applied. @type {Signal<"" | "empty" | "soft" | "failed">} */
    this.problem = signal("");
    /** A mask file that is about to be taken. @type {Signal<import("./files.js").MaskFile | null>} */
    this.file = signal(null);
    /** @type {Signal<"" | "type" | "large">} */
    this.fileProblem = signal("");
    this.hasChanged = computed(() => this.strokes.value !== this.opened);

    /** The end of the last line, from which Shift draws a straight one. @type {[number, number] | null} */
    this.last = null;
    this.#stop = effect(() => this.#develop(this.strokes.value));
  }

  #stop;
  /** @type {[number, number]} */
  #from = [0, 0];

  /** @param {Operation} operation */
  do(operation) {
    this.problem.value = "";
    this.strokes.value = add(this.strokes.peek(), operation);
  }

  undo() {
    if (this.corners.peek().length) this.corners.value = this.corners.peek().slice(0, -2);
    else this.strokes.value = undo(this.strokes.peek());
    this.problem.value = "";
  }

  redo() {
    this.strokes.value = redo(this.strokes.peek());
    this.problem.value = "";
  }

  /** Whether an area closes the picture. @param {Hand} hand */
  takes({ takes }) {
    return areasErase.peek() !== takes;
  }

  /** @param {number} size image pixels */
  resize(size) {
    this.size.value = rememberSize(this.picture, size);
  }

  /** The hand goes down. @param {Hand} hand */
  begin(hand) {
    const used = toolOf(tool.peek());
    if (!used.begin) return;
    this.problem.value = "";
    this.#from = hand.at;
    this.live.value = { operation: used.begin(this, hand) };
  }

  /** The hand has moved, maybe over several points. @param {Hand[]} hands */
  lead(hands) {
    const live = this.live.peek();
    if (!live) return;
    let { operation } = live;
    for (const hand of hands) operation = toolOf(tool.peek()).lead?.(this, operation, hand, this.#from) ?? null;
    this.live.value = { operation };
  }

  /** The hand goes up. @param {boolean} isClick it did not move */
  end(isClick) {
    const operation = this.live.peek()?.operation;
    batch(() => {
      this.live.value = null;
      if (!operation) return;
      if (operation.kind === "area" && (isClick || this.corners.peek().length)) {
        this.#corner(operation);
        return;
      }
      this.#note(operation);
      this.do(operation);
    });
  }

  /** What was begun is forgotten. @returns {boolean} whether there was anything */
  drop() {
    const had = this.live.peek() || this.corners.peek().length || this.anchor.peek();
    batch(() => {
      this.live.value = this.anchor.value = null;
      this.corners.value = [];
    });
    return Boolean(had);
  }

  /** What a press at the cross-hair does. @param {Hand} hand */
  stamp(hand) {
    const anchor = this.anchor.peek();
    if (tool.peek() === "rectangle" && !anchor) {
      this.anchor.value = hand.at;
      return;
    }
    this.begin(hand);
    if (anchor) {
      this.#from = anchor;
      this.lead([hand]);
      this.anchor.value = null;
    }
    this.end(true);
  }

  /** Join the last corner of a lasso to its first. */
  finish() {
    const points = this.corners.peek();
    if (points.length < 6) return;
    const erase = areasErase.peek();
    batch(() => {
      this.corners.value = [];
      this.do({ kind: "area", erase, points });
    });
  }

  /** @param {import("./convert.js").Convention} convention */
  async toFile(convention) {
    this.coverage.show(this.strokes.peek());
    return this.lab.file(this.coverage.canvas, featherOf(this.strokes.peek()), convention);
  }

  close() {
    this.#stop();
    this.lab.close();
    this.proof.peek()?.soft?.close();
  }

  /** @param {import("./model.js").Area} area */
  #corner({ points, erase }) {
    const [x, y] = this.view.toTable([points[0], points[1]]);
    const [endX, endY] = this.view.toTable([points[points.length - 2], points[points.length - 1]]);
    this.corners.value = points;
    if (points.length < 8 || Math.hypot(endX - x, endY - y) > NEAR) return;
    this.corners.value = [];
    this.do({ kind: "area", erase, points: points.slice(0, -2) });
  }

  /** @param {Drawn} operation */
  #note(operation) {
    if (operation.kind === "stroke") this.last = [operation.points[operation.points.length - 2], operation.points[operation.points.length - 1]];
    if (operation.kind === "rectangle") {
      const { x, y, width, height } = operation;
      this.box.value = { x, y, width, height };
    }
  }

  /** Draw it in full size, and have it softened and measured. @param {Strokes} strokes */
  #develop(strokes) {
    this.coverage.show(strokes);
    let of = strokes;
    this.lab.proof(
      () => {
        of = this.strokes.peek();
        return { picture: this.coverage.canvas, radius: featherOf(of) };
      },
      ({ measure, soft }) => {
        this.proof.peek()?.soft?.close();
        this.proof.value = { of, measure, soft };
      },
    );
  }
}

/** @param {number} width @param {number} height */
function middle(width, height) {
  const from = /** @type {[number, number]} */ ([width / 4, height / 4]);
  return between({ width, height }, from, [Math.max(width * 0.75, from[0] + 1), Math.max(height * 0.75, from[1] + 1)])
    ?? { x: 0, y: 0, width, height };
}
