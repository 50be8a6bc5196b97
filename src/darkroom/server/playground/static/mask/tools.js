// @ts-check
// The tools for the hand: each begins an operation where it is put down and leads it along.

import { between, extend, stroke } from "./model.js";

/** @typedef {import("./model.js").Drawn} Drawn @typedef {import("./session.js").Session} Session */
/**
 * The hand on the picture, in image pixels; `takes` (Alt, or a pen's other end) draws closed, `straight`
 * (Shift) draws from the end of the last line.
 * @typedef {{ at: [number, number], pressure: number | null, takes: boolean, straight: boolean }} Hand
 * `begin` gives what is being drawn, `lead` what it has become; null draws nothing yet.
 * @typedef {{
 *   name: "brush" | "eraser" | "rectangle" | "lasso" | "hand", key: string, isBrush: boolean,
 *   begin?: (session: Session, hand: Hand) => Drawn | null,
 *   lead?: (session: Session, live: Drawn | null, hand: Hand, from: [number, number]) => Drawn | null,
 * }} Tool
 */

/** @param {boolean} erase @returns {(session: Session, hand: Hand) => Drawn} */
const putDown = (erase) => (session, hand) => {
  const line = stroke(session.size.peek(), erase || hand.takes, hand.pressure !== null);
  if (hand.straight && session.last) extend(line, ...session.last);
  extend(line, ...hand.at, hand.pressure ?? 1);
  return line;
};

/** @param {Session} _ @param {Drawn | null} live @param {Hand} hand */
function along(_, live, { at, pressure }) {
  if (live?.kind === "stroke" || live?.kind === "area") extend(live, ...at, pressure ?? 1);
  return live;
}

/** In the order of the keys on screen; a new one is one line here. @type {Tool[]} */
export const TOOLS = [
  { name: "brush", key: "b", isBrush: true, begin: putDown(false), lead: along },
  { name: "eraser", key: "e", isBrush: true, begin: putDown(true), lead: along },
  {
    name: "rectangle", key: "r", isBrush: false,
    begin: () => null,
    lead(session, _, hand, from) {
      const found = between(session.picture, from, hand.at);
      return found && { kind: "rectangle", erase: session.takes(hand), ...found };
    },
  },
  {
    name: "lasso", key: "l", isBrush: false,
    begin(session, hand) {
      /** @type {import("./model.js").Area} */
      const area = { kind: "area", erase: session.takes(hand), points: [...session.corners.peek()] };
      extend(area, ...hand.at);
      return area;
    },
    lead: along,
  },
  { name: "hand", key: "h", isBrush: false },
];

/** @param {Tool["name"]} name */
export function toolOf(name) {
  return /** @type {Tool} */ (TOOLS.find((tool) => tool.name === name));
}
