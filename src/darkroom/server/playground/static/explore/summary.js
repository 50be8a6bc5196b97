// @ts-check
// What one image costs and how long it takes, by model, size, quality or prompt; sorted as one likes.

import { html, signal, useState } from "../vendor/preact.js";
import { each, money, nanosOf, sum } from "../lib/money.js";
import { duration, t } from "../lib/words.js";
import { assetsOf } from "../state/jobs.js";
import { labelOf } from "../state/models.js";
import { Choice } from "../widgets/choice.js";
import { qualityName, sizeName } from "./axes.js";
import { madeCells } from "./run.js";

/** @typedef {"model" | "size" | "quality" | "prompt"} By @typedef {"name" | "images" | "each" | "ms" | "spent"} Column */
/** @typedef {{ name: string, images: number, spent: bigint, each: bigint | null, ms: number | null }} Row */

const BY = /** @type {const} */ (["model", "size", "quality", "prompt"]);
const COLUMNS = /** @type {const} */ (["name", "images", "each", "ms", "spent"]);
const by = signal(/** @type {By} */ ("model"));

export function Summary() {
  const [sort, setSort] = useState({ column: /** @type {Column} */ ("each"), isDown: false });
  const rows = rowsBy(by.value);
  if (!rows.length) return null;
  const sorted = rows.toSorted((a, b) => (sort.isDown ? -1 : 1) * compared(a[sort.column], b[sort.column]));
  const turn = (/** @type {Column} */ column) => setSort({ column, isDown: column === sort.column && !sort.isDown });
  return html`
    <section class="summary" data-test="summary">
      <div class="row apart"><h2>${t("explore.summary")}</h2>
        <${Choice} label=${t("explore.by")} value=${by.value} onChange=${(/** @type {string} */ value) => (by.value = /** @type {By} */ (value))}
          options=${BY.map((value) => ({ value, label: t(`explore.by.${value}`) }))} /></div>
      <div class="scroll-x" tabindex="0" role="region" aria-label=${t("explore.summary")}><table class="table">
        <thead><tr>${COLUMNS.map((column) => html`<th scope="col" class=${column === "name" ? "" : "number"}
          aria-sort=${column === sort.column ? (sort.isDown ? "descending" : "ascending") : "none"}>
          <button class="sorter" onClick=${() => turn(column)} data-test=${`sort-${column}`}>${column === "name" ? t(`explore.by.${by.value}`) : t(`explore.sum.${column}`)}
            <span aria-hidden="true">${column === sort.column ? (sort.isDown ? "↓" : "↑") : ""}</span></button></th>`)}</tr></thead>
        <tbody>${sorted.map((row) => html`<tr key=${row.name} data-test="sum-row"><th scope="row" dir="auto">${row.name}</th>
          <td class="number">${row.images}</td>
          <td class="number" data-test="sum-each">${row.each === null ? "–" : money(row.each)}</td>
          <td class="number">${row.ms === null ? "–" : duration(row.ms)}</td>
          <td class="number">${money(row.spent)}</td></tr>`)}</tbody>
      </table></div>
    </section>
  `;
}

/** @param {By} by @returns {Row[]} */
function rowsBy(by) {
  /** @type {Map<string, ReturnType<typeof madeCells>>} */
  const groups = new Map();
  for (const made of madeCells().filter(({ job }) => !["queued", "running"].includes(job.state))) {
    const value = made.cell[by];
    groups.set(value, [...(groups.get(value) ?? []), made]);
  }
  return [...groups].map(([value, made]) => {
    const done = made.filter(({ job }) => job.state === "succeeded");
    const images = done.reduce((count, { job }) => count + assetsOf("result", job).length, 0);
    const spent = sum(made.map(({ job }) => nanosOf(job.charge?.usd ?? "0")));
    const times = done.flatMap(({ job }) => job.timings.total_ms ?? []);
    const ms = times.length ? times.reduce((a, b) => a + b, 0) / times.length : null;
    return { name: nameOf(by, value), images, spent, each: each(spent, images), ms };
  });
}

/** @param {By} by @param {string} value */
function nameOf(by, value) {
  if (by === "model") return labelOf(value);
  if (by === "quality") return qualityName(value);
  return by === "size" ? sizeName(value) : value;
}

/** What there is none of comes last. @param {string | number | bigint | null} a @param {string | number | bigint | null} b */
function compared(a, b) {
  if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1;
  if (typeof a === "string") return a.localeCompare(String(b), undefined, { numeric: true });
  return Number(a) - Number(b); // near enough to put them in order
}
