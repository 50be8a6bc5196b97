// OpenAI's JavaScript SDK against a gateway: told by the environment, answers with one JSON line.
import fs from "node:fs";
import OpenAI, { toFile } from "openai";

const client = new OpenAI({ baseURL: process.env.BASE_URL, apiKey: process.env.API_KEY });
const common = { model: "gpt-image-1.5", prompt: "a boat", quality: "low" };
const picture = process.env.PICTURE;
const size = (image) => Buffer.from(image.b64_json, "base64").readUInt32BE(16);

const generated = await client.images.generate({ ...common, n: 2 });
const edited = await client.images.edit({ ...common, image: fs.createReadStream(picture) });
const many = await client.images.edit({
  ...common,
  image: [fs.createReadStream(picture), await toFile(fs.readFileSync(picture), "b.png")],
  n: 2,
});

const events = [];
const stream = await client.images.generate({ ...common, stream: true, partial_images: 2 });
for await (const event of stream) {
  events.push([event.type, event.partial_image_index ?? null, size(event)]);
}
const edits = [];
const editing = await client.images.edit({
  ...common,
  image: fs.createReadStream(picture),
  stream: true,
});
for await (const event of editing) edits.push([event.type, event.usage.input_tokens > 0]);

let refused;
try {
  await client.images.generate({ ...common, size: "1x1" });
} catch (error) {
  refused = [error.constructor.name, error.status, error.code, error.param];
}

const file = await client.files.create({ file: fs.createReadStream(picture), purpose: "vision" });
const models = (await client.models.list()).data.map((model) => model.id);

console.log(
  JSON.stringify({
    generated: generated.data.map(size),
    usage: generated.usage.total_tokens > 0,
    edited: edited.data.map(size),
    many: many.data.map(size),
    events,
    edits,
    refused,
    file: file.bytes,
    models,
  }),
);
