// @ts-check
// What an image was asked for, written into its file and read back: PNG iTXt, JPEG COM, WebP XMP.
//
// The pixels stay as they are, byte for byte: a chunk is added beside them. PNG: W3C PNG 11.3.3.
// WebP: https://developers.google.com/speed/webp/docs/riff_container

/** @typedef {import("./types").Job} Job @typedef {import("../state/form.js").Settings} Settings */

const KEYWORD = "darkroom";
const FIELDS = /** @type {const} */ ([
  "model", "prompt", "n", "size", "quality", "background", "output_format", "output_compression",
  "moderation", "input_fidelity", "complexity", "seed",
]);
const RECIPE_MAX = 200_000;
const PROMPT_MAX = 32_000;
const PNG = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const JPEG_SEGMENT_MAX = 65_533;
const XMP_FLAG = 0x04;
const ALPHA_FLAG = 0x10;
const utf8 = new TextEncoder();

/** The recipe of a job as JSON text: its settings, and no ids of anything. @param {Job} job */
export function recipeOf(job) {
  const asked = Object.fromEntries(FIELDS.map((name) => [name, job.request[name]]));
  return JSON.stringify({ [KEYWORD]: 1, made_at: job.finished_at, served_model: job.served_model, request: asked });
}

/** The same image with a recipe in it. Throws for bytes that are no PNG, JPEG or WebP. @param {Uint8Array} bytes @param {string} recipe */
export function withRecipe(bytes, recipe) {
  if (isPng(bytes)) return pngWith(bytes, recipe);
  if (isJpeg(bytes)) return jpegWith(bytes, recipe);
  if (isWebp(bytes)) return webpWith(bytes, recipe);
  throw new RangeError("not a PNG, JPEG or WebP image");
}

/** The settings in a file of ours; null when it has none that can be read. @param {Uint8Array} bytes @returns {Settings | null} */
export function readRecipe(bytes) {
  try {
    const text = isPng(bytes) ? pngText(bytes) : isJpeg(bytes) ? jpegText(bytes) : isWebp(bytes) ? webpText(bytes) : null;
    return text === null ? null : checked(JSON.parse(text));
  } catch {
    return null;
  }
}

/** A file can say anything: only what the form could hold is taken. @param {any} said @returns {Settings | null} */
function checked(said) {
  const asked = said?.[KEYWORD] === 1 ? said.request : null;
  if (typeof asked?.prompt !== "string" || asked.prompt.length > PROMPT_MAX) return null;
  const word = (/** @type {unknown} */ value, /** @type {string} */ other) =>
    typeof value === "string" && /^[\w.:-]{1,80}$/.test(value) ? value : other;
  const whole = (/** @type {unknown} */ value) => (Number.isSafeInteger(value) && Number(value) >= 0 ? Number(value) : null);
  return {
    prompt: asked.prompt, model: word(asked.model, ""), n: Math.min(10, Math.max(1, whole(asked.n) ?? 1)),
    size: word(asked.size, "auto"), quality: word(asked.quality, "auto"), background: word(asked.background, "auto"),
    output_format: word(asked.output_format, "png"), output_compression: whole(asked.output_compression),
    moderation: word(asked.moderation, "auto"), input_fidelity: word(asked.input_fidelity, "") || null,
    complexity: word(asked.complexity, "") || null, seed: whole(asked.seed),
  };
}

// --- PNG -----------------------------------------------------------------------------------------

/** @param {Uint8Array} bytes */
function isPng(bytes) {
  return PNG.every((byte, i) => bytes[i] === byte);
}

/** @param {Uint8Array} bytes @param {string} recipe */
function pngWith(bytes, recipe) {
  // keyword, not compressed, no language, no translated keyword
  const body = joined(utf8.encode(KEYWORD), new Uint8Array(5), utf8.encode(recipe));
  const named = joined(utf8.encode("iTXt"), body);
  const chunk = joined(uint32(body.length), named, uint32(crc32(named)));
  const end = [...pngChunks(bytes)].find(({ type }) => type === "IEND");
  if (!end) throw new RangeError("a PNG without an end");
  return joined(bytes.subarray(0, end.at), chunk, bytes.subarray(end.at));
}

/** @param {Uint8Array} bytes */
function pngText(bytes) {
  for (const { type, from, to } of pngChunks(bytes)) {
    if (type !== "iTXt" || to - from > RECIPE_MAX) continue;
    const body = bytes.subarray(from, to);
    const prefix = utf8.encode(`${KEYWORD}\0\0\0\0\0`);
    if (prefix.every((byte, i) => body[i] === byte)) return textOf(body.subarray(prefix.length));
  }
  return null;
}

/** @param {Uint8Array} bytes */
function* pngChunks(bytes) {
  const view = viewOf(bytes);
  for (let at = PNG.length; at + 12 <= bytes.length; ) {
    const length = view.getUint32(at);
    yield { type: ascii(bytes, at + 4), at, from: at + 8, to: at + 8 + length };
    at += 12 + length;
  }
}

// --- JPEG ----------------------------------------------------------------------------------------

/** @param {Uint8Array} bytes */
function isJpeg(bytes) {
  return bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff;
}

/** After the APPn segments, which have to come first. @param {Uint8Array} bytes @param {string} recipe */
function jpegWith(bytes, recipe) {
  const body = utf8.encode(`${KEYWORD}:${recipe}`);
  if (body.length > JPEG_SEGMENT_MAX) throw new RangeError("too long for a JPEG's comment");
  const segment = joined(new Uint8Array([0xff, 0xfe, (body.length + 2) >> 8, (body.length + 2) & 255]), body);
  const at = [...jpegSegments(bytes)].find(({ marker }) => marker < 0xe0 || marker > 0xef)?.at ?? 2;
  return joined(bytes.subarray(0, at), segment, bytes.subarray(at));
}

/** @param {Uint8Array} bytes */
function jpegText(bytes) {
  for (const { marker, from, to } of jpegSegments(bytes)) {
    if (marker !== 0xfe) continue;
    const text = textOf(bytes.subarray(from, to));
    if (text.startsWith(`${KEYWORD}:`)) return text.slice(KEYWORD.length + 1);
  }
  return null;
}

/** Up to the pixels. @param {Uint8Array} bytes */
function* jpegSegments(bytes) {
  const view = viewOf(bytes);
  for (let at = 2; at + 4 <= bytes.length && bytes[at] === 0xff && bytes[at + 1] !== 0xda; ) {
    const length = view.getUint16(at + 2);
    yield { marker: bytes[at + 1], at, from: at + 4, to: at + 2 + length };
    at += 2 + length;
  }
}

// --- WebP ----------------------------------------------------------------------------------------

/** @param {Uint8Array} bytes */
function isWebp(bytes) {
  return ascii(bytes, 0) === "RIFF" && ascii(bytes, 8) === "WEBP";
}

/** @param {Uint8Array} bytes @param {string} recipe */
function webpWith(bytes, recipe) {
  const escaped = recipe.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;").replaceAll("\n", "&#10;");
  const packet =
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">' +
    `<rdf:Description rdf:about="" xmlns:darkroom="urn:darkroom:recipe:1" darkroom:recipe="${escaped}"/></rdf:RDF></x:xmpmeta>`;
  const chunks = [...webpChunks(bytes)];
  const pixels = chunks.filter(({ type }) => type !== "VP8X" && type !== "XMP ").map(({ at, next }) => bytes.subarray(at, next));
  const body = joined(extended(bytes, chunks), ...pixels, riffChunk("XMP ", utf8.encode(packet)));
  return joined(utf8.encode("RIFF"), uint32(body.length + 4, true), utf8.encode("WEBP"), body);
}

/** The VP8X chunk that a file with metadata begins with. @param {Uint8Array} bytes @param {ReturnType<typeof webpChunks> extends Generator<infer C> ? C[] : never} chunks */
function extended(bytes, chunks) {
  const [first] = chunks;
  const head = new Uint8Array(10);
  if (first.type === "VP8X") {
    head.set(bytes.subarray(first.from, first.from + 10));
    head[0] |= XMP_FLAG;
    return riffChunk("VP8X", head);
  }
  const view = viewOf(bytes);
  let [width, height, alpha] = [0, 0, false];
  if (first.type === "VP8 ") {
    [width, height] = [view.getUint16(first.from + 6, true) & 0x3fff, view.getUint16(first.from + 8, true) & 0x3fff];
  } else {
    const bits = view.getUint32(first.from + 1, true);
    [width, height, alpha] = [(bits & 0x3fff) + 1, ((bits >>> 14) & 0x3fff) + 1, ((bits >>> 28) & 1) === 1];
  }
  head[0] = XMP_FLAG | (alpha ? ALPHA_FLAG : 0);
  head.set(uint32(width - 1, true).subarray(0, 3), 4);
  head.set(uint32(height - 1, true).subarray(0, 3), 7);
  return riffChunk("VP8X", head);
}

/** @param {Uint8Array} bytes */
function webpText(bytes) {
  for (const { type, from, to } of webpChunks(bytes)) {
    if (type !== "XMP " || to - from > 2 * RECIPE_MAX) continue;
    const found = new DOMParser().parseFromString(textOf(bytes.subarray(from, to)), "application/xml");
    return found.querySelector("*|Description")?.getAttributeNS("urn:darkroom:recipe:1", "recipe") ?? null;
  }
  return null;
}

/** @param {Uint8Array} bytes */
function* webpChunks(bytes) {
  const view = viewOf(bytes);
  for (let at = 12; at + 8 <= bytes.length; ) {
    const length = view.getUint32(at + 4, true);
    const next = at + 8 + length + (length % 2);
    yield { type: ascii(bytes, at), at, from: at + 8, to: at + 8 + length, next };
    at = next;
  }
}

/** @param {string} type @param {Uint8Array} body */
function riffChunk(type, body) {
  return joined(utf8.encode(type), uint32(body.length, true), body, new Uint8Array(body.length % 2));
}

// --- bytes ---------------------------------------------------------------------------------------

/** @param {Uint8Array} bytes */
function viewOf(bytes) {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** @param {Uint8Array} bytes @param {number} at */
function ascii(bytes, at) {
  return String.fromCharCode(...bytes.subarray(at, at + 4));
}

/** @param {Uint8Array} bytes */
function textOf(bytes) {
  return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
}

/** @param {number} value @param {boolean} [isLittle] */
function uint32(value, isLittle = false) {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value >>> 0, isLittle);
  return bytes;
}

/** @param {...Uint8Array} parts */
function joined(...parts) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** @param {Uint8Array} bytes */
function crc32(bytes) {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let k = 0; k < 8; k++) crc = (crc >>> 1) ^ (0xedb88320 & -(crc & 1));
  }
  return ~crc >>> 0;
}
