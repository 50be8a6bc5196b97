// @ts-check
// A cell opened: its picture and facts, ways to the studio, the history and a comparison, another try.

import { html, signal } from "../vendor/preact.js";
import { money, nanosOf, shown } from "../lib/money.js";
import { pathOf } from "../lib/pictures.js";
import { duration, maybe, t } from "../lib/words.js";
import { dialog } from "../state/dialogs.js";
import { assetsOf, put, selectedId } from "../state/jobs.js";
import { labelOf } from "../state/models.js";
import { go } from "../state/view.js";
import { wish } from "../state/wishes.js";
import { Dialog } from "../widgets/dialog.js";
import { Icon } from "../widgets/icons.js";
import { qualityName, sizeName } from "./axes.js";
import { reasonsOf, wordOf } from "./cell.js";
import { prices } from "./prices.js";
import { again } from "./run.js";
import { cap, jobOf, sent, stateOf } from "./state.js";

/** @typedef {import("./cells.js").Cell} Cell @typedef {import("../lib/types").Job} Job */

/** A job that waits for another to be compared with. */
const marked = signal("");
const close = () => (dialog.value = null);

/** @param {Cell} cell */
export function openCell(cell) {
  dialog.value = html`<${Opened} cell=${cell} />`;
}

/** @param {{ cell: Cell }} props */
function Opened({ cell }) {
  const one = sent.value[cell.key];
  const job = jobOf(one);
  const [result] = job ? assetsOf("result", job) : [];
  const title = `${labelOf(cell.model)} · ${sizeName(cell.size)} · ${qualityName(cell.quality)}`;
  return html`
    <${Dialog} label=${title} onClose=${close} kind="sheet cell-sheet">
      <h2>${title}</h2>
      <p dir="auto" class="faint cell-prompt">${cell.prompt}</p>
      ${result && html`<img class="cell-large" src=${pathOf({ ...result, url: result.preview_url ?? result.url })} alt=${cell.prompt} width=${result.width} height=${result.height} />`}
      <${Facts} cell=${cell} job=${job} />
      <${Why} cell=${cell} job=${job} />
      <div class="row"><${Ways} cell=${cell} job=${job} hasImage=${result !== undefined} /></div>
    </${Dialog}>
  `;
}

/** @param {{ cell: Cell, job: Job | null }} props */
function Facts({ cell, job }) {
  const one = sent.value[cell.key];
  const quote = prices.value[cell.key]?.quote;
  const [result] = job ? assetsOf("result", job) : [];
  const earlier = one ? nanosOf(one.paid) : 0n;
  const facts = [
    [t("explore.state"), wordOf(cell)],
    quote && [t("explore.quoted"), quote.expected.usd === quote.max.usd ? shown(quote.max.usd) : `${shown(quote.expected.usd)} – ${shown(quote.max.usd)}`],
    job?.charge && [t("explore.charged"), shown(job.charge.usd)],
    earlier > 0n && [t("explore.earlier"), money(earlier)],
    job && job.timings.total_ms !== null && [t("explore.seconds"), duration(job.timings.total_ms)],
    result && [t("explore.got"), `${result.width}×${result.height}`],
  ];
  return html`<dl class="cell-facts">${facts.map((fact) => fact && html`<div><dt>${fact[0]}</dt><dd class="mono">${fact[1]}</dd></div>`)}</dl>`;
}

/** What went otherwise than asked. @param {{ cell: Cell, job: Job | null }} props */
function Why({ cell, job }) {
  const error = sent.value[cell.key]?.error ?? job?.error;
  const warnings = job ? job.warnings : (prices.value[cell.key]?.quote?.deployments[0]?.warnings ?? []);
  const isExpired = error?.code === "expired";
  if (error) {
    return html`<div class="boxed"><p class="warn">${isExpired ? t("explore.expired") : wordOf(cell)}</p>
      ${error.message && html`<p class="note">${error.message}</p>`}
      ${error.code === "moderation_blocked" && html`<p class="note">${maybe("trouble.refused.next")}</p>`}</div>`;
  }
  if (!cell.reasons.length && !warnings.length) return null;
  return html`<div class="boxed">
    ${cell.reasons.length > 0 && html`<p>${reasonsOf(cell)}</p>`}
    ${warnings.map((warning) => html`<p class="note">${warning.message}</p>`)}
  </div>`;
}

/** @param {{ cell: Cell, job: Job | null, hasImage: boolean }} props */
function Ways({ cell, job, hasImage }) {
  const isOver = ["failed", "canceled"].includes(stateOf(sent.value[cell.key]));
  const leave = (/** @type {() => void} */ way) => {
    close();
    way();
  };
  const toStudio = () => {
    if (job) {
      put(job);
      selectedId.value = job.id;
    }
    const { prompt, model, size, quality } = cell.wish;
    if (!job) wish({ prompt, model, size, custom: size, quality });
    go("studio");
  };
  const compare = () => {
    if (!job) return;
    if (!marked.peek() || marked.peek() === job.id) {
      marked.value = job.id;
      return;
    }
    const a = marked.peek();
    marked.value = "";
    go("compare", { a, b: job.id });
  };
  const isMarked = marked.value === job?.id;
  return html`
    <button class="ghost" onClick=${() => leave(toStudio)} data-test="cell-studio"><${Icon} name="studio" />${t("explore.studio")}</button>
    ${job && html`<button class="ghost" onClick=${() => leave(() => go("history", { job: job.id }))} data-test="cell-history"><${Icon} name="history" />${t("nav.history")}</button>`}
    ${hasImage && html`<button class="ghost" aria-pressed=${isMarked} onClick=${() => leave(compare)} data-test="cell-compare"><${Icon} name="compare" />${t(marked.value && !isMarked ? "explore.compare" : "explore.mark")}</button>`}
    ${isOver && sent.value[cell.key]?.error?.code !== "expired" && cap.value !== null &&
    html`<button class="primary" onClick=${() => leave(() => again([cell.key]))} data-test="cell-again"><${Icon} name="retry" />${t("explore.again")}</button>`}
  `;
}
