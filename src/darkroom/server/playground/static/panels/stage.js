// @ts-check
// The stage: the chosen job, large. Exposing, developed, or what went wrong.

import { html } from "../vendor/preact.js";
import { now } from "../lib/clock.js";
import { parse } from "../lib/sizes.js";
import { duration, nice, t } from "../lib/words.js";
import { assetsOf, cancel, isOpen, previews, selected } from "../state/jobs.js";
import { labelOf } from "../state/models.js";
import { Icon } from "../widgets/icons.js";
import { Print, Tools } from "./print.js";
import { Record } from "./record.js";
import { Trouble } from "./trouble.js";
import { Welcome } from "./welcome.js";

/** @typedef {import("../lib/types").Job} Job */

export function Stage() {
  const job = selected.value;
  return html`
    <main class="stage" id="stage" data-exposing=${job !== null && isOpen(job)}>
      ${job ? html`<${View} key=${job.id} job=${job} />` : html`<${Welcome} />`}
    </main>
  `;
}

/** @param {{ job: Job }} props */
function View({ job }) {
  const results = assetsOf("result", job);
  const open = isOpen(job);
  return html`
    <article class="view" data-test="view" data-state=${job.state}>
      ${open && html`<${Exposing} job=${job} />`}
      ${results.length > 0 &&
      html`<div class=${results.length > 1 ? "prints many" : "prints"} style=${layout(results.length, results[0].width, results[0].height)}>
        ${results.map((asset) => html`<${Print} key=${asset.id} job=${job} asset=${asset} isOnly=${results.length === 1} />`)}
      </div>`}
      ${!open && !results.length && html`<${Trouble} job=${job} />`}
      <${Edge} job=${job} />
      ${results.length === 1 && html`<${Tools} job=${job} asset=${results[0]} isWide=${true} />`}
      ${job.warnings.length > 0 && html`<${Warnings} job=${job} />`}
      ${!job.local && html`<${Record} job=${job} />`}
    </article>
  `;
}

/** So many columns that all rows are seen at once. @param {number} count @param {number} width @param {number} height */
function layout(count, width, height) {
  const columns = count <= 2 ? count : count <= 4 ? 2 : count <= 6 ? 3 : Math.ceil(count / 2);
  return { "--columns": columns, "--rows": Math.ceil(count / columns), "--w": width, "--h": height };
}

/** Sheets of the right shape, on which the partial images appear. @param {{ job: Job }} props */
function Exposing({ job }) {
  const [width, height] = parse(job.request.size) ?? [1, 1];
  const preview = previews.value[job.id];
  const shape = { "--ratio": `${width} / ${height}`, "--w": width, "--h": height };
  const sheets = Array.from({ length: job.request.n }, (_, i) => i);
  return html`
    <div class=${sheets.length > 1 ? "prints many" : "prints"} style=${layout(sheets.length, width, height)}>
      ${sheets.map(
        (i) => html`<div class="print blank" style=${shape} key=${i}>
          ${preview && i === 0 && html`<img class="partial" data-index=${preview.index} src=${preview.src} alt=${t("stage.partial")} data-test="partial" />`}
        </div>`,
      )}
    </div>
    <div class="exposing">
      <p><span class="lamp" aria-hidden="true"></span>
        ${job.cancel_requested ? t("stage.canceling") : job.state === "queued" ? t("stage.queued") : t("stage.exposing")}
        <span class="mono"> <${Elapsed} since=${job.created_at} /></span>
      </p>
      <button class="ghost" onClick=${() => cancel(job)} disabled=${job.cancel_requested} data-test="cancel">
        <${Icon} name="stop" />${t("cancel")}
      </button>
    </div>
  `;
}

/** @param {{ since: string }} props */
export function Elapsed({ since }) {
  const s = Math.max(0, Math.floor((now.value - Date.parse(since)) / 1000));
  return html`${s < 60 ? t("time.s", { s }) : duration(s * 1000)}`;
}

/** What is printed along the edge of the film. @param {{ job: Job }} props */
function Edge({ job }) {
  const [first] = assetsOf("result", job);
  const size = first ? `${first.width}×${first.height}` : nice(job.request.size);
  const took = job.timings.total_ms;
  const facts = [
    labelOf(job.served_model ?? job.model), size, job.output?.quality || job.request.quality,
    took !== null && duration(took), !job.sandbox && job.deployment,
  ];
  return html`
    <p class="edge mono">
      ${facts.filter((fact) => fact && fact !== "auto").map((fact) => html`<span>${fact}</span>`)}
      ${job.sandbox && html`<span class="chip" title=${t("sandbox.long")}>${t("sandbox")}</span>`}
    </p>
  `;
}

/** @param {{ job: Job }} props */
function Warnings({ job }) {
  return html`
    <ul class="warnings plain" data-test="warnings">
      ${job.warnings.map(
        (warning) => html`<li><${Icon} name="info" /><span>${warning.message}</span></li>`,
      )}
    </ul>
  `;
}
