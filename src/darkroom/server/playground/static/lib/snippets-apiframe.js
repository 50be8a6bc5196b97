// @ts-check
// A request as Apiframe's clients send it: a job that is polled, its settings in an object per family.

import { extension, python, shell } from "./literals.js";
import { aspect, parse } from "./sizes.js";

/** @typedef {import("./types").Wish} Wish */
/** @typedef {import("./snippets.js").Request} Request @typedef {import("./snippets.js").Said} Said */
/** @typedef {{ begins: string, key: string, size: (size: string) => Record<string, unknown> | null, images: string, words: Record<string, string> }} Family `words`: how a setting of ours is called there */

const KEY = "DARKROOM_API_KEY";
const GPT = { quality: "quality", background: "background", output_format: "output_format", n: "number_of_images" };
/** The ratios that stand for one size each. @type {Record<string, string>} */
const CANVASES = { "1024x1024": "1:1", "1536x1024": "3:2", "1024x1536": "2:3" };
const canvas = (/** @type {string} */ size) => (CANVASES[size] ? { aspect_ratio: CANVASES[size] } : null);
const ratio = (/** @type {string} */ size) => {
  const [width, height] = parse(size) ?? [1, 1];
  return { aspect_ratio: aspect(width, height) };
};
const edges = (/** @type {string} */ size) => {
  const [width, height] = parse(size) ?? [1, 1];
  return { width, height };
};

/** The first whose name the model's begins with. @type {Family[]} */
const FAMILIES = [
  { begins: "gpt-image-1", key: "gptImageParams", size: canvas, images: "input_images", words: { ...GPT, input_fidelity: "input_fidelity" } },
  { begins: "chatgpt-image-latest", key: "gptImageParams", size: canvas, images: "input_images", words: { ...GPT, input_fidelity: "input_fidelity" } },
  { begins: "gpt-image-", key: "gptImage2Params", size: canvas, images: "input_images", words: { ...GPT, moderation: "moderation" } },
  { begins: "chatgpt-images-", key: "gptImage2Params", size: canvas, images: "input_images", words: { ...GPT, moderation: "moderation" } },
  { begins: "dall-e-", key: "dalleParams", size: canvas, images: "", words: {} },
  { begins: "gemini-", key: "nanoBananaParams", size: ratio, images: "image_input", words: { output_format: "output_format" } },
  { begins: "flux-", key: "fluxParams", size: edges, images: "input_images", words: { output_format: "output_format", output_compression: "output_quality", seed: "seed" } },
  { begins: "grok-imagine-", key: "grokImagineParams", size: ratio, images: "image", words: {} },
];
/** What a setting is when nobody has set it. @type {Record<string, unknown>} */
const DEFAULTS = {
  quality: "auto", background: "auto", moderation: "auto", output_format: "png", n: 1,
  output_compression: null, input_fidelity: null, complexity: null, seed: null,
};

/** @param {Request} asked @returns {Said} */
export function apiframeBody({ wish, links, mask }) {
  const family = FAMILIES.find(({ begins }) => wish.model.startsWith(begins));
  /** @type {Record<string, any>} */
  const params = {};
  /** @type {string[]} */
  const leftOut = mask ? ["mask"] : [];
  for (const [name, usual] of Object.entries(DEFAULTS)) {
    const value = wish[/** @type {keyof Wish} */ (name)];
    if (value === usual) continue;
    const word = family?.words[name];
    if (word) params[word] = value === "jpeg" && family.key !== "gptImageParams" && family.key !== "gptImage2Params" ? "jpg" : value;
    else leftOut.push(name);
  }
  if (wish.size !== "auto") {
    const size = family?.size(wish.size);
    if (size) Object.assign(params, size);
    else leftOut.push("size");
  }
  if (links.length) {
    if (family?.images) params[family.images] = family.images === "image" ? links[0] : links;
    if (!family?.images || (family.images === "image" && links.length > 1)) leftOut.push("inputs");
  }
  const body = { model: wish.model, prompt: wish.prompt };
  return { body: family && Object.keys(params).length ? { ...body, [family.key]: params } : body, leftOut };
}

/** Needs no tool beyond curl. @param {Request} asked @param {Said} said */
export function apiframeCurl({ origin }, { body }) {
  return [
    `answer=$(curl -sS --fail-with-body ${origin}/v2/images/generate \\`,
    `  -H "X-API-Key: $${KEY}" \\`,
    `  -H "Content-Type: application/json" \\`,
    `  -d '${shell(body)}') || { echo "$answer" >&2; exit 1; }`,
    `job=$(echo "$answer" | grep -o '"jobId":"[^"]*"' | cut -d '"' -f 4)`,
    "",
    "# made in the background: ask until it is done",
    "while true; do",
    `  answer=$(curl -sS --fail-with-body ${origin}/v2/jobs/$job -H "X-API-Key: $${KEY}")`,
    `  case "$answer" in`,
    `    *'"status":"COMPLETED"'*) break ;;`,
    `    *'"status":"FAILED"'* | *'"status":"CANCELLED"'*) echo "$answer" >&2; exit 1 ;;`,
    "  esac",
    "  sleep 1",
    "done",
    `echo "$answer" | grep -o '"images":\\[[^]]*' | grep -o 'http[^"]*' | xargs -n 1 curl -sSOJ`,
    "",
  ].join("\n");
}

/** @param {Request} asked @param {Said} said */
export function apiframePython({ origin, wish }, { body }) {
  return [
    "import os",
    "import time",
    "",
    "import requests",
    "",
    `server = "${origin}/v2"`,
    `headers = {"X-API-Key": os.environ["${KEY}"]}`,
    "answer = requests.post(",
    '    f"{server}/images/generate",',
    "    headers=headers,",
    "    timeout=60,",
    `    json=${python(body, 1)},`,
    ")",
    "if not answer.ok:",
    "    raise SystemExit(answer.text)",
    'job_id = answer.json()["jobId"]',
    "while True:",
    '    job = requests.get(f"{server}/jobs/{job_id}", headers=headers, timeout=60).json()',
    '    if job["status"] in ("COMPLETED", "FAILED", "CANCELLED"):',
    "        break",
    "    time.sleep(1)",
    'if job["status"] != "COMPLETED":',
    '    raise SystemExit(job["error"])',
    'for number, url in enumerate(job["result"]["images"], 1):',
    `    with open(f"image-{number}.${extension(wish.output_format)}", "wb") as file:`,
    "        file.write(requests.get(url, timeout=60).content)",
    "",
  ].join("\n");
}
