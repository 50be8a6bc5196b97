// @ts-check
// From the axes to the cells of the sheet: what each asks for, and whether its model makes that itself.

import { wire } from "../lib/requests.js";
import { nearest, parse, problems } from "../lib/sizes.js";

/** @typedef {import("../lib/types").Model} Model @typedef {import("../lib/types").Capabilities} Capabilities */
/** @typedef {import("../lib/types").Wish} Wish */
/**
 * @typedef {{
 *   prompts: string, byLine: boolean, models: string[], sizes: string[], qualities: string[],
 *   inputs: string[], bend: boolean, cap: string, lanes: number,
 * }} Plan what the sheet is made of; `inputs` are ids of files, `cap` is dollars
 */
/**
 * @typedef {"own" | "bent" | "same" | "not"} Kind made by the model itself; made as near as it can;
 *   the same request as another cell of the row; not to be had
 */
/** @typedef {{ why: "quality" | "size" | "same" | "noinputs" | "many" | "long", asked: string, used: string }} Reason */
/** @typedef {{ key: string, prompt: string, model: string, size: string, quality: string, kind: Kind, reasons: Reason[], wish: Wish }} Cell */

/** The prompts of a plan, each once. @param {Plan} plan */
export function promptsOf({ prompts, byLine }) {
  const found = (byLine ? prompts.split(/\r?\n/) : [prompts]).map((one) => one.trim()).filter(Boolean);
  return [...new Set(found)];
}

/** Row by row. @param {Plan} plan @param {Model[]} models all that are served @returns {Cell[]} */
export function cellsOf(plan, models) {
  const chosen = models.filter((one) => plan.models.includes(one.id));
  return promptsOf(plan).flatMap((prompt) => chosen.flatMap((model) => rowOf(plan, prompt, model, models)));
}

/** @param {Plan} plan @param {string} prompt @param {Model} model @param {Model[]} models @returns {Cell[]} */
function rowOf(plan, prompt, model, models) {
  const able = ableOf(model, models);
  /** @type {Set<string>} */
  const seen = new Set();
  return plan.sizes.flatMap((size) =>
    plan.qualities.map((quality) => {
      const cell = cellOf(plan, prompt, model.id, able, size, quality);
      const isRepeated = seen.has(cell.key);
      seen.add(cell.key);
      if (!isRepeated) return cell;
      return { ...cell, kind: /** @type {const} */ ("same"), reasons: [reason("same", quality, "")] };
    }),
  );
}

/** @param {Plan} plan @param {string} prompt @param {string} model @param {Capabilities} able @param {string} size @param {string} quality @returns {Cell} */
function cellOf(plan, prompt, model, able, size, quality) {
  const reasons = [...refusals(plan, prompt, able)];
  const kind = reasons.length ? "not" : "own";
  const bent = kind === "not" ? [] : [...bends(able, size, quality)];
  // A model that knows no qualities has one cell for all of them.
  const sent = able.qualities.length ? quality : "auto";
  /** @type {Wish} */
  const wish = {
    model, prompt, n: 1, size, quality: sent, background: "auto", output_format: able.formats[0] ?? "png",
    output_compression: null, moderation: "auto", input_fidelity: null, complexity: null, seed: null,
    inputs: plan.inputs.map((id) => ({ file_id: id })), mask: null, partial_images: 0,
  };
  const key = hashed(JSON.stringify(wire(wish)));
  return { key, prompt, model, size, quality, wish, kind: bent.length ? "bent" : kind, reasons: [...reasons, ...bent] };
}

/** @param {Plan} plan @param {string} prompt @param {Capabilities} able */
function* refusals(plan, prompt, able) {
  if (prompt.length > able.max_prompt_chars) yield reason("long", String(prompt.length), String(able.max_prompt_chars));
  if (!plan.inputs.length) return;
  if (!able.max_inputs || !able.operations.includes("edit")) yield reason("noinputs", "", "");
  else if (plan.inputs.length > able.max_inputs) yield reason("many", String(plan.inputs.length), String(able.max_inputs));
}

/** @param {Capabilities} able @param {string} size @param {string} quality */
function* bends(able, size, quality) {
  const wanted = parse(size);
  if (wanted && problems(able.sizes, ...wanted).length) yield reason("size", size, nearest(able.sizes, ...wanted));
  if (quality !== "auto" && able.qualities.length && !able.qualities.includes(quality)) yield reason("quality", quality, "");
}

/** @param {Reason["why"]} why @param {string} asked @param {string} used @returns {Reason} */
function reason(why, asked, used) {
  return { why, asked, used };
}

/** What a model can do; for a retired one, what its successor can. @param {Model} model @param {Model[]} models */
export function ableOf(model, models) {
  const successor = model.darkroom.served_by_successor;
  return (models.find((one) => one.id === successor) ?? model).darkroom.capabilities;
}

/** Whether a cell is part of the run. @param {Plan} plan @param {Cell} cell */
export function isWanted(plan, { kind }) {
  return kind === "own" || (kind === "bent" && plan.bend);
}

/**
 * A request's name: 106 bits, so that no two of a sheet share one. `crypto.subtle` is missing on
 * plain http. The mixing is cyrb53's. @param {string} text
 */
export function hashed(text) {
  return [0x5eed, 0xda4c].map((seed) => {
    let a = 0xdeadbeef ^ seed;
    let b = 0x41c6ce57 ^ seed;
    for (let at = 0; at < text.length; at++) {
      const code = text.charCodeAt(at);
      a = Math.imul(a ^ code, 2654435761);
      b = Math.imul(b ^ code, 1597334677);
    }
    a = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909);
    b = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909);
    return (4294967296 * (2097151 & b) + (a >>> 0)).toString(36);
  }).join("");
}
