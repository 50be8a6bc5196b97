// @ts-check
// One finished image and what can be done with it.

import { html, useState } from "../vendor/preact.js";
import { now } from "../lib/clock.js";
import { focusPrompt } from "../lib/focus.js";
import { copyImage, copyText, download, fileName, linkOf, srcOf } from "../lib/pictures.js";
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

/** @param {{ job: Job, asset: Asset, isOnly: boolean }} props */
export function Print({ job, asset, isOnly }) {
  const [isLarge, enlarge] = useState(false);
  const src = srcOf(asset);
  const shape = { "--ratio": `${asset.width} / ${asset.height}`, "--w": asset.width, "--h": asset.height };
  const alt = t("print.alt", { n: asset.position + 1, prompt: job.request.prompt });
  return html`
    <figure class="print" style=${shape}>
      <button class="print-face" onClick=${() => enlarge(true)} aria-label=${t("print.enlarge")}>
        <img src=${src} alt=${alt} width=${asset.width} height=${asset.height} decoding="async" data-test="result" />
      </button>
      ${!isOnly && html`<${Tools} job=${job} asset=${asset} isWide=${false} />`}
      ${isLarge &&
      html`<${Dialog} kind="large" label=${alt} onClose=${() => enlarge(false)}><img src=${src} alt=${alt} /></${Dialog}>`}
    </figure>
  `;
}

/** @param {{ job: Job, asset: Asset, isWide: boolean }} props */
export function Tools({ job, asset, isWide }) {
  const { link, expires } = linkOf(asset);
  const valid = left(expires, now.value);
  const told = (/** @type {Promise<unknown>} */ work, /** @type {string} */ done) =>
    work.then(() => say(done), () => say(t("copied.not")));
  const edit = () => {
    setInputs([asset.id]);
    focusPrompt(true);
  };
  const tools = /** @type {const} */ ([
    ["edit", "edit", edit, !(can.value?.max_inputs ?? 1)],
    ["download", "download", () => told(download(asset, nameOf(job, asset)), t("downloaded")), false],
    ["copy.image", "copy", () => told(copyImage(asset), t("copied.image")), !("ClipboardItem" in window)],
    ["copy.link", "link", () => told(copyText(link), t("copied.link", { left: valid ?? "" })), !valid],
    ["code", "code", () => showCode(wishOf(job.request, asked.peek()?.partial_images ?? 0)), false],
  ]);
  return html`
    <div class=${isWide ? "tools wide" : "tools"} role="group" aria-label=${t("print.tools", { n: asset.position + 1 })}>
      ${tools.map(
        ([word, icon, act, off]) => html`<button
          class=${isWide ? "ghost" : "ghost icon-only"} onClick=${act} disabled=${off} data-test=${`tool-${word}`}
          aria-label=${t(word)} title=${word === "copy.link" && valid ? `${t(word)} · ${t("link.left", { left: valid })}` : t(word)}
        >
          <${Icon} name=${icon} />${isWide && html`<span>${t(word)}</span>`}
          ${isWide && word === "copy.link" && valid && html`<span class="mono faint">${valid}</span>`}
        </button>`,
      )}
    </div>
  `;
}

/** @param {Job} job @param {Asset} asset */
function nameOf(job, asset) {
  const number = job.request.n > 1 ? `-${asset.position + 1}` : "";
  return `${fileName(job.request.prompt)}-${job.id.slice(-6)}${number}`;
}
