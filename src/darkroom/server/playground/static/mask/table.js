// @ts-check
// The table: the picture, above it the film that shows what is open, above that the cursor.

import { effect } from "../vendor/preact.js";
import { drawGlass } from "./glass.js";
import { FILMS, film as chosen, opacity } from "./habits.js";
import { since } from "./model.js";
import { draw } from "./render.js";

/** @typedef {import("./session.js").Session} Session @typedef {CanvasRenderingContext2D} Context */

/** From so many device pixels per image pixel on, pixels are shown as squares. */
const SQUARES = 3;
const CHECK = 12;

export class Table {
  /** @param {HTMLElement} stage with three canvases @param {Session} session @param {HTMLImageElement} image */
  constructor(stage, session, image) {
    this.#stage = stage;
    this.#session = session;
    this.#image = image;
    const [print, film, glass] = [...stage.querySelectorAll("canvas")].map(contextOf);
    this.#print = print;
    this.#film = film;
    this.#glass = glass;
    this.#under = contextOf(document.createElement("canvas"));
    this.#tile = checks();
  }

  #stage; #session; #image; #print; #film; #glass;
  /** The film without what the hand is drawing: made once per stroke, not once per frame. */
  #under;
  #tile;
  /** @type {Set<"print" | "under" | "film" | "glass">} */
  #stale = new Set();
  #frame = 0;

  /** Follow whatever changes. @returns {() => void} stop */
  follow() {
    const { view, strokes, proof, live, pointer, crosshair, corners, anchor, box, showsBox, size, isSizing, usesHand } = this.#session;
    const measure = () => view.resized({
      width: this.#stage.clientWidth, height: this.#stage.clientHeight, ratio: devicePixelRatio,
    });
    const observer = new ResizeObserver(measure);
    observer.observe(this.#stage);
    addEventListener("resize", measure); // another ratio alone is no resize of the element
    measure();
    const stops = [
      effect(() => { void [view.table.value, view.lens.value]; this.#redraw("print", "under", "film", "glass"); }),
      effect(() => { void [strokes.value, proof.value]; this.#redraw("under", "film"); }),
      effect(() => { void [live.value, chosen.value]; this.#redraw("film", "glass"); }),
      effect(() => { void [pointer.value, crosshair.value, corners.value, anchor.value]; this.#redraw("glass"); }),
      effect(() => { void [box.value, showsBox.value, size.value, isSizing.value, usesHand.value]; this.#redraw("glass"); }),
      effect(() => { this.#film.canvas.style.opacity = String(opacity.value / 100); }),
    ];
    return () => {
      cancelAnimationFrame(this.#frame);
      observer.disconnect();
      removeEventListener("resize", measure);
      for (const stop of stops) stop();
    };
  }

  /** @param {("print" | "under" | "film" | "glass")[]} parts */
  #redraw(...parts) {
    for (const part of parts) this.#stale.add(part);
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      const { width, height } = this.#session.view.table.peek();
      if (!width || !height) return; // not laid out yet: its first size draws everything
      const stale = this.#stale;
      this.#stale = new Set();
      if (stale.has("print")) this.#fit();
      if (stale.has("print")) this.#drawPrint();
      if (stale.has("under")) this.#drawUnder();
      if (stale.has("film")) this.#drawFilm();
      if (stale.has("glass")) drawGlass(this.#glass, this.#session);
    });
  }

  /** As many pixels as the screen has; where the picture lies is told to whoever asks. */
  #fit() {
    const { width, height, ratio } = this.#session.view.table.peek();
    for (const { canvas } of [this.#print, this.#film, this.#glass, this.#under]) {
      const [across, down] = [Math.round(width * ratio), Math.round(height * ratio)];
      if (canvas.width !== across) canvas.width = across;
      if (canvas.height !== down) canvas.height = down;
    }
    const { scale, x, y } = this.#session.view.lens.peek();
    Object.assign(this.#stage.dataset, { scale, left: x, top: y });
  }

  #drawPrint() {
    const { width, height } = this.#session.picture;
    this.#onPicture(this.#print, (context) => {
      context.fillStyle = /** @type {CanvasPattern} */ (context.createPattern(this.#tile, "repeat"));
      context.fillRect(0, 0, width, height);
      context.drawImage(this.#image, 0, 0, width, height);
    });
  }

  /** The softened mask, and whatever was drawn since it was made; or else the mask as it is drawn. */
  #drawUnder() {
    const { proof, strokes, coverage, picture } = this.#session;
    const soft = proof.peek()?.soft;
    const drawn = soft ? since(/** @type {any} */ (proof.peek()).of, strokes.peek()) : null;
    this.#onPicture(this.#under, (context) => {
      context.drawImage(soft && drawn ? soft : coverage.canvas, 0, 0);
      for (const operation of drawn ?? []) draw(context, operation, picture);
    });
  }

  #drawFilm() {
    const operation = this.#session.live.peek()?.operation;
    this.#onPicture(this.#film, (context) => {
      context.save();
      context.resetTransform();
      context.drawImage(this.#under.canvas, 0, 0);
      context.restore();
      if (operation) draw(context, operation, this.#session.picture);
      context.globalCompositeOperation = "source-in";
      context.fillStyle = FILMS[chosen.peek()];
      context.fillRect(0, 0, this.#session.picture.width, this.#session.picture.height);
    });
  }

  /** Draw in image pixels, inside the picture only. @param {Context} context @param {(context: Context) => void} work */
  #onPicture(context, work) {
    const { ratio } = this.#session.view.table.peek();
    const { scale, x, y } = this.#session.view.lens.peek();
    const { width, height } = this.#session.picture;
    context.resetTransform();
    context.clearRect(0, 0, context.canvas.width, context.canvas.height);
    context.save();
    context.setTransform(scale * ratio, 0, 0, scale * ratio, x * ratio, y * ratio);
    context.imageSmoothingEnabled = scale * ratio < SQUARES;
    context.imageSmoothingQuality = "medium";
    context.beginPath();
    context.rect(0, 0, width, height);
    context.clip();
    work(context);
    context.restore();
  }
}

/** @param {HTMLCanvasElement} canvas */
function contextOf(canvas) {
  return /** @type {Context} */ (canvas.getContext("2d"));
}

/** What shows through where the picture is transparent. */
function checks() {
  const canvas = Object.assign(document.createElement("canvas"), { width: 2 * CHECK, height: 2 * CHECK });
  const context = contextOf(canvas);
  context.fillStyle = "#fff";
  context.fillRect(0, 0, 2 * CHECK, 2 * CHECK);
  context.fillStyle = "#dedbd5";
  context.fillRect(0, 0, CHECK, CHECK);
  context.fillRect(CHECK, CHECK, CHECK, CHECK);
  return canvas;
}
