// @ts-check
// A form filled in by the address: `#/studio?prompt=a+fox&size=1024x1024&model=gpt-image-2`.

import { parse } from "../lib/sizes.js";
import { place } from "./view.js";
import { wish } from "./wishes.js";

const PROMPT_MAX = 32_000;
const WORD = /^[\w.-]{1,80}$/;

/** Take what the address says, once; it then says no more than the view. @param {URLSearchParams} params */
export function prefill(params) {
  if (!params.size) return;
  const prompt = params.get("prompt")?.slice(0, PROMPT_MAX);
  const size = sizeOf(params.get("size") ?? "");
  const n = Number(params.get("n"));
  /** @type {Record<string, unknown>} */
  const found = { ...(prompt && { prompt }), ...(size && { size, ...(size !== "auto" && { custom: size }) }) };
  for (const name of ["model", "quality", "background"]) {
    const value = params.get(name) ?? "";
    if (WORD.test(value)) found[name] = value;
  }
  if (Number.isInteger(n) && n >= 1 && n <= 10) found.n = n;
  const format = params.get("output_format") ?? params.get("format") ?? "";
  if (WORD.test(format)) found.output_format = format;
  wish(found);
  history.replaceState(null, "", "#/studio");
  place.value = { name: "studio", params: new URLSearchParams() };
}

/** @param {string} text */
function sizeOf(text) {
  const size = parse(text);
  return size ? size.join("x") : text === "auto" ? "auto" : null;
}
