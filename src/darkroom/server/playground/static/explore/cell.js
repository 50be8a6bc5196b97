// @ts-check
// One cell: its price, what becomes of it, its picture with the exact charge, or why there is none.

import { html } from "../vendor/preact.js";
import { shown } from "../lib/money.js";
import { thumbOf } from "../lib/pictures.js";
import { duration, maybe, nice, t } from "../lib/words.js";
import { assetsOf, exposures } from "../state/jobs.js";
import { labelOf } from "../state/models.js";
import { Icon } from "../widgets/icons.js";
import { qualityName, sizeName } from "./axes.js";
import { isWanted } from "./cells.js";
import { openCell } from "./opened.js";
import { prices } from "./prices.js";
import { jobOf, plan, sent, stateOf } from "./state.js";

/** @typedef {import("./cells.js").Cell} Cell @typedef {import("./cells.js").Reason} Reason */

/** @param {{ cell: Cell }} props */
export function CellView({ cell }) {
  if (cell.kind === "same") return html`<p class="cell off" data-test="cell" data-kind="same">${t("explore.why.same")}</p>`;
  const one = sent.value[cell.key];
  const state = stateOf(one);
  const refused = prices.value[cell.key]?.problem;
  if (state === "waiting" && (refused || !isWanted(plan.value, cell))) return html`<${Off} cell=${cell} text=${refused?.message} />`;
  const name = `${labelOf(cell.model)}, ${sizeName(cell.size)}, ${qualityName(cell.quality)}`;
  const word = wordOf(cell);
  return html`
    <button class="cell" data-test="cell" data-kind=${cell.kind} data-state=${state} data-key=${cell.key}
      data-job=${one?.job} aria-label=${`${name}: ${word}`} onClick=${() => openCell(cell)}>
      <${Face} cell=${cell} state=${state} />
      <${Facts} cell=${cell} state=${state} word=${word} />
      ${cell.kind === "bent" && html`<span class="bent" title=${reasonsOf(cell)}>≈<span class="sr">${reasonsOf(cell)}</span></span>`}
    </button>
  `;
}

/** A cell that nothing is sent for, and why. @param {{ cell: Cell, text?: string }} props */
function Off({ cell, text }) {
  return html`<p class="cell off" data-test="cell" data-kind=${text ? "not" : cell.kind}>${text ?? reasonsOf(cell)}</p>`;
}

/** @param {{ cell: Cell, state: string }} props */
function Face({ cell, state }) {
  const job = jobOf(sent.value[cell.key]);
  const [result] = job ? assetsOf("result", job) : [];
  const src = result ? thumbOf(result) : job && exposures.value[job.id]?.src;
  const isOpen = ["sending", "queued", "running"].includes(state);
  return html`<span class="face">
    ${src
      ? html`<img src=${src} alt="" loading="lazy" decoding="async" />`
      : html`${["failed", "canceled"].includes(state) && html`<${Icon} name=${state === "failed" ? "alert" : "stop"} />`}`}
    ${isOpen && html`<span class="lamp" aria-hidden="true"></span>`}
  </span>`;
}

/** @param {{ cell: Cell, state: string, word: string }} props */
function Facts({ cell, state, word }) {
  const job = jobOf(sent.value[cell.key]);
  const quote = prices.value[cell.key]?.quote;
  const [result] = job ? assetsOf("result", job) : [];
  if (state === "succeeded" && job) {
    return html`<span class="facts mono">
      <b data-test="charge">${job.charge ? shown(job.charge.usd) : "–"}</b>
      <span>${job.timings.total_ms !== null && duration(job.timings.total_ms)}</span>
      ${result && html`<span data-test="got">${result.width}×${result.height}</span>`}
    </span>`;
  }
  if (state === "waiting") {
    const isRange = quote && quote.expected.usd !== quote.max.usd;
    return html`<span class="facts mono"><b data-test="quote">${quote ? `${isRange ? "~" : ""}${shown(quote.expected.usd)}` : "…"}</b></span>`;
  }
  return html`<span class="facts">${word}</span>`;
}

/** How a cell stands, in a word or two. @param {Cell} cell */
export function wordOf(cell) {
  const one = sent.value[cell.key];
  const state = stateOf(one);
  const error = one?.error ?? jobOf(one)?.error;
  if (state === "failed" && error) return maybe(`explore.code.${error.code}`) ?? maybe(`code.${error.code}`) ?? t("state.failed");
  if (state === "waiting") {
    const quote = prices.value[cell.key]?.quote;
    return quote ? t("explore.costs", { usd: shown(quote.expected.usd) }) : t("loading");
  }
  return state === "sending" ? t("state.queued") : t(`state.${state}`);
}

/** Why the model does not make it as asked. @param {Cell} cell */
export function reasonsOf({ reasons }) {
  return reasons.map(({ why, asked, used }) => t(`explore.why.${why}`, {
    asked: why === "quality" ? qualityName(asked) : nice(asked), used: nice(used),
  })).join(" ");
}
