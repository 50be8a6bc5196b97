// @ts-check
// Where the browser gets an asset's pixels from, and what can be done with them.

/** @typedef {import("./types").Asset} Asset */

/** @typedef {{ src: string, thumb: string, link: string, expires: string }} Known */

// The server signs a new link at each reading. The first one is kept while it lives, so that an
// image is loaded once.
/** @type {Map<string, Known>} */
const known = new Map();

/** The address to show an asset from. @param {Asset} asset */
export function srcOf(asset) {
  return remembered(asset).src;
}

/** The same, small. @param {Asset} asset */
export function thumbOf(asset) {
  return remembered(asset).thumb;
}

/** Where this very record of an asset points to. @param {Asset} asset */
export function pathOf(asset) {
  return pathTo(asset.url);
}

/** Its signed link for others, and when that ends. @param {Asset} asset */
export function linkOf(asset) {
  const { link, expires } = remembered(asset);
  return { link, expires };
}

/** Where an asset that was seen before is shown from, by its id alone. @param {string} id */
export function srcOfId(id) {
  return known.get(id)?.src ?? null;
}

/** The same, small. @param {string} id */
export function thumbOfId(id) {
  return known.get(id)?.thumb ?? null;
}

/** Its signed link, when it is known and holds. @param {string} id */
export function linkOfId(id) {
  const found = known.get(id);
  return found?.link && isAlive(found) ? found.link : null;
}

/** Bytes of an uploaded file. @param {string} id @param {string} src */
export function adoptUpload(id, src) {
  known.set(id, { src, thumb: src, link: "", expires: "" });
}

/** Assets that will be shown by their ids. @param {Asset[]} assets */
export function learn(assets) {
  assets.forEach(remembered);
}

/** @param {Asset} asset @returns {Known} */
function remembered(asset) {
  const before = known.get(asset.id);
  if (before?.link && isAlive(before)) return before;
  const isHere = before?.src.startsWith("blob:") ?? false;
  const src = isHere && before ? before.src : pathTo(asset.url);
  const thumb = isHere || !asset.thumbnail_url ? src : pathTo(asset.thumbnail_url);
  const entry = { src, thumb, link: asset.url, expires: asset.url_expires_at };
  known.set(asset.id, entry);
  return entry;
}

/** @param {Known} found */
function isAlive({ expires }) {
  return Date.parse(expires) > Date.now() + 60_000;
}

/** Behind another public address the link's own origin is not ours, but its path is. @param {string} url */
function pathTo(url) {
  const { pathname, search } = new URL(url, location.href);
  return pathname + search;
}

/** @param {Asset} asset @param {string} name without its extension */
export async function download(asset, name) {
  save(await bytesOf(asset), `${name}.${extensionOf(asset)}`);
}

/** @param {Asset} asset @returns {Promise<Blob>} the original bytes */
export async function bytesOf(asset) {
  const response = await fetch(srcOf(asset));
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  return response.blob();
}

/** @param {Asset} asset */
export function extensionOf(asset) {
  return asset.media_type.replace("image/", "").replace("jpeg", "jpg");
}

/** Hand bytes to the browser as a download. @param {Blob} blob @param {string} name */
export function save(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 30_000);
}

/** Clipboards take PNG only. @param {Asset} asset */
export async function copyImage(asset) {
  const png = (async () => {
    const blob = await bytesOf(asset);
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
