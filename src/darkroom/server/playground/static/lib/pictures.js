// @ts-check
// Where the browser gets an asset's pixels from, and what can be done with them.

/** @typedef {import("./types").Asset} Asset */

// The server signs a new link at each reading. The first one is kept while it lives, so that an
// image is loaded once; a result that came through the stream is not loaded at all.
/** @type {Map<string, { src: string, link: string, expires: string }>} */
const known = new Map();

/** The address to show an asset from. @param {Asset} asset */
export function srcOf(asset) {
  return remembered(asset).src;
}

/** Its signed link for others, and when that ends. @param {Asset} asset */
export function linkOf(asset) {
  const { link, expires } = remembered(asset);
  return { link, expires };
}

/** Whether an asset was seen before, by its id alone. @param {string} id */
export function srcOfId(id) {
  return known.get(id)?.src ?? null;
}

/** Bytes that are here already. @param {Asset} asset @param {string} src */
export function adopt(asset, src) {
  known.set(asset.id, { src, link: asset.url, expires: asset.url_expires_at });
}

/** Bytes of an uploaded file. @param {string} id @param {string} src */
export function adoptUpload(id, src) {
  known.set(id, { src, link: "", expires: "" });
}

/** @param {Asset} asset */
function remembered(asset) {
  const before = known.get(asset.id);
  if (before?.link && Date.parse(before.expires) > Date.now() + 60_000) return before;
  // Behind another public address the link's own origin is not ours, but its path is.
  const { pathname, search } = new URL(asset.url);
  const src = before?.src.startsWith("blob:") ? before.src : pathname + search;
  const entry = { src, link: asset.url, expires: asset.url_expires_at };
  known.set(asset.id, entry);
  return entry;
}

/** @param {string} base64 @param {string} type */
export function blobUrl(base64, type) {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return URL.createObjectURL(new Blob([bytes], { type }));
}

/** @param {Asset} asset @param {string} name without its extension */
export async function download(asset, name) {
  const blob = await (await fetch(srcOf(asset))).blob();
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = `${name}.${asset.media_type.replace("image/", "").replace("jpeg", "jpg")}`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 30_000);
}

/** Clipboards take PNG only. @param {Asset} asset */
export async function copyImage(asset) {
  const png = (async () => {
    const blob = await (await fetch(srcOf(asset))).blob();
    if (blob.type === "image/png") return blob;
    const bitmap = await createImageBitmap(blob);
    const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
    canvas.getContext("2d")?.drawImage(bitmap, 0, 0);
    return canvas.convertToBlob({ type: "image/png" });
  })();
  await navigator.clipboard.write([new ClipboardItem({ "image/png": png })]);
}

/** @param {string} text */
export async function copyText(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  // Pages on plain http have no clipboard interface, except through a selection.
  const area = document.createElement("textarea");
  area.value = text;
  const dialog = document.querySelector("dialog[open]") ?? document.body;
  dialog.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  if (!done) throw new Error("no clipboard");
}

/** A file name from the prompt. @param {string} prompt */
export function fileName(prompt) {
  const words = prompt.toLowerCase().normalize("NFC").replace(/[^\p{L}\p{N}]+/gu, "-");
  return [...words].slice(0, 48).join("").replace(/^-+|-+$/g, "") || "image";
}
