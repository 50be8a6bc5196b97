// @ts-check
// A job that runs: sheets of the right shape on which partial images appear, how far it is, cancel.

import { html } from "../vendor/preact.js";
import { now } from "../lib/clock.js";
import { parse } from "../lib/sizes.js";
import { duration, t } from "../lib/words.js";
import { exposures, isOpen, jobs } from "../state/jobs.js";
import { cancel } from "../state/runs.js";
import { Icon } from "../widgets/icons.js";
import { layout } from "./print.js";

/** @typedef {import("../lib/types").Job} Job */

const SAMPLE = 5;

/** @param {{ job: Job }} props */
export function Exposing({ job }) {
  const [width, height] = parse(job.request.size) ?? [1, 1];
  const exposure = exposures.value[job.id];
  const shape = { "--ratio": `${width} / ${height}`, "--w": width, "--h": height };
  const sheets = Array.from({ length: job.request.n }, (_, i) => i);
  return html`
    <div class=${sheets.length > 1 ? "prints many" : "prints"} style=${layout(sheets.length, width, height)}>
      ${sheets.map(
        (i) => html`<div class="print blank" style=${shape} key=${i}>
          ${exposure?.src && i === 0 && html`<img class="partial" data-index=${exposure.index} src=${exposure.src} alt=${t("stage.partial")} data-test="partial" />`}
        </div>`,
      )}
    </div>
    <${Progress} job=${job} percent=${exposure?.percent ?? 0} />
  `;
}

/** @param {{ job: Job, percent: number }} props */
function Progress({ job, percent }) {
  const usual = usualMs(job);
  const saying = job.cancel_requested ? "stage.canceling" : job.state === "queued" ? "stage.queued" : "stage.exposing";
  return html`
    <div class="exposing" data-test="progress" data-percent=${percent}>
      <p><span class="lamp" aria-hidden="true"></span>${t(saying)}
        <span class="mono"><${Elapsed} since=${job.created_at} />${usual !== null && html` / ${t("stage.usual", { time: duration(usual) })}`}</span>
      </p>
      <div class="meter" role="progressbar" aria-label=${t("stage.progress")} aria-valuemin="0" aria-valuemax="100" aria-valuenow=${percent}>
        <span style=${{ width: `${Math.max(percent, 2)}%` }}></span>
      </div>
      <button class="ghost" onClick=${() => cancel(job)} disabled=${job.cancel_requested} data-test="cancel">
        <${Icon} name="stop" />${t("cancel")}
      </button>
    </div>
  `;
}

/** @param {{ since: string }} props */
function Elapsed({ since }) {
  const s = Math.max(0, Math.floor((now.value - Date.parse(since)) / 1000));
  return html`${s < 60 ? t("time.s", { s }) : duration(s * 1000)}`;
}

/** How long such jobs of this key took of late: the middle one; null when there were none. @param {Job} job */
function usualMs({ model, operation, request }) {
  const times = jobs.value
    .filter((one) => one.state === "succeeded" && !isOpen(one) && one.model === model && one.operation === operation)
    .filter((one) => one.request.quality === request.quality && one.request.size === request.size && one.request.n === request.n)
    .flatMap((one) => one.timings.total_ms ?? [])
    .slice(0, SAMPLE)
    .sort((a, b) => a - b);
  return times.length ? times[Math.floor(times.length / 2)] : null;
}
