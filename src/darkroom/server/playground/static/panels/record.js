// @ts-check
// What a job was asked for, and a way back to it; the details are loaded when they are opened.

import { html, useState } from "../vendor/preact.js";
import { focusPrompt } from "../lib/focus.js";
import { thumbOf, thumbOfId } from "../lib/pictures.js";
import { t } from "../lib/words.js";
import { takeOverJob } from "../state/form.js";
import { wish } from "../state/wishes.js";
import { Icon } from "../widgets/icons.js";

/** @typedef {import("../lib/types").Job} Job */

/** @type {typeof import("./details.js").Details | null} */
let Details = null;

/** @param {{ job: Job }} props */
export function Record({ job }) {
  const [isOpen, setOpen] = useState(false);
  const toggle = async (/** @type {any} */ event) => {
    const { open } = event.target;
    if (open) ({ Details } = await import("./details.js"));
    setOpen(open);
  };
  const promptOnly = () => {
    wish({ prompt: job.request.prompt });
    focusPrompt();
  };
  return html`
    <section class="record" data-test="record">
      <div class="record-prompt">
        <p dir="auto">${job.request.prompt}</p>
        <div class="row">
          <button class="ghost" onClick=${() => takeOverJob(job)} data-test="use-settings"><${Icon} name="retry" />${t("record.reuse")}</button>
          <button class="ghost" onClick=${promptOnly} data-test="use-prompt">${t("record.prompt")}</button>
        </div>
      </div>
      <${Revised} job=${job} />
      <${Sources} job=${job} />
      <details class="hint wide" onToggle=${toggle}>
        <summary>${t("record")}</summary>
        ${isOpen && Details && html`<${Details} job=${job} />`}
      </details>
    </section>
  `;
}

/** The prompt as the model rewrote it, once each. @param {{ job: Job }} props */
function Revised({ job }) {
  const found = [...new Set((job.output?.revised_prompts ?? []).filter((one) => one && one !== job.request.prompt))];
  return found.map((text) => html`<blockquote class="revised" data-test="revised" key=${text}><b>${t("record.revised")}</b> <span dir="auto">${text}</span></blockquote>`);
}

/** The input images of an edit, and its mask. @param {{ job: Job }} props */
function Sources({ job }) {
  const here = new Map((job.inputs ?? []).map((asset) => [asset.id, thumbOf(asset)]));
  const found = job.request.inputs.map((id) => ({ id, src: here.get(id) ?? thumbOfId(id) }));
  if (!found.length) return null;
  return html`
    <div class="sources">
      <span class="faint">${t("record.inputs")}</span>
      ${found.map(({ id, src }) =>
        src ? html`<img src=${src} alt=${t("record.input")} loading="lazy" />` : html`<code title=${id}>…${id.slice(-8)}</code>`,
      )}
      ${job.request.mask && html`<span class="chip">${t("mask")}</span>`}
    </div>
  `;
}
