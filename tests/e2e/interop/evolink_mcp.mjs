// EvoLink's MCP server against a gateway, driven as an agent does; answers with one JSON line.
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";

const server = new URL("node_modules/@evolinkai/evolink-media/", import.meta.url).pathname;
const shim = new URL("evolink_host.mjs", import.meta.url).href;
const client = new Client({ name: "test", version: "1" });
await client.connect(
  new StdioClientTransport({
    command: process.execPath,
    args: [`--import=${shim}`, `${server}dist/evolink-media/src/index.js`],
    env: { EVOLINK_API_KEY: process.env.API_KEY, GATEWAY: process.env.GATEWAY },
    stderr: "inherit",
  }),
);

async function use(name, args) {
  const answer = await client.callTool({ name, arguments: args });
  const text = answer.content.map((part) => part.text).join("\n");
  return { failed: answer.isError === true, text };
}

async function made(args) {
  const told = await use("generate_image", { model: "gpt-image-1.5", ...args });
  const id = /Task ID: (\S+)/.exec(told.text)?.[1];
  if (id === undefined) return { told };
  let shown;
  do shown = await use("check_task", { task_id: id });
  while (/Status: (pending|processing)/.test(shown.text));
  const links = [...shown.text.matchAll(/\[\d+\] (\S+)/g)].map((match) => match[1]);
  const edges = [];
  for (const link of links) {
    edges.push(Buffer.from(await (await fetch(link)).arrayBuffer()).readUInt32BE(16));
  }
  return { id: id.slice(0, 13), status: /Status: (\w+)/.exec(shown.text)?.[1], edges };
}

const generated = await made({ prompt: "a boat", size: "1024x1024", n: 2 });
const uploaded = await use("upload_file", { file_path: process.env.PICTURE });
const link = /https?:\/\/\S+/.exec(uploaded.text)?.[0];
const edited = link ? await made({ prompt: "a hat", image_urls: [link] }) : uploaded;
const refused = await use("generate_image", { model: "gpt-image-1.5", prompt: "x", size: "1x1" });
const unknown = await use("check_task", { task_id: "task-unified-1-0" });
await client.close();

console.log(JSON.stringify({ generated, edited, refused, unknown }));
