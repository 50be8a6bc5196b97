// @ts-check
// Mouse, pen and fingers on the table: one draws, two move the picture, the wheel turns it nearer.

import { penSeen, usesPressure } from "./habits.js";

/** @typedef {import("./session.js").Session} Session */

/** Movements of less CSS pixels are a click. */
const CLICK = 4;
const ERASER_END = 32;
const WHEEL_STEP = 0.0022;

/** @param {HTMLElement} stage @param {Session} session @returns {() => void} stop */
export function gestures(stage, session) {
  const hands = new Hands(stage, session);
  const stop = new AbortController();
  const all = /** @type {[string, (event: any) => void][]} */ ([
    ["pointerdown", (event) => hands.down(event)], ["pointermove", (event) => hands.move(event)],
    ["pointerup", (event) => hands.up(event)], ["pointercancel", (event) => hands.cancel(event)],
    ["pointerleave", () => (session.pointer.value = null)],
    ["dblclick", () => session.finish()], ["wheel", (event) => hands.wheel(event)],
    ["contextmenu", (event) => event.preventDefault()],
  ]);
  for (const [name, call] of all) stage.addEventListener(name, call, { signal: stop.signal, passive: false });
  return () => stop.abort();
}

class Hands {
  /** @param {HTMLElement} stage @param {Session} session */
  constructor(stage, session) {
    this.#stage = stage;
    this.#session = session;
  }

  #stage; #session;
  /** Where each pointer that is down was last, on the table. @type {Map<number, [number, number]>} */
  #down = new Map();
  /** @type {"draw" | "pan" | "pinch" | null} */
  #doing = null;
  #travelled = 0;

  /** A hand that rests on the screen while a pen draws means nothing. */
  #pen = -1;

  /** @param {PointerEvent} event */
  down(event) {
    if (event.button > 1 || (event.pointerType === "touch" && this.#down.has(this.#pen))) return;
    event.preventDefault(); // no text is selected, the middle button does not scroll
    this.#stage.focus({ preventScroll: true });
    this.#stage.setPointerCapture(event.pointerId);
    if (event.pointerType === "pen") {
      penSeen.value = true;
      this.#pen = event.pointerId;
    }
    const at = this.#at(event);
    this.#down.set(event.pointerId, at);
    this.#session.crosshair.value = null;
    if (this.#down.size === 2) {
      // The second finger says that the first one did not mean to draw.
      if (this.#doing === "draw") this.#session.live.value = null;
      this.#doing = "pinch";
    } else if (this.#down.size === 1) {
      this.#travelled = 0;
      this.#doing = event.button === 1 || this.#session.usesHand.peek() ? "pan" : "draw";
      if (this.#doing === "draw") this.#session.begin(this.#hand(event));
    }
    this.#stage.dataset.doing = this.#doing ?? "";
  }

  /** @param {PointerEvent} event */
  move(event) {
    const at = this.#at(event);
    if (event.pointerType !== "touch") this.#session.pointer.value = this.#session.view.toImage(at);
    const before = this.#down.get(event.pointerId);
    if (!before) {
      this.#session.crosshair.value = null;
      return;
    }
    this.#travelled += Math.hypot(at[0] - before[0], at[1] - before[1]);
    if (this.#doing === "pinch") this.#pinch(event.pointerId, at);
    this.#down.set(event.pointerId, at);
    if (this.#doing === "pan") this.#session.view.pan(at[0] - before[0], at[1] - before[1]);
    if (this.#doing === "draw") {
      const passed = event.getCoalescedEvents?.() ?? [];
      this.#session.lead((passed.length ? passed : [event]).map((one) => this.#hand(one)));
    }
  }

  /** @param {PointerEvent} event */
  up(event) {
    if (!this.#down.delete(event.pointerId)) return;
    if (this.#doing === "draw") this.#session.end(this.#travelled < CLICK);
    // The finger that stays after a pinch neither draws nor moves.
    this.#doing = null;
    this.#stage.dataset.doing = "";
  }

  /** @param {PointerEvent} event */
  cancel(event) {
    this.#down.delete(event.pointerId);
    this.#session.live.value = null;
    this.#doing = null;
    this.#stage.dataset.doing = "";
  }

  /** @param {WheelEvent} event */
  wheel(event) {
    event.preventDefault();
    const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
    const [x, y] = [event.deltaX * lines, event.deltaY * lines];
    // Browsers report a pinch on a touch pad as a wheel with Ctrl.
    if (event.ctrlKey || event.metaKey) this.#session.view.zoom(Math.exp(-y * WHEEL_STEP), this.#at(event));
    else if (event.shiftKey && !x) this.#session.view.pan(-y, 0);
    else this.#session.view.pan(-x, -y);
  }

  /** @param {number} id @param {[number, number]} at */
  #pinch(id, at) {
    const other = [...this.#down].find(([one]) => one !== id)?.[1];
    const before = this.#down.get(id);
    if (!other || !before) return;
    const [span, spanBefore] = [at, before].map(([x, y]) => Math.hypot(x - other[0], y - other[1]));
    const { view } = this.#session;
    view.pan((at[0] - before[0]) / 2, (at[1] - before[1]) / 2);
    if (spanBefore > 1) view.zoom(span / spanBefore, [(at[0] + other[0]) / 2, (at[1] + other[1]) / 2]);
  }

  /** @param {MouseEvent} event @returns {[number, number]} CSS pixels of the table */
  #at(event) {
    const { left, top } = this.#stage.getBoundingClientRect();
    return [event.clientX - left, event.clientY - top];
  }

  /** @param {PointerEvent} event @returns {import("./tools.js").Hand} */
  #hand(event) {
    return {
      at: this.#session.view.toImage(this.#at(event)),
      pressure: event.pointerType === "pen" && usesPressure.peek() ? event.pressure : null,
      takes: event.altKey || (event.buttons & ERASER_END) > 0,
      straight: event.shiftKey,
    };
  }
}
