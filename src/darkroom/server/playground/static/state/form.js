// @ts-check
// The wishes together with the model and the input images: what would be sent, or why not.

import { computed, effect } from "../vendor/preact.js";
import { learn, srcOf } from "../lib/pictures.js";
import { impossible, parse, problems } from "../lib/sizes.js";
import { inputs, setInputs } from "./inputs.js";
import { mask, maskFit, removeMask, takeMask } from "./mask.js";
import { can, model } from "./models.js";
import { keepDraft, wishes } from "./wishes.js";

/** @typedef {import("../lib/types").Wish} Wish @typedef {import("../lib/types").AskedRequest} AskedRequest */
/**
 * @typedef {Pick<AskedRequest, "prompt" | "model" | "n" | "size" | "quality" | "background" | "output_format"
 *   | "output_compression" | "moderation" | "input_fidelity" | "complexity" | "seed">} Settings what a request asks for, without its images
 */

/** What will be sent. */
export const asked = computed(() => {
  const able = can.value;
  const chosen = model.value;
  if (!able || !chosen) return null;
  const w = wishes.value;
  const isEdit = inputs.value.length > 0;
  const one = (/** @type {string} */ value, /** @type {string[]} */ of, /** @type {string} */ other) =>
    of.includes(value) ? value : other;
  const background = one(w.background, able.backgrounds, "auto");
  let format = one(w.output_format, able.formats, able.formats[0] ?? "png");
  if (background === "transparent" && !["png", "webp"].includes(format)) format = "png";
  const lossy = able.compression && ["jpeg", "webp"].includes(format);
  /** @type {Wish} */
  const found = {
    model: chosen.id,
    prompt: w.prompt,
    n: Math.min(w.n, able.max_n),
    size: w.size === "custom" ? customSize(w.custom) : w.size,
    quality: one(w.quality, able.qualities, "auto"),
    background,
    output_format: format,
    output_compression: lossy && w.compression < 100 ? w.compression : null,
    moderation: one(w.moderation, able.moderations, "auto"),
    input_fidelity: isEdit && able.input_fidelities.includes(w.input_fidelity) ? w.input_fidelity : null,
    complexity: able.complexities.includes(w.complexity) ? w.complexity : null,
    seed: able.seed && /^\d{1,15}$/.test(w.seed) ? Number(w.seed) : null,
    inputs: inputs.value.map((input) =>
      input.id ? { file_id: input.id } : { image_url: input.url ?? "" },
    ),
    mask: maskFit.value === "fits" && mask.value?.state === "ready" ? mask.value.id : null,
    partial_images: Math.min(w.partial_images, able.max_partial_images),
  };
  return found;
});

/**
 * What the wished size means for the chosen model: made as it is, made and cropped, or impossible.
 * @type {import("../vendor/preact.js").ReadonlySignal<{ state: "native" | "fitted" | "wrong" | "empty", why: string[] }>}
 */
export const sizeVerdict = computed(() => {
  const able = can.value;
  const w = wishes.value;
  if (!able || w.size === "auto") return { state: "native", why: [] };
  const size = parse(w.size === "custom" ? w.custom : w.size);
  if (!size) return { state: "empty", why: [] };
  if (impossible(...size)) return { state: "wrong", why: ["bounds"] };
  const why = problems(able.sizes, ...size);
  return { state: why.length ? "fitted" : "native", why };
});

/** Why nothing can be sent now; null when it can. */
export const obstacle = computed(() => {
  const able = can.value;
  if (!able) return "models";
  if (!wishes.value.prompt.trim()) return "prompt";
  if (wishes.value.prompt.length > able.max_prompt_chars) return "long";
  if (["wrong", "empty"].includes(sizeVerdict.value.state)) return "size";
  if (inputs.value.some((input) => input.state === "uploading")) return "uploading";
  if (inputs.value.some((input) => input.state === "failed")) return "inputs";
  if (inputs.value.length > able.max_inputs) return able.max_inputs ? "many" : "noinputs";
  if (maskFit.value === "elsewhere") return "maskelsewhere";
  if (maskFit.value === "fits" && mask.value?.state !== "ready") {
    return mask.value?.state === "failed" ? "maskfailed" : "mask";
  }
  return null;
});

/** @param {string} text */
function customSize(text) {
  const size = parse(text);
  return size ? size.join("x") : "auto";
}

/** Everything that a job asked for, back in the form. @param {AskedRequest} request @param {string} [maskSrc] where its mask is shown from */
export function takeOver(request, maskSrc) {
  takeSettings(request);
  setInputs(request.inputs);
  if (request.mask) void takeMask(request.mask, request.inputs[0], maskSrc);
  else removeMask();
}

/** The same, with its images as they are known of the job. @param {import("../lib/types").Job} job */
export function takeOverJob(job) {
  learn(job.inputs ?? []);
  takeOver(job.request, job.mask ? srcOf(job.mask) : undefined);
}

/** The prompt and the settings, without the images. @param {Settings} given */
export function takeSettings(given) {
  const { size } = given;
  wishes.value = {
    ...wishes.value,
    prompt: given.prompt, model: given.model, n: given.n, quality: given.quality,
    background: given.background, output_format: given.output_format,
    compression: given.output_compression ?? 100,
    moderation: given.moderation, input_fidelity: given.input_fidelity ?? "",
    complexity: given.complexity ?? "", seed: given.seed === null ? "" : String(given.seed),
    size, custom: size === "auto" ? wishes.value.custom : size,
  };
}

// A reload loses nothing that was typed or added.
effect(() => {
  const kept = inputs.value
    .filter((input) => input.state === "ready")
    .map((input) => ({ ...input, src: input.src?.startsWith("blob:") ? null : input.src }));
  keepDraft({ wishes: wishes.value, inputs: kept });
});
