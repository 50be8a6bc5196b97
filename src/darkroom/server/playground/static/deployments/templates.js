// @ts-check
// What goes into darkroom.toml for a new deployment, by provider. A test reads each as the server does.

/** @typedef {{ provider: string, label: string, key: string | null, toml: string[], note?: import("../lib/words.js").Word }} Template */

/** In the order of the list; `key` is the environment variable that is named. @type {Template[]} */
export const TEMPLATES = [
  { provider: "openai", label: "OpenAI", key: "OPENAI_API_KEY", toml: [] },
  {
    provider: "azure", label: "Azure OpenAI", key: "AZURE_OPENAI_API_KEY", note: "deploy.note.azure",
    toml: ['base_url = "https://my-resource.openai.azure.com"', 'models = { "gpt-image-2" = "my-image-2" }'],
  },
  { provider: "gemini", label: "Google Gemini", key: "GEMINI_API_KEY", toml: [] },
  { provider: "flux", label: "FLUX (Black Forest Labs)", key: "BFL_API_KEY", toml: [] },
  {
    provider: "openai_compatible", label: "SGLang, vLLM-Omni, LocalAI", key: null, note: "deploy.note.own",
    toml: [
      'base_url = "http://10.0.0.7:30000/v1"', 'models = { "flux-2-dev" = "black-forest-labs/FLUX.2-dev" }',
      'price_per_image = "0"', 'options = { profile = "sglang" }',
    ],
  },
  {
    provider: "openai_compatible", label: "OpenRouter, Together, xAI", key: "OPENROUTER_API_KEY", note: "deploy.note.profile",
    toml: ['models = ["gpt-image-2", "gemini-3-pro-image"]', 'options = { profile = "openrouter" }'],
  },
  {
    provider: "darkroom", label: "Darkroom", key: "HEADQUARTERS_API_KEY", note: "deploy.note.darkroom",
    toml: ['base_url = "https://darkroom.example.com/v1"'],
  },
  { provider: "evolink", label: "EvoLink", key: "EVOLINK_API_KEY", toml: ['price_sheet = "evolink"'] },
  {
    provider: "apiframe", label: "Apiframe", key: "APIFRAME_API_KEY", note: "deploy.note.credits",
    toml: ['options = { credits_per_dollar = "200" }'],
  },
  { provider: "sandbox", label: "Sandbox", key: null, toml: [], note: "deploy.note.sandbox" },
];

/** The table for the file, under an id that is not taken yet. @param {Template} of @param {string[]} taken */
export function tomlOf({ provider, key, toml }, taken) {
  const wish = provider.replace("openai_compatible", key ? "relay" : "own-gpu");
  let id = wish;
  for (let n = 2; taken.includes(id); n++) id = `${wish}-${n}`;
  return [
    "[[deployments]]", `id = "${id}"`, `provider = "${provider}"`, ...(key ? [`api_key = "env:${key}"`] : []), ...toml, "",
  ].join("\n");
}
