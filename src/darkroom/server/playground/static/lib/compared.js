// @ts-check
// What a job asked for, row by row, against what came of it.

import { assetsOf, isOpen } from "../state/jobs.js";
import { maybe, nice } from "./words.js";

/** @typedef {import("./types").Job} Job */
/** @typedef {{ word: import("./words.js").Word, asked: string, got: string, differs: boolean }} Row `got` is empty while nothing came */

/** @param {Job} job @returns {Row[]} */
export function rowsOf(job) {
  const { request: asked, output } = job;
  const results = assetsOf("result", job);
  const [first] = results;
  const ended = !isOpen(job) && first;
  const kind = first?.media_type.replace("image/", "") ?? "";
  /** @type {[import("./words.js").Word, string, string][]} */
  const found = [
    ["model", job.model, job.served_model ?? ""],
    ["set.size", asked.size, ended ? `${first.width}x${first.height}` : ""],
    ["set.quality", asked.quality, output?.quality ?? ""],
    ["set.background", asked.background, output?.background ?? ""],
    ["set.format", asked.output_format, kind],
    ["set.n", String(asked.n), ended ? String(results.length) : ""],
  ];
  const extra = /** @type {const} */ ([
    ["set.compression", asked.output_compression], ["set.input_fidelity", asked.input_fidelity],
    ["set.complexity", asked.complexity], ["set.seed", asked.seed],
    ["set.moderation", asked.moderation === "auto" ? null : asked.moderation],
  ]);
  for (const [word, value] of extra) if (value !== null) found.push([word, String(value), ""]);
  return found.map(([word, was, is]) => ({
    word, asked: nice(was), got: nice(is), differs: is !== "" && is !== was && was !== "auto",
  }));
}

/** A value in words, where it has any. @param {string} value */
export function valueOf(value) {
  return maybe(`value.${value}`) ?? value;
}
