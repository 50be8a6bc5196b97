// @ts-check
// A request as EvoLink's clients send it: a task that is polled.

import { extension, python, shell } from "./literals.js";

/** @typedef {import("./snippets.js").Request} Request @typedef {import("./snippets.js").Said} Said */

const KEY = "DARKROOM_API_KEY";
const PATH = "/evolink/v1/images/generations";
const TASKS = "/evolink/v1/tasks";

/** @param {Request} asked @returns {Said} */
export function evolinkBody({ wish, links, mask }) {
  /** @type {Record<string, any>} */
  const body = { model: wish.model, prompt: wish.prompt, size: wish.size };
  if (wish.quality !== "auto") body.quality = wish.quality;
  if (wish.n > 1) body.n = wish.n;
  if (links.length) body.image_urls = links;
  if (wish.seed !== null) body.seed = wish.seed;
  if (wish.output_format !== "png") body.model_params = { output_format: wish.output_format };
  const leftOut = /** @type {const} */ (["background", "moderation"]).filter((name) => wish[name] !== "auto");
  const more = /** @type {const} */ (["output_compression", "input_fidelity", "complexity"]).filter((name) => wish[name] !== null);
  // EvoLink's masks say in white what may change, ours by what is transparent.
  return { body, leftOut: [...leftOut, ...more, ...(mask ? ["mask"] : [])] };
}

/** Needs no tool beyond curl. @param {Request} asked @param {Said} said */
export function evolinkCurl({ origin }, { body }) {
  return [
    `answer=$(curl -sS --fail-with-body ${origin}${PATH} \\`,
    `  -H "Authorization: Bearer $${KEY}" \\`,
    `  -H "Content-Type: application/json" \\`,
    `  -d '${shell(body)}') || { echo "$answer" >&2; exit 1; }`,
    `task=$(echo "$answer" | grep -o '"id":"[^"]*"' | head -n 1 | cut -d '"' -f 4)`,
    "",
    "# made in the background: ask until it is done",
    "while true; do",
    `  answer=$(curl -sS --fail-with-body ${origin}${TASKS}/$task \\`,
    `    -H "Authorization: Bearer $${KEY}")`,
    `  case "$answer" in`,
    `    *'"status":"completed"'*) break ;;`,
    `    *'"status":"failed"'*) echo "$answer" >&2; exit 1 ;;`,
    "  esac",
    "  sleep 1",
    "done",
    `echo "$answer" | grep -o '"results":\\[[^]]*' | grep -o 'http[^"]*' | xargs -n 1 curl -sSOJ`,
    "",
  ].join("\n");
}

/** @param {Request} asked @param {Said} said */
export function evolinkPython({ origin, wish }, { body }) {
  return [
    "import os",
    "import time",
    "",
    "import requests",
    "",
    `server = "${origin}/evolink/v1"`,
    `headers = {"Authorization": f"Bearer {os.environ['${KEY}']}"}`,
    "answer = requests.post(",
    '    f"{server}/images/generations",',
    "    headers=headers,",
    "    timeout=60,",
    `    json=${python(body, 1)},`,
    ")",
    "if not answer.ok:",
    "    raise SystemExit(answer.text)",
    "task = answer.json()",
    'while task["status"] not in ("completed", "failed"):',
    "    time.sleep(1)",
    "    task = requests.get(f\"{server}/tasks/{task['id']}\", headers=headers, timeout=60).json()",
    'if task["status"] == "failed":',
    '    raise SystemExit(task["error"])',
    'for number, url in enumerate(task["results"], 1):',
    `    with open(f"image-{number}.${extension(wish.output_format)}", "wb") as file:`,
    "        file.write(requests.get(url, timeout=60).content)",
    "",
  ].join("\n");
}
