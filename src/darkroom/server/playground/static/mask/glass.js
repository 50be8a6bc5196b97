// @ts-check
// What hovers above the picture: the brush in its true size, the cross-hair, outlines of areas.

import { tool } from "./habits.js";
import { toolOf } from "./tools.js";

/** @typedef {import("./session.js").Session} Session @typedef {CanvasRenderingContext2D} Context */

/** A ring smaller than this is shown with a cross. */
const TINY = 5;

/** @param {Context} context @param {Session} session */
export function drawGlass(context, session) {
  const { width, height, ratio } = session.view.table.peek();
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  const crosshair = session.crosshair.peek();
  const pointer = session.pointer.peek();
  outlines(context, session);
  if (crosshair) hairs(context, session.view.toTable(crosshair), width, height);
  const middle = session.isSizing.peek() ? session.view.toImage([width / 2, height / 2]) : null;
  const at = middle ?? crosshair ?? pointer;
  const used = toolOf(tool.peek());
  if (at && used.isBrush && !session.usesHand.peek()) ring(context, session, at, used.name === "eraser");
}

/** @param {Context} context @param {Session} session */
function outlines(context, session) {
  const { view } = session;
  const live = session.live.peek()?.operation;
  const anchor = session.anchor.peek();
  const crosshair = session.crosshair.peek();
  const rectangle = live?.kind === "rectangle" ? live : session.showsBox.peek() ? session.box.peek() : null;
  if (rectangle) {
    const { x, y, width, height } = rectangle;
    path(context, [x, y, x + width, y, x + width, y + height, x, y + height].flatMap(pairs(view)), true);
  }
  if (anchor && crosshair) {
    const [[x, y], [right, bottom]] = [anchor, crosshair];
    path(context, [x, y, right, y, right, bottom, x, bottom].flatMap(pairs(view)), true);
  }
  const corners = live?.kind === "area" ? live.points : session.corners.peek();
  if (!corners.length) return;
  const end = live ? null : crosshair ?? session.pointer.peek();
  const points = end ? [...corners, ...end] : corners;
  path(context, points.flatMap(pairs(view)), false);
  if (session.corners.peek().length) dot(context, view.toTable([corners[0], corners[1]]));
}

/** For `flatMap` over x, y, x, y… @param {Session["view"]} view @returns {(value: number, i: number, all: number[]) => number[]} */
function pairs(view) {
  return (x, i, all) => (i % 2 ? [] : view.toTable([x, all[i + 1]]));
}

/** Seen on any picture: dark below, light above. @param {Context} context @param {() => void} draw @param {number} [width] */
function twice(context, draw, width = 1.25) {
  context.lineWidth = width + 1.75;
  context.strokeStyle = "rgb(0 0 0 / 60%)";
  draw();
  context.lineWidth = width;
  context.strokeStyle = "#fff";
  draw();
}

/** @param {Context} context @param {number[]} points @param {boolean} isClosed */
function path(context, points, isClosed) {
  context.beginPath();
  for (let i = 0; i < points.length; i += 2) context.lineTo(points[i], points[i + 1]);
  if (isClosed) context.closePath();
  twice(context, () => context.stroke());
}

/** @param {Context} context @param {[number, number]} at */
function dot(context, [x, y]) {
  context.beginPath();
  context.arc(x, y, 4.5, 0, 2 * Math.PI);
  context.fillStyle = "#fff";
  context.fill();
  twice(context, () => context.stroke());
}

/** @param {Context} context @param {[number, number]} at @param {number} width @param {number} height */
function hairs(context, [x, y], width, height) {
  const [across, down] = [Math.round(y) + 0.5, Math.round(x) + 0.5];
  context.beginPath();
  context.moveTo(0, across);
  context.lineTo(width, across);
  context.moveTo(down, 0);
  context.lineTo(down, height);
  twice(context, () => context.stroke(), 0.75);
}

/** @param {Context} context @param {Session} session @param {[number, number]} at @param {boolean} isEraser */
function ring(context, session, at, isEraser) {
  const [x, y] = session.view.toTable(at);
  const radius = (session.size.peek() * session.view.lens.peek().scale) / 2;
  context.beginPath();
  context.arc(x, y, Math.max(radius, 0.75), 0, 2 * Math.PI);
  twice(context, () => context.stroke());
  if (radius >= TINY && !isEraser) return;
  // The eraser has a dash in its middle, a tiny brush a cross around it.
  context.beginPath();
  const ends = isEraser && radius >= TINY ? [[-4, 4, 0]] : [[-11, -5, 0], [5, 11, 0], [-11, -5, 1], [5, 11, 1]];
  for (const [from, to, isDown] of ends) {
    context.moveTo(x + (isDown ? 0 : from), y + (isDown ? from : 0));
    context.lineTo(x + (isDown ? 0 : to), y + (isDown ? to : 0));
  }
  twice(context, () => context.stroke());
}
