// @ts-check
// Looking at the picture: near or far, and which part of it.

import { computed, signal } from "../vendor/preact.js";
import { centred, fit, kept, toImage, toTable, zoomed } from "./lens.js";

/** @typedef {import("./lens.js").Lens} Lens @typedef {import("./lens.js").Size} Size */

export class View {
  /** @param {Size} picture */
  constructor(picture) {
    this.picture = picture;
    /** The table in CSS pixels, and device pixels for each of them. */
    this.table = signal({ width: 0, height: 0, ratio: 1 });
    /** Where the user put the picture; null while it fits by itself. @type {import("../vendor/preact.js").Signal<Lens | null>} */
    this.placed = signal(null);
    this.lens = computed(() => this.placed.value ?? fit(this.table.value, this.picture));
  }

  /** The table has another size now: what was in its middle stays there. @param {{ width: number, height: number, ratio: number }} table */
  resized(table) {
    const before = this.table.peek();
    const placed = this.placed.peek();
    this.table.value = table;
    if (!placed) return;
    const x = placed.x + (table.width - before.width) / 2;
    const y = placed.y + (table.height - before.height) / 2;
    this.placed.value = kept({ scale: placed.scale, x, y }, table, this.picture);
  }

  /** @param {number} factor @param {[number, number]} [at] CSS pixels of the table; its middle by default */
  zoom(factor, at) {
    const { width, height } = this.table.peek();
    const lens = this.lens.peek();
    this.placed.value = zoomed(lens, lens.scale * factor, at ?? [width / 2, height / 2], this.table.peek(), this.picture);
  }

  /** One image pixel is one CSS pixel. */
  actual() {
    this.placed.value = centred(this.table.peek(), this.picture, 1);
  }

  fit() {
    this.placed.value = null;
  }

  /** @param {number} x @param {number} y CSS pixels */
  pan(x, y) {
    const lens = this.lens.peek();
    this.placed.value = kept({ ...lens, x: lens.x + x, y: lens.y + y }, this.table.peek(), this.picture);
  }

  /** Bring a point of the picture into sight. @param {[number, number]} point */
  reveal(point) {
    const { width, height } = this.table.peek();
    const [x, y] = toTable(this.lens.peek(), point);
    const edge = Math.min(40, width / 4, height / 4);
    const by = [x, y].map((value, i) => {
      const most = [width, height][i] - edge;
      return value < edge ? edge - value : value > most ? most - value : 0;
    });
    if (by[0] || by[1]) this.pan(by[0], by[1]);
  }

  /** @param {[number, number]} at CSS pixels of the table */
  toImage(at) {
    return toImage(this.lens.peek(), at);
  }

  /** @param {[number, number]} point */
  toTable(point) {
    return toTable(this.lens.peek(), point);
  }
}
