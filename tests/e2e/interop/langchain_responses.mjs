// LangChain's image tool against a gateway: told by the environment, answers with one JSON line.
import { ChatOpenAI, tools } from "@langchain/openai";

const model = new ChatOpenAI({
  model: "gpt-4.1",
  apiKey: process.env.API_KEY,
  configuration: { baseURL: process.env.BASE_URL },
  maxRetries: 0,
});
const options = { model: "gpt-image-1.5", quality: "low", size: "1536x1024" };
const call = (message) =>
  message.additional_kwargs.tool_outputs.find((each) => each.type === "image_generation_call");
const edge = (message) => Buffer.from(call(message).result, "base64").readUInt32BE(16);

const drawing = { tools: [tools.imageGeneration(options)] };
const first = await model.invoke("a boat", drawing);
// its multi-turn editing: the earlier messages are sent back
const second = await model.invoke(
  [{ role: "user", content: "a boat" }, first, { role: "user", content: "in red" }],
  drawing,
);
const previous = await model.invoke("in blue", {
  ...drawing,
  previous_response_id: first.response_metadata.id,
});

console.log(
  JSON.stringify({
    made: [edge(first), call(first).action],
    edited: [edge(second), call(second).action],
    previous: call(previous).action,
    text: JSON.stringify(first.content).includes("Made an image"),
  }),
);
