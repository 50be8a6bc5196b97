// @ts-check
// A request as OpenAI's own clients send it, and as ours does.

import { extension, keywords, python, shell } from "./literals.js";
import { wire } from "./requests.js";

/** @typedef {import("./snippets.js").Request} Request */

const KEY = "DARKROOM_API_KEY";
/** Ours: OpenAI's packages do not know them. */
const OURS = new Set(["seed", "complexity"]);

/** Asks for links and fetches each: no tool beyond curl is needed. @param {Request} asked */
export function curl({ wish, origin }) {
  const { path, body } = wire(wish);
  return [
    `curl -sS --fail-with-body ${origin}${path} \\`,
    `  -H "Authorization: Bearer $${KEY}" \\`,
    `  -H "Content-Type: application/json" \\`,
    `  -d '${shell({ ...body, response_format: "url" })}' \\`,
    `  | grep -o '"url":"[^"]*"' | cut -d '"' -f 4 | xargs -n 1 curl -sSOJ`,
    "",
  ].join("\n");
}

/** @param {Request} asked */
export function openai({ wish, origin }) {
  const { path, body } = wire(wish);
  const isEdit = "images" in body;
  const pick = (/** @type {boolean} */ ours) =>
    Object.fromEntries(Object.entries(body).filter(([name]) => OURS.has(name) === ours));
  const [own, extra] = [pick(false), pick(true)];
  // images.edit() sends files only; the JSON form takes stored images and URLs as well.
  const call = isEdit
    ? [
        "# images.edit() takes files; this form takes stored images and URLs as well",
        "result = client.post(",
        `    "${path.replace("/v1", "")}",`,
        "    cast_to=ImagesResponse,",
        `    body=${python(body, 1)},`,
        ")",
      ]
    : [
        "result = client.images.generate(",
        ...keywords(own),
        ...(Object.keys(extra).length ? [`    extra_body=${python(extra, 1)},`] : []),
        ")",
      ];
  return [
    "import base64",
    "import os",
    "",
    "from openai import OpenAI",
    ...(isEdit ? ["from openai.types import ImagesResponse"] : []),
    "",
    `client = OpenAI(base_url="${origin}/v1", api_key=os.environ["${KEY}"])`,
    ...call,
    "for number, image in enumerate(result.data, 1):",
    `    with open(f"image-{number}.${extension(wish.output_format)}", "wb") as file:`,
    "        file.write(base64.b64decode(image.b64_json))",
    "",
  ].join("\n");
}

/** @param {Request} asked */
export function sdk({ wish, origin, links, mask }) {
  const { prompt, images, mask: _, ...options } = wire(wish).body;
  return [
    "import os",
    "",
    "from darkroom_client import Client",
    "",
    `with Client("${origin}", os.environ["${KEY}"]) as client:`,
    `    result = client.${images ? "edit" : "generate"}(`,
    `        ${python(prompt, 2)},`,
    ...(images ? [`        ${python(links, 2)},`] : []),
    ...(mask ? [`        mask=${python(mask, 2)},`] : []),
    ...keywords(options).map((line) => `    ${line}`),
    "    )",
    '    result.save_all(".", "image")',
    "    print(result.cost, result.model, result.deployment)",
    "    for warning in result.warnings:",
    "        print(warning.message)",
    "",
  ].join("\n");
}

/** @param {Request} asked */
export function javascript({ wish, origin }) {
  const { path, body } = wire(wish);
  const json = JSON.stringify(body, null, 2);
  const call = "images" in body
    ? `client.post("${path.replace("/v1", "")}", {\n  body: ${json.replaceAll("\n", "\n  ")},\n})`
    : `client.images.generate(${json})`;
  return [
    "// save as image.mjs, then run: node image.mjs",
    `import { writeFile } from "node:fs/promises";`,
    `import OpenAI from "openai";`,
    "",
    `const client = new OpenAI({ baseURL: "${origin}/v1", apiKey: process.env.${KEY} });`,
    `const result = await ${call};`,
    "for (const [i, image] of result.data.entries()) {",
    `  await writeFile(\`image-\${i + 1}.${extension(wish.output_format)}\`, Buffer.from(image.b64_json, "base64"));`,
    "}",
    "",
  ].join("\n");
}
