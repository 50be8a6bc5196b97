// OpenAI's JavaScript SDK in a conversation that draws: told by the environment, one JSON line.
import OpenAI from "openai";

const client = new OpenAI({ baseURL: process.env.BASE_URL, apiKey: process.env.API_KEY });
const tool = { type: "image_generation", model: "gpt-image-1.5", quality: "low" };
const call = (response) => response.output.find((item) => item.type === "image_generation_call");
const edge = (base64) => Buffer.from(base64, "base64").readUInt32BE(16);

const first = await client.responses.create({ model: "gpt-4.1", input: "a boat", tools: [tool] });
const second = await client.responses.create({
  model: "gpt-4.1",
  input: "in red",
  previous_response_id: first.id,
  tools: [tool],
  tool_choice: { type: "image_generation" },
});

const events = [];
const stream = client.responses.stream({
  model: "gpt-4.1",
  input: "in blue",
  tools: [{ ...tool, partial_images: 1 }],
});
for await (const event of stream) events.push(event.type.replace("response.", ""));
const final = await stream.finalResponse();

const refused = await client.responses.create({
  model: "gpt-4.1",
  input: "[[moderation_blocked times=1]]",
  tools: [tool],
});

console.log(
  JSON.stringify({
    made: [edge(call(first).result), call(first).action],
    edited: [edge(call(second).result), call(second).action],
    text: first.output_text.startsWith("Made an image"),
    events: [events[0], events.includes("image_generation_call.partial_image"), events.at(-1)],
    streamed: edge(call(final).result),
    kept: (await client.responses.retrieve(first.id)).id === first.id,
    refused: [refused.status, call(refused).status, call(refused).error.code],
  }),
);
