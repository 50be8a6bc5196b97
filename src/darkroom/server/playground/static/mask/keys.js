// @ts-check
// The keyboard: a letter takes a tool, the arrows move a cross-hair, Space or Enter paints there.

import { tool } from "./habits.js";
import { TOOLS, toolOf } from "./tools.js";

/** @typedef {import("./session.js").Session} Session */

const GROWTH = 1.2;
const ZOOM = 1.4;
const ARROWS = /** @type {Record<string, [number, number]>} */ ({
  ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1],
});
/** Where a Korean keyboard has letters of its own, the place of the key counts. */
const PLACES = /** @type {Record<string, string>} */ ({ BracketLeft: "[", BracketRight: "]" });

/** @type {Record<string, (session: Session) => void>} */
const KEYS = {
  "[": (session) => session.resize(Math.min(session.size.peek() / GROWTH, session.size.peek() - 1)),
  "]": (session) => session.resize(Math.max(session.size.peek() * GROWTH, session.size.peek() + 1)),
  "+": (session) => session.view.zoom(ZOOM),
  "=": (session) => session.view.zoom(ZOOM),
  "-": (session) => session.view.zoom(1 / ZOOM),
  0: (session) => session.view.fit(),
  1: (session) => session.view.actual(),
  i: (session) => session.do({ kind: "invert" }),
};

/** @param {KeyboardEvent} event */
function nameOf(event) {
  if (/^[\x21-\x7e]$/.test(event.key)) return event.key.toLowerCase();
  return PLACES[event.code] ?? event.code.replace(/^(Key|Digit)/, "").toLowerCase();
}

/** A key anywhere in the painter. @param {KeyboardEvent} event @param {Session} session @param {HTMLElement} stage @returns {boolean} whether it meant something */
export function pressed(event, session, stage) {
  const isTyping = /** @type {HTMLElement} */ (event.target).matches("input:not([type=range], [type=radio], [type=checkbox])");
  if (isTyping) return false;
  const name = nameOf(event);
  if (event.ctrlKey || event.metaKey) return command(name, event.shiftKey, session);
  if (event.target === stage && onTable(event, session)) return true;
  if (event.altKey) return false;
  const found = TOOLS.find((one) => one.key === name);
  if (found) tool.value = found.name;
  else if (KEYS[name]) KEYS[name](session);
  return Boolean(found ?? KEYS[name]);
}

/** @param {KeyboardEvent} event @param {Session} session */
export function released(event, session) {
  if (event.code === "Space") session.spaceHeld.value = false;
}

/** @param {string} name @param {boolean} isShifted @param {Session} session */
function command(name, isShifted, session) {
  if (name === "z") isShifted ? session.redo() : session.undo();
  else if (name === "y") session.redo();
  return name === "z" || name === "y";
}

/** @param {KeyboardEvent} event @param {Session} session */
function onTable(event, session) {
  const arrow = ARROWS[event.key];
  if (arrow) move(arrow, event.shiftKey, session);
  else if (event.code === "Space" && !session.crosshair.peek()) session.spaceHeld.value = true;
  else if (event.key === "Enter" && session.corners.peek().length >= 6) session.finish();
  else if (event.code === "Space" || event.key === "Enter") press(event, session);
  else return false;
  return true;
}

/** A quarter of the brush at a time, with Shift one pixel. @param {[number, number]} arrow @param {boolean} isFine @param {Session} session */
function move([across, down], isFine, session) {
  const { picture, view } = session;
  const brush = toolOf(tool.peek()).isBrush ? session.size.peek() / 4 : Math.max(picture.width, picture.height) / 64;
  const step = isFine ? 1 : Math.max(1, Math.round(brush));
  const at = session.crosshair.peek();
  const within = (/** @type {number} */ value, /** @type {number} */ most) => Math.min(Math.max(value, 0), most);
  const [x, y] = at ?? inSight(session);
  const by = at ? step : 0; // the first press only shows where it is
  session.crosshair.value = [within(x + across * by, picture.width), within(y + down * by, picture.height)];
  view.reveal(session.crosshair.value);
}

/** @param {KeyboardEvent} event @param {Session} session */
function press(event, session) {
  if (!session.crosshair.peek()) {
    session.crosshair.value = inSight(session);
    return;
  }
  session.stamp({ at: session.crosshair.peek() ?? [0, 0], pressure: null, takes: event.altKey, straight: event.shiftKey });
}

/** The middle of what is seen, on a whole pixel of the picture. @param {Session} session @returns {[number, number]} */
function inSight({ view, picture }) {
  const { width, height } = view.table.peek();
  const [x, y] = view.toImage([width / 2, height / 2]);
  return [
    Math.round(Math.min(Math.max(x, 0), picture.width)),
    Math.round(Math.min(Math.max(y, 0), picture.height)),
  ];
}
