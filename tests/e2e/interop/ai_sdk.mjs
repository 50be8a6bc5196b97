// Vercel's AI SDK against a gateway: told by the environment, answers with one JSON line.
import fs from "node:fs";
import { createOpenAI } from "@ai-sdk/openai";
import { generateImage } from "ai";

const openai = createOpenAI({ baseURL: process.env.BASE_URL, apiKey: process.env.API_KEY });
const model = openai.image("gpt-image-1.5");
const providerOptions = { openai: { quality: "low" } };
const edge = (image) => Buffer.from(image.uint8Array).readUInt32BE(16);

const generated = await generateImage({
  model,
  prompt: "a boat",
  n: 2,
  size: "1024x1024",
  providerOptions,
});
const picture = fs.readFileSync(process.env.PICTURE);
const edited = await generateImage({
  model,
  prompt: { text: "a hat", images: [picture, picture] },
  providerOptions,
});
let refused;
try {
  await generateImage({ model, prompt: "x", size: "1x1", providerOptions, maxRetries: 0 });
} catch (error) {
  refused = [error.name, error.statusCode, error.message.includes("1x1")];
}

console.log(
  JSON.stringify({
    generated: generated.images.map(edge),
    edited: edited.images.map(edge),
    tokens: generated.usage.totalTokens > 0,
    refused,
  }),
);
