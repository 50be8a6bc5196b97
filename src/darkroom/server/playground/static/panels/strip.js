// @ts-check
// The contact sheet: every job of this key as a small frame, twenty at a time.

import { html } from "../vendor/preact.js";
import { thumbOf } from "../lib/pictures.js";
import { clock, t } from "../lib/words.js";
import {
  assetsOf, counts, exposures, filter, historyState, isOpen, jobs, loadHistory, moreAfter, selectedId,
} from "../state/jobs.js";
import { Icon } from "../widgets/icons.js";

/** @typedef {import("../lib/types").Job} Job */

const FILTERS = /** @type {const} */ (["all", "running", "succeeded", "failed"]);

export function Strip() {
  const { running, done } = counts.value;
  const shown = jobs.value.filter((job) => fits(job, filter.value));
  const choose = (/** @type {any} */ event) => {
    filter.value = event.target.value;
    void loadHistory();
  };
  return html`
    <aside class="history" aria-label=${t("history")}>
      <div class="history-top">
        <h2>${t("history")}</h2>
        <p class="note" data-test="counts">${t("history.counts", { running, done })}</p>
        <select value=${filter.value} onChange=${choose} aria-label=${t("history.filter")} data-test="filter">
          ${FILTERS.map((one) => html`<option value=${one} selected=${one === filter.value}>${t(`history.${one}`)}</option>`)}
        </select>
      </div>
      <ol class="frames plain">
        ${shown.map((job) => html`<li key=${job.id}><${Frame} job=${job} /></li>`)}
      </ol>
      ${!shown.length && html`<p class="note empty">${t(historyState.value === "failed" ? "history.broken" : historyState.value === "loading" ? "loading" : "history.empty")}</p>`}
      ${historyState.value === "failed" && html`<button class="text" onClick=${() => loadHistory()}>${t("trouble.again")}</button>`}
      ${moreAfter.value && html`<button class="text" onClick=${() => loadHistory({ more: true })} data-test="more">${t("history.more")}</button>`}
    </aside>
  `;
}

/** @param {Job} job @param {string} chosen */
function fits(job, chosen) {
  return chosen === "all" || job.state === chosen || (chosen === "running" && isOpen(job));
}

/** @param {{ job: Job }} props */
function Frame({ job }) {
  const results = assetsOf("result", job);
  const src = results[0] ? thumbOf(results[0]) : exposures.value[job.id]?.src;
  const open = () => {
    selectedId.value = job.id;
    document.querySelector("#stage")?.scrollTo({ top: 0 });
    if (matchMedia("(max-width: 720px)").matches) document.querySelector("#stage")?.scrollIntoView();
  };
  const state = t(job.error?.code === "moderation_blocked" ? "state.refused" : `state.${job.state}`);
  return html`
    <button
      class="frame" data-test="frame" data-state=${job.state} data-job=${job.id} onClick=${open}
      aria-current=${job.id === selectedId.value} title=${job.request.prompt}
      aria-label=${`${state}: ${job.request.prompt}`}
    >
      <span class="frame-face">
        ${src
          ? html`<img src=${src} alt="" loading="lazy" decoding="async" />`
          : html`<${Icon} name=${isOpen(job) ? "image" : job.state === "canceled" ? "stop" : "alert"} />`}
        ${isOpen(job) && html`<span class="lamp" aria-hidden="true"></span>`}
        ${results.length > 1 && html`<span class="frame-count mono">${results.length}</span>`}
      </span>
      <span class="frame-edge mono">${isOpen(job) || job.state === "succeeded" ? clock(job.created_at) : state}</span>
    </button>
  `;
}
