// @ts-check
// The same request as code that runs: curl, Python with OpenAI's package, JavaScript.

/** @typedef {import("./types").Wire} Wire */

const KEY = "DARKROOM_API_KEY";

/** @type {{ id: string, label: string, make: (wire: Wire, origin: string) => string }[]} */
export const LANGUAGES = [
  { id: "curl", label: "curl", make: curl },
  { id: "python", label: "Python", make: python },
  { id: "javascript", label: "JavaScript", make: javascript },
];

/** Asks for links and fetches each: no tool beyond curl is needed. @type {(wire: Wire, origin: string) => string} */
function curl({ path, body }, origin) {
  const json = JSON.stringify({ ...body, response_format: "url" }, null, 2).replaceAll("'", "'\\''").replaceAll("\n", "\n  ");
  return [
    `curl -sS --fail-with-body ${origin}${path} \\`,
    `  -H "Authorization: Bearer $${KEY}" \\`,
    `  -H "Content-Type: application/json" \\`,
    `  -d '${json}' \\`,
    `  | grep -o '"url":"[^"]*"' | cut -d '"' -f 4 | xargs -n 1 curl -sSOJ`,
    "",
  ].join("\n");
}

/** @type {(wire: Wire, origin: string) => string} */
function python({ path, body }, origin) {
  const isEdit = "images" in body;
  const extra = ["seed"]; // ours: the package does not know it
  const own = Object.entries(body).filter(([name]) => !extra.includes(name));
  const ours = Object.fromEntries(Object.entries(body).filter(([name]) => extra.includes(name)));
  const open = [
    "import base64",
    "import os",
    "",
    "from openai import OpenAI",
    ...(isEdit ? ["from openai.types import ImagesResponse"] : []),
    "",
    `client = OpenAI(base_url="${origin}/v1", api_key=os.environ["${KEY}"])`,
  ];
  // images.edit() sends files only; the JSON form takes stored images and URLs as well.
  const call = isEdit
    ? [
        "result = client.post(",
        `    "${path.replace("/v1", "")}",`,
        "    cast_to=ImagesResponse,",
        `    body=${literal(body, 1)},`,
        ")",
      ]
    : [
        "result = client.images.generate(",
        ...own.map(([name, value]) => `    ${name}=${literal(value, 1)},`),
        ...(Object.keys(ours).length ? [`    extra_body=${literal(ours, 1)},`] : []),
        ")",
      ];
  const save = [
    "for number, image in enumerate(result.data, 1):",
    `    with open(f"image-{number}.${extension(body)}", "wb") as file:`,
    "        file.write(base64.b64decode(image.b64_json))",
    "",
  ];
  return [...open, ...call, ...save].join("\n");
}

/** @type {(wire: Wire, origin: string) => string} */
function javascript({ path, body }, origin) {
  const json = JSON.stringify(body, null, 2).replaceAll("\n", "\n  ");
  return [
    `// Node 18 or newer: save as image.mjs, then run \`node image.mjs\``,
    `import { writeFile } from "node:fs/promises";`,
    "",
    `const response = await fetch("${origin}${path}", {`,
    `  method: "POST",`,
    "  headers: {",
    `    Authorization: \`Bearer \${process.env.${KEY}}\`,`,
    `    "Content-Type": "application/json",`,
    "  },",
    `  body: JSON.stringify(${json}),`,
    "});",
    "const answer = await response.json();",
    "if (!response.ok) throw new Error(answer.error.message);",
    "for (const [i, image] of answer.data.entries()) {",
    `  await writeFile(\`image-\${i + 1}.${extension(body)}\`, Buffer.from(image.b64_json, "base64"));`,
    "}",
    "",
  ].join("\n");
}

/** A JSON value as a Python literal. @param {unknown} value @param {number} depth @returns {string} */
function literal(value, depth) {
  const pad = "    ".repeat(depth);
  if (value === null || value === undefined) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (Array.isArray(value)) {
    return `[\n${value.map((one) => `${pad}    ${literal(one, depth + 1)},\n`).join("")}${pad}]`;
  }
  if (typeof value === "object") {
    const lines = Object.entries(value).map(
      ([name, one]) => `${pad}    ${JSON.stringify(name)}: ${literal(one, depth + 1)},\n`,
    );
    return `{\n${lines.join("")}${pad}}`;
  }
  return JSON.stringify(value); // JSON's escapes of strings are Python's, too
}

/** @param {Record<string, unknown>} body */
function extension(body) {
  const format = String(body.output_format ?? "png");
  return format === "jpeg" ? "jpg" : format;
}
