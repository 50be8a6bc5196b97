// @ts-check
// What two jobs were asked, what came, what it took and cost; by default only where they differ.

import { html, useState } from "../vendor/preact.js";
import { rowsOf, valueOf } from "../lib/compared.js";
import { shown } from "../lib/money.js";
import { duration, t } from "../lib/words.js";

/** @typedef {import("../lib/types").Job} Job @typedef {{ label: string, a: string, b: string }} Row */

/** @param {{ left: Job, right: Job }} props */
export function Differences({ left, right }) {
  const [all, setAll] = useState(false);
  const rows = rowsFor(left, right);
  const shownRows = rows.filter((row) => all || row.a !== row.b);
  return html`
    <section class="compare-rows" aria-label=${t("compare.differences")}>
      <div class="row apart"><h3>${t("compare.differences")}</h3>
        <label class="check"><input type="checkbox" checked=${all} onChange=${() => setAll(!all)} data-test="all-rows" />${t("compare.all")}</label></div>
      ${shownRows.length
        ? html`<div class="scroll-x"><table class="table" data-test="differences">
            <thead><tr><td></td><th scope="col">A</th><th scope="col">B</th></tr></thead>
            <tbody>${shownRows.map((row) => html`<tr key=${row.label} data-differs=${row.a !== row.b}>
              <th scope="row">${row.label}</th><td dir="auto">${row.a}</td><td dir="auto">${row.b}</td></tr>`)}</tbody>
          </table></div>`
        : html`<p class="note">${t("compare.same")}</p>`}
    </section>
  `;
}

/** @param {Job} left @param {Job} right @returns {Row[]} */
function rowsFor(left, right) {
  /** @type {[string, (job: Job) => string][]} */
  const facts = [
    [t("prompt"), (job) => job.request.prompt],
    [t("compare.inputs"), (job) => String(job.request.inputs.length)],
    [t("mask"), (job) => t(job.request.mask ? "compare.yes" : "compare.no")],
    [t("record.deployment"), (job) => job.deployment ?? "–"],
    [t("record.time"), (job) => (job.timings.total_ms === null ? "–" : duration(job.timings.total_ms))],
    [t("compare.charge"), (job) => (job.charge ? shown(job.charge.usd) : "–")],
  ];
  const [first, ...others] = facts.map(([label, of]) => ({ label, a: of(left), b: of(right) }));
  return [first, ...settings(left, right), ...others];
}

/** @param {Job} left @param {Job} right @returns {Row[]} */
function settings(left, right) {
  const tables = [left, right].map((job) => new Map(rowsOf(job).map((row) => [row.word, valueOf(row.got || row.asked)])));
  const words = new Set([...tables[0].keys(), ...tables[1].keys()]);
  return [...words].map((word) => ({ label: t(word), a: tables[0].get(word) ?? "–", b: tables[1].get(word) ?? "–" }));
}
