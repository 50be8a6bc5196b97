// @ts-check
// From a wish to the API's request, leaving out whatever is the default anyway.

/** @typedef {import("./types").Wish} Wish @typedef {import("./types").Wire} Wire */
/** @typedef {import("./types").AskedRequest} AskedRequest */

/** @param {Wish} wish @returns {Wire} */
export function wire(wish) {
  /** @type {Record<string, unknown>} */
  const body = { model: wish.model, prompt: wish.prompt };
  if (wish.inputs.length) body.images = wish.inputs;
  if (wish.mask) body.mask = { file_id: wish.mask };
  if (wish.n > 1) body.n = wish.n;
  for (const name of /** @type {const} */ (["size", "quality", "background", "moderation"])) {
    if (wish[name] !== "auto") body[name] = wish[name];
  }
  if (wish.output_format !== "png") body.output_format = wish.output_format;
  for (const name of /** @type {const} */ (["output_compression", "input_fidelity", "complexity", "seed"])) {
    if (wish[name] !== null) body[name] = wish[name];
  }
  return { path: wish.inputs.length ? "/v1/images/edits" : "/v1/images/generations", body };
}

/** The same as the page sends it: with partial images. Those of several images could not be told apart: they are for one. @param {Wish} wish @returns {Wire} */
export function outgoing(wish) {
  const { path, body } = wire(wish);
  const partials = wish.n === 1 && wish.output_format !== "gif" ? wish.partial_images : 0;
  return { path, body: partials ? { ...body, stream: true, partial_images: partials } : body };
}

/** What a job of the history asked for. @param {AskedRequest} asked @param {number} partials @returns {Wish} */
export function wishOf(asked, partials) {
  const { model, prompt, n, size, quality, background, output_format, moderation } = asked;
  return {
    model, prompt, n, size, quality, background, output_format, moderation,
    output_compression: asked.output_compression,
    input_fidelity: asked.input_fidelity,
    complexity: asked.complexity,
    seed: asked.seed,
    inputs: asked.inputs.map((id) => ({ file_id: id })),
    mask: asked.mask,
    partial_images: partials,
  };
}
