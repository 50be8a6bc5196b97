// @ts-check
// A new key in use: the two variables that every client of OpenAI's reads, and a first request.

/** @typedef {{ id: string, label: string, make: (key: string, origin: string) => string }} Snippet */

const PROMPT = "a lighthouse at dusk";

/** @type {Snippet} */
const shell = {
  id: "shell", label: "Shell",
  make: (key, origin) => `export OPENAI_BASE_URL="${origin}/v1"\nexport OPENAI_API_KEY="${key}"\n`,
};
/** @type {Snippet} */
const python = {
  id: "python", label: "Python",
  make: (key, origin) => [
    "import base64", "", "from openai import OpenAI", "",
    `client = OpenAI(base_url="${origin}/v1", api_key="${key}")`,
    `made = client.images.generate(model="gpt-image-2", prompt="${PROMPT}")`,
    'with open("lighthouse.png", "wb") as file:', "    file.write(base64.b64decode(made.data[0].b64_json))", "",
  ].join("\n"),
};
/** @type {Snippet} */
const curl = {
  id: "curl", label: "curl",
  make: (key, origin) => curlOf(`${origin}/v1/images/generations`, `Authorization: Bearer ${key}`, { model: "gpt-image-2", prompt: PROMPT }),
};
/** @type {Snippet} */
const evolink = {
  id: "curl", label: "curl",
  make: (key, origin) => curlOf(`${origin}/v1/images/generations`, `Authorization: Bearer ${key}`, { model: "gpt-image-2", prompt: PROMPT, size: "1:1" }),
};
/** @type {Snippet} */
const apiframe = {
  id: "curl", label: "curl",
  make: (key, origin) => curlOf(`${origin}/v2/images/generate`, `X-API-Key: ${key}`, { model: "gpt-image-2", prompt: PROMPT }),
};

/** By the dialect that a key is bound to. @type {Record<string, Snippet[]>} */
export const SNIPPETS = { auto: [shell, python, curl], openai: [shell, python, curl], evolink: [evolink], apiframe: [apiframe] };

/** @param {string} url @param {string} header @param {Record<string, unknown>} body */
function curlOf(url, header, body) {
  return [
    `curl -sS --fail-with-body ${url} \\`, `  -H "${header}" \\`, `  -H "Content-Type: application/json" \\`,
    `  -d '${JSON.stringify(body)}'`, "",
  ].join("\n");
}
