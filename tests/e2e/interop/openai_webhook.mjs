// OpenAI's JavaScript SDK as a receiver of webhooks; answers with one JSON line.
import OpenAI from "openai";

const { BODY, HEADERS, SECRET } = process.env;
const client = new OpenAI({ apiKey: "none", webhookSecret: SECRET });

const event = await client.webhooks.unwrap(BODY, JSON.parse(HEADERS));
let tampered;
try {
  await client.webhooks.unwrap(BODY.replace("one", "two"), JSON.parse(HEADERS));
} catch (error) {
  tampered = error.constructor.name;
}

console.log(JSON.stringify({ type: event.type, tampered }));
