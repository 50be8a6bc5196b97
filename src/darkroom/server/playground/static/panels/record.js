// @ts-check
// What a job was asked for, and a way back to it; the details are loaded when they are opened.

import { html, useState } from "../vendor/preact.js";
import { srcOfId } from "../lib/pictures.js";
import { t } from "../lib/words.js";
import { takeOver } from "../state/form.js";
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
  return html`
    <section class="record" data-test="record">
      <div class="record-prompt">
        <p dir="auto">${job.request.prompt}</p>
        <button class="ghost" onClick=${() => takeOver(job.request)} data-test="use-settings">
          <${Icon} name="retry" />${t("record.reuse")}
        </button>
      </div>
      ${job.output?.revised_prompts.some(Boolean) &&
      html`<p class="note"><b>${t("record.revised")}</b> ${job.output.revised_prompts.filter(Boolean).join(" / ")}</p>`}
      <${Sources} job=${job} />
      <details class="hint wide" onToggle=${toggle}>
        <summary>${t("record")}</summary>
        ${isOpen && Details && html`<${Details} job=${job} />`}
      </details>
    </section>
  `;
}

/** The input images of an edit, as far as this page has seen them. @param {{ job: Job }} props */
function Sources({ job }) {
  const found = job.request.inputs.map((id) => ({ id, src: srcOfId(id) }));
  if (!found.length) return null;
  return html`
    <div class="sources">
      <span class="faint">${t("record.inputs")}</span>
      ${found.map(({ id, src }) =>
        src ? html`<img src=${src} alt=${t("record.input")} loading="lazy" />` : html`<code title=${id}>…${id.slice(-8)}</code>`,
      )}
    </div>
  `;
}
