// @ts-check
// The sheet as files: the report that opens anywhere, the images, a table of what they cost.

import { html, signal } from "../vendor/preact.js";
import { call } from "../lib/api.js";
import { save } from "../lib/pictures.js";
import { t } from "../lib/words.js";
import { assetsOf } from "../state/jobs.js";
import { asProblem } from "../state/remote.js";
import { language } from "../state/session.js";
import { Icon } from "../widgets/icons.js";
import { say } from "../widgets/toast.js";
import { prices } from "./prices.js";
import { madeCells } from "./run.js";
import { CELLS_MAX, cells, jobOf, sent, stateOf } from "./state.js";

const isBusy = signal(false);

export function ExportMenu() {
  const made = madeCells().filter(({ job }) => !["queued", "running"].includes(job.state));
  if (!made.length) return null;
  const hasImages = made.some(({ job }) => job.state === "succeeded");
  const ids = made.map(({ job }) => job.id).slice(0, CELLS_MAX);
  const kinds = /** @type {const} */ ([["report", () => report(ids)], ["zip", () => zip(idsOfImages())], ["csv", () => csv()]]);
  return html`<span class="grid-exports" role="group" aria-label=${t("explore.export")}>
    ${kinds.map(([kind, work]) => html`<button class="ghost" disabled=${isBusy.value || (kind === "zip" && !hasImages)} data-test=${`export-${kind}`}
      onClick=${() => void told(work)}><${Icon} name="download" />${t(`explore.export.${kind}`)}</button>`)}
  </span>`;
}

function idsOfImages() {
  return madeCells().filter(({ job }) => job.state === "succeeded").map(({ job }) => job.id);
}

/** @param {string[]} jobs */
async function report(jobs) {
  const json = { jobs, title: t("explore.report.title"), lang: language.peek() };
  save(await (await call("/v1/reports", { json })).blob(), "darkroom-grid.html");
}

/** @param {string[]} jobs */
async function zip(jobs) {
  save(await (await call("/v1/images.zip", { json: { jobs } })).blob(), "darkroom-grid.zip");
}

async function csv() {
  const head = ["prompt", "model", "size", "quality", "state", "quoted_usd", "max_usd", "charged_usd", "seconds", "got_size", "error", "job"];
  const rows = cells.peek().filter((cell) => cell.kind !== "same").map((cell) => {
    const one = sent.peek()[cell.key];
    const job = jobOf(one);
    const quote = prices.peek()[cell.key]?.quote;
    const [result] = job ? assetsOf("result", job) : [];
    const ms = job?.timings.total_ms;
    return [
      cell.prompt, cell.model, cell.size, cell.quality, stateOf(one), quote?.expected.usd, quote?.max.usd, job?.charge?.usd,
      typeof ms === "number" ? (ms / 1_000).toFixed(3) : "", result && `${result.width}x${result.height}`,
      one?.error?.code ?? job?.error?.code, job?.id,
    ];
  });
  const text = [head, ...rows].map((row) => row.map((value) => field(value ?? "")).join(",")).join("\r\n");
  // With the mark, spreadsheets read it as UTF-8.
  save(new Blob(["\ufeff", text, "\r\n"], { type: "text/csv" }), "darkroom-grid.csv");
}

/** What begins like a formula would be run by a spreadsheet: an apostrophe makes it text. @param {string} value */
export function field(value) {
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** @param {() => Promise<void>} work */
async function told(work) {
  isBusy.value = true;
  try {
    await work();
    say(t("downloaded"));
  } catch (error) {
    say(asProblem(error).message);
  } finally {
    isBusy.value = false;
  }
}
