// LangChain's image tool against a gateway: told by the environment, answers with one JSON line.
import { DallEAPIWrapper } from "@langchain/openai";

const common = {
  apiKey: process.env.API_KEY,
  baseUrl: process.env.BASE_URL,
  model: "gpt-image-1.5",
  maxRetries: 0,
};
const edge = (bytes) => Buffer.from(bytes).readUInt32BE(16);

const url = await new DallEAPIWrapper(common).invoke("a boat"); // a link is its default
const linked = edge(await (await fetch(url)).arrayBuffer());
const several = await new DallEAPIWrapper({ ...common, n: 2 }).invoke("two boats");
const inline = await new DallEAPIWrapper({ ...common, dallEResponseFormat: "b64_json" }).invoke("x");

console.log(
  JSON.stringify({
    linked,
    several: several.map((part) => part.type),
    inline: edge(Buffer.from(inline, "base64")),
  }),
);
