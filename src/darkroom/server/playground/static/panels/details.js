// @ts-check
// Everything that is known of a job: asked against got, attempts, tokens, times.

import { html } from "../vendor/preact.js";
import { rowsOf, valueOf } from "../lib/compared.js";
import { duration, maybe, t, weight } from "../lib/words.js";
import { assetsOf } from "../state/jobs.js";
import { wordOf } from "./chain.js";

/** @typedef {import("../lib/types").Job} Job */

/** @param {{ job: Job }} props */
export function Details({ job }) {
  return html`
    <${Compared} rows=${rowsOf(job)} />
    <${Attempts} job=${job} />
    <${Numbers} job=${job} />
  `;
}

/** @param {{ rows: import("../lib/compared.js").Row[] }} props */
function Compared({ rows }) {
  return html`
    <table data-test="compared">
      <thead><tr><td></td><th scope="col">${t("record.asked")}</th><th scope="col">${t("record.got")}</th></tr></thead>
      <tbody>
        ${rows.map(({ word, asked, got, differs }) => html`<tr data-differs=${differs}>
          <th scope="row">${t(word)}</th><td>${valueOf(asked)}</td><td>${got ? valueOf(got) : "–"}</td>
        </tr>`)}
      </tbody>
    </table>
  `;
}

/** @param {{ job: Job }} props */
function Attempts({ job }) {
  if (!job.attempts.length) return null;
  return html`
    <table data-test="attempts">
      <thead><tr>
        <th scope="col">${t("record.attempt")}</th><th scope="col">${t("record.deployment")}</th>
        <th scope="col">${t("record.outcome")}</th><th scope="col">${t("record.time")}</th>
      </tr></thead>
      <tbody>
        ${job.attempts.map(
          (one) => html`<tr>
            <td>${one.number}</td>
            <td>${one.deployment} <span class="faint">${one.provider} · ${one.model}</span></td>
            <td>${maybe(`attempt.${one.state}`) ?? one.state}
              ${one.error && html`<span class="faint block">${wordOf(one.error.code)} <code>${one.error.code}</code> ${one.error.message}</span>`}</td>
            <td>${one.finished_at ? duration(Date.parse(one.finished_at) - Date.parse(one.started_at)) : "…"}</td>
          </tr>`,
        )}
      </tbody>
    </table>
  `;
}

/** @param {{ job: Job }} props */
function Numbers({ job }) {
  const { usage, timings } = job;
  const [first] = assetsOf("result", job);
  const count = (/** @type {number} */ n) => n.toLocaleString();
  return html`
    <dl class="numbers">
      ${usage &&
      html`<dt>${t("record.tokens")}</dt>
        <dd>${t("record.tokens.of", {
          text: count(usage.input_tokens_details.text_tokens), image: count(usage.input_tokens_details.image_tokens),
          out: count(usage.output_tokens), total: count(usage.total_tokens),
        })}${!usage.reported_by_upstream && ` ${t("record.tokens.ours")}`}</dd>`}
      ${timings.queued_ms !== null &&
      html`<dt>${t("record.waited")}</dt><dd>${duration(timings.queued_ms)} + ${timings.running_ms === null ? "…" : duration(timings.running_ms)}</dd>`}
      ${first && html`<dt>${t("record.weight")}</dt><dd>${weight(first.byte_size)}</dd>`}
      <dt>${t("record.when")}</dt><dd>${new Date(job.created_at).toLocaleString()}</dd>
      <dt>${t("record.job")}</dt><dd><code>${job.id}</code></dd>
    </dl>
  `;
}
