// @ts-check
// One finished image and what can be done with it.

import { html, useEffect, useState } from "../vendor/preact.js";
import { now } from "../lib/clock.js";
import { focusPrompt } from "../lib/focus.js";
import { call } from "../lib/api.js";
import { bytesOf, copyImage, copyText, download, extensionOf, fileName, linkOf, save, srcOf, thumbOf } from "../lib/pictures.js";
import { wishOf } from "../lib/requests.js";
import { left, t } from "../lib/words.js";
import { showCode } from "../state/dialogs.js";
import { asked } from "../state/form.js";
import { setInputs } from "../state/inputs.js";
import { can } from "../state/models.js";
import { Dialog } from "../widgets/dialog.js";
import { Icon } from "../widgets/icons.js";
import { say } from "../widgets/toast.js";

/** @typedef {import("../lib/types").Job} Job @typedef {import("../lib/types").Asset} Asset */

/** Seldom wanted: an icon is enough, also where there is room. */
const SMALL = new Set(["download.recipe", "code"]);

/** So many columns that all rows are seen at once. @param {number} count @param {number} width @param {number} height */
export function layout(count, width, height) {
  const columns = count <= 2 ? count : count <= 4 ? 2 : count <= 6 ? 3 : Math.ceil(count / 2);
  return { "--columns": columns, "--rows": Math.ceil(count / columns), "--w": width, "--h": height };
}

/** @param {{ job: Job, asset: Asset, results: Asset[] }} props */
export function Print({ job, asset, results }) {
  const [large, enlarge] = useState(/** @type {Asset | null} */ (null));
  const shape = { "--ratio": `${asset.width} / ${asset.height}`, "--w": asset.width, "--h": asset.height };
  thumbOf(asset); // known from now on: an edit of it shows it at once
  return html`
    <figure class="print" style=${shape}>
      <button class="print-face" onClick=${() => enlarge(asset)} aria-label=${t("print.enlarge")}>
        <img src=${srcOf(asset)} alt=${altOf(job, asset)} width=${asset.width} height=${asset.height} decoding="async" data-test="result" data-asset=${asset.id} />
      </button>
      ${results.length > 1 && html`<${Tools} job=${job} asset=${asset} isWide=${false} />`}
      ${large && html`<${Large} job=${job} asset=${large} results=${results} onTurn=${enlarge} />`}
    </figure>
  `;
}

/** Large; the arrow keys go on to the other images of the job. @param {{ job: Job, asset: Asset, results: Asset[], onTurn: (asset: Asset | null) => void }} props */
function Large({ job, asset, results, onTurn }) {
  useEffect(() => {
    const onKey = (/** @type {KeyboardEvent} */ event) => {
      const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      const next = by ? results[results.findIndex((one) => one.id === asset.id) + by] : undefined;
      if (next) onTurn(next);
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, [asset.id]);
  const alt = altOf(job, asset);
  return html`<${Dialog} kind="large" label=${alt} onClose=${() => onTurn(null)}>
    <img src=${srcOf(asset)} alt=${alt} data-test="large" />
    ${results.length > 1 && html`<p class="large-count mono">${asset.position + 1} / ${results.length}</p>`}
  </${Dialog}>`;
}

/** @param {Job} job @param {Asset} asset */
function altOf(job, asset) {
  return t("print.alt", { n: asset.position + 1, prompt: job.request.prompt });
}

/** @param {{ job: Job, asset: Asset, isWide: boolean }} props */
export function Tools({ job, asset, isWide }) {
  const { link, expires } = linkOf(asset);
  const valid = left(expires, now.value);
  const edit = () => {
    setInputs([asset.id]);
    focusPrompt(true);
  };
  const name = nameOf(job, asset);
  const tools = /** @type {const} */ ([
    ["edit", "edit", edit, !(can.value?.max_inputs ?? 1)],
    ["download", "download", () => told(download(asset, name), t("downloaded")), false],
    ["copy.image", "copy", () => told(copyImage(asset), t("copied.image")), !("ClipboardItem" in window)],
    ["copy.link", "link", () => told(copyText(link), t("copied.link", { left: valid ?? "" })), !valid],
    ["download.recipe", "recipe", () => told(withRecipe(job, asset, name), t("downloaded")), false],
    ["code", "code", () => showCode(wishOf(job.request, asked.peek()?.partial_images ?? 0)), false],
  ]);
  return html`
    <div class=${isWide ? "tools wide" : "tools"} role="group" aria-label=${t("print.tools", { n: asset.position + 1 })}>
      ${tools.map(
        ([word, icon, act, off]) => html`<button
          class=${isWide && !SMALL.has(word) ? "ghost" : "ghost icon-only"} onClick=${act} disabled=${off} data-test=${`tool-${word}`}
          aria-label=${t(word)} title=${word === "copy.link" && valid ? `${t(word)} · ${t("link.left", { left: valid })}` : t(word)}
        >
          <${Icon} name=${icon} />${isWide && !SMALL.has(word) && html`<span>${t(word)}</span>`}
          ${isWide && word === "copy.link" && valid && html`<span class="mono faint">${valid}</span>`}
        </button>`,
      )}
    </div>
  `;
}

/** All images of a job in one file. @param {{ job: Job }} props */
export function Zip({ job }) {
  const get = async () => save(await (await call(`/v1/jobs/${job.id}/images.zip`)).blob(), `${stemOf(job)}.zip`);
  return html`<button class="ghost" onClick=${() => told(get(), t("downloaded"))} data-test="zip"><${Icon} name="download" />${t("zip")}</button>`;
}

/** The file with what it was asked for written into it; the plain download stays as the model made it. @param {Job} job @param {Asset} asset @param {string} name */
async function withRecipe(job, asset, name) {
  const [{ recipeOf, withRecipe: write }, blob] = await Promise.all([import("../lib/recipe.js"), bytesOf(asset)]);
  const bytes = write(new Uint8Array(await blob.arrayBuffer()), recipeOf(job));
  save(new Blob([/** @type {BlobPart} */ (bytes)], { type: asset.media_type }), `${name}.${extensionOf(asset)}`);
}

/** @param {Promise<unknown>} work @param {string} done */
function told(work, done) {
  return work.then(() => say(done), () => say(t("copied.not")));
}

/** @param {Job} job @param {Asset} asset */
function nameOf(job, asset) {
  return job.request.n > 1 ? `${stemOf(job)}-${asset.position + 1}` : stemOf(job);
}

/** @param {Job} job */
function stemOf(job) {
  return `${fileName(job.request.prompt)}-${job.id.slice(-6)}`;
}
