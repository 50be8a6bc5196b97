// What JavaScript makes of an answer that begins with white space; answers with one JSON line.
import OpenAI from "openai";

const { BASE_URL, API_KEY } = process.env;
const body = { model: "gpt-image-1.5", prompt: "a boat", quality: "low" };
const client = new OpenAI({ baseURL: BASE_URL, apiKey: API_KEY, maxRetries: 0 });

const image = (await client.images.generate(body)).data[0];
const answer = await fetch(`${BASE_URL}/images/generations`, {
  method: "POST",
  headers: { authorization: `Bearer ${API_KEY}`, "content-type": "application/json" },
  body: JSON.stringify(body),
});
const copy = answer.clone();

console.log(
  JSON.stringify({
    sdk: Buffer.from(image.b64_json, "base64").readUInt32BE(16),
    spaces: (await copy.text()).startsWith(" "),
    fetched: (await answer.json()).data.length,
  }),
);
