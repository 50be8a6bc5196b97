// @ts-check
// The stage: the chosen job, large. Exposing, developed, or what went wrong.

import { html } from "../vendor/preact.js";
import { shown } from "../lib/money.js";
import { rowsOf, valueOf } from "../lib/compared.js";
import { duration, nice, t } from "../lib/words.js";
import { showCharge } from "../state/dialogs.js";
import { assetsOf, isOpen, selected } from "../state/jobs.js";
import { labelOf } from "../state/models.js";
import { Icon } from "../widgets/icons.js";
import { Chain } from "./chain.js";
import { Exposing } from "./exposing.js";
import { Lineage } from "./lineage.js";
import { layout, Print, Tools, Zip } from "./print.js";
import { Record } from "./record.js";
import { Trouble } from "./trouble.js";
import { Welcome } from "./welcome.js";

/** @typedef {import("../lib/types").Job} Job */

export function Stage() {
  const job = selected.value;
  return html`
    <main class="stage" id="stage" data-exposing=${job !== null && isOpen(job)}>
      ${job ? html`<${Lineage} /><${JobView} key=${job.id} job=${job} />` : html`<${Welcome} />`}
    </main>
  `;
}

/** A job as it stands: exposing, developed, or what went wrong. @param {{ job: Job }} props */
export function JobView({ job }) {
  const results = assetsOf("result", job);
  const open = isOpen(job);
  return html`
    <article class="view" data-test="view" data-state=${job.state} data-job=${job.id}>
      ${open && html`<${Exposing} job=${job} />`}
      ${results.length > 0 &&
      html`<div class=${results.length > 1 ? "prints many" : "prints"} style=${layout(results.length, results[0].width, results[0].height)}>
        ${results.map((asset) => html`<${Print} key=${asset.id} job=${job} asset=${asset} results=${results} />`)}
      </div>`}
      ${!open && !results.length && html`<${Trouble} job=${job} />`}
      <${Edge} job=${job} />
      ${results.length === 1 && html`<${Tools} job=${job} asset=${results[0]} isWide=${true} />`}
      ${results.length > 1 && html`<${Zip} job=${job} />`}
      <${Notes} job=${job} />
      ${!job.local && html`<${Record} job=${job} />`}
    </article>
  `;
}

/** What is printed along the edge of the film: the exact charge among it. @param {{ job: Job }} props */
function Edge({ job }) {
  const [first] = assetsOf("result", job);
  const size = first ? `${first.width}×${first.height}` : nice(job.request.size);
  const took = job.timings.total_ms;
  const facts = [
    labelOf(job.served_model ?? job.model), size, valueOf(job.output?.quality || job.request.quality),
    took !== null && duration(took), !job.sandbox && job.route.length === 1 && job.deployment,
  ];
  return html`
    <div class="edge mono">
      ${facts.filter((fact) => fact && fact !== valueOf("auto") && fact !== "auto").map((fact) => html`<span>${fact}</span>`)}
      ${job.charge &&
      html`<span><button class="text mono" onClick=${() => showCharge(job)} data-test="charge" data-nanos=${job.charge.nanos} title=${t("charge.title")}>${shown(job.charge.usd)}</button></span>`}
      ${job.sandbox && html`<span class="chip" title=${t("sandbox.long")}>${t("sandbox")}</span>`}
    </div>
    ${!isOpen(job) && html`<${Chain} job=${job} />`}
  `;
}

/** What differs from what was asked, and what the server says about it. @param {{ job: Job }} props */
function Notes({ job }) {
  const differing = rowsOf(job).filter((row) => row.differs);
  if (!differing.length && !job.warnings.length) return null;
  return html`
    <ul class="warnings plain" data-test="warnings">
      ${differing.length > 0 &&
      html`<li data-test="differs"><${Icon} name="compare" /><span>
        ${differing.map(({ word, asked, got }) => html`<span class="differs">${t(word)} <s>${valueOf(asked)}</s> → <b>${valueOf(got)}</b></span>`)}
      </span></li>`}
      ${job.warnings.map(
        (warning) => html`<li><${Icon} name="info" /><span>${warning.message}</span></li>`,
      )}
    </ul>
  `;
}
