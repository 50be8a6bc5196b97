// @ts-check
// A job without images: what happened, what to do next, and that nothing was charged.

import { html } from "../vendor/preact.js";
import { focusPrompt } from "../lib/focus.js";
import { shown } from "../lib/money.js";
import { wishOf } from "../lib/requests.js";
import { maybe, t } from "../lib/words.js";
import { asked, takeOverJob } from "../state/form.js";
import { labelOf, models } from "../state/models.js";
import { resend, submit } from "../state/runs.js";
import { wish } from "../state/wishes.js";
import { Icon } from "../widgets/icons.js";

/** @typedef {import("../lib/types").Job} Job */

/** What helps against an error: words/*.js hold `trouble.<kind>.title` and `.next` for each. @type {Record<string, string>} */
const KINDS = {
  moderation_blocked: "refused",
  job_canceled: "canceled",
  invalid_value: "request", unknown_parameter: "request", unsupported_value: "request",
  upstream_rejected: "request", idempotency_conflict: "request", method_not_allowed: "request",
  invalid_image: "image", not_found: "image", payload_too_large: "image",
  model_not_found: "model",
  invalid_api_key: "key", permission_denied: "key",
  budget_exceeded: "money", insufficient_balance: "money", insufficient_quota: "money", billing_hard_limit_reached: "money", price_unknown: "unpriced",
  rate_limit_exceeded: "busy", upstream_rate_limited: "busy", overloaded: "busy",
  upstream_unavailable: "vendor", upstream_error: "vendor", upstream_bad_response: "vendor",
  upstream_denied: "operator",
  upstream_timeout: "unknown", outcome_unknown: "unknown",
  network: "network", request_timeout: "network",
};
/** Sending the very same again cannot help. */
const FINAL = new Set(["refused", "request", "image", "model", "key", "unpriced"]);
/** Another deployment may do better, or another model. */
const ELSEWHERE = new Set(["vendor", "operator", "unknown", "busy"]);
const OTHERWISE = new Set([...ELSEWHERE, "refused", "model", "unpriced"]);

/** @param {{ job: Job }} props */
export function Trouble({ job }) {
  const error = job.error ?? { code: job.state === "canceled" ? "job_canceled" : "internal_error", message: "" };
  const kind = KINDS[error.code] ?? "ours";
  const edit = () => {
    if (!job.local) takeOverJob(job);
    focusPrompt();
  };
  const again = () => {
    const wished = wishOf(job.request, asked.peek()?.partial_images ?? 0);
    void (job.local && kind === "network" ? resend(job, wished) : submit(wished));
  };
  const wait = error.retry_after_s ? t("trouble.wait", { s: Math.ceil(error.retry_after_s) }) : "";
  return html`
    <section class="card trouble" data-test="trouble" data-kind=${kind} role="alert">
      <${Icon} name=${kind === "canceled" ? "stop" : "alert"} />
      <h2>${maybe(`trouble.${kind}.title`)}</h2>
      <p>${maybe(`trouble.${kind}.next`)} ${wait}</p>
      <p class="note" data-test="kept">${t("trouble.kept")}</p>
      <div class="row">
        <button class=${FINAL.has(kind) ? "primary" : "ghost"} onClick=${edit} data-test="back-to-prompt">
          <${Icon} name="edit" />${t("trouble.edit")}
        </button>
        ${!FINAL.has(kind) && html`<button class="primary" onClick=${again} data-test="again"><${Icon} name="retry" />${t("trouble.again")}</button>`}
        <${Others} job=${job} kind=${kind} />
      </div>
      <${Said} error=${error} />
    </section>
  `;
}

/** A deployment that was not asked, or another model: the user decides, never the page. @param {{ job: Job, kind: string }} props */
function Others({ job, kind }) {
  const tried = new Set(job.attempts.map((one) => one.deployment));
  const next = ELSEWHERE.has(kind) ? job.route.find((one) => one.usable && !tried.has(one.deployment)) : undefined;
  if (next) {
    const go = () => void submit(wishOf(job.request, asked.peek()?.partial_images ?? 0), `pinned=${next.deployment}`);
    return html`<button class="ghost" onClick=${go} data-test="try-deployment">
      ${t("trouble.deployment", { name: next.deployment })}${next.expected && html` <span class="mono faint">${shown(next.expected.usd)}</span>`}
    </button>`;
  }
  const other = OTHERWISE.has(kind) ? otherModel(job) : null;
  if (!other) return null;
  // The price stands beside the button before it is sent.
  const choose = () => {
    if (!job.local) takeOverJob(job);
    wish({ model: other });
    /** @type {HTMLElement | null} */ (document.querySelector("[data-test=send]"))?.focus();
  };
  return html`<button class="ghost" onClick=${choose} data-test="try-model">${t("trouble.model", { name: labelOf(other) })}</button>`;
}

/** One that can do as much, of another family where there is one. @param {Job} job */
function otherModel(job) {
  const family = (/** @type {string} */ id) => id.split("-")[0];
  const fit = models.value.filter(
    ({ id, shutdown_date: ends, darkroom }) =>
      id !== job.model && id !== job.served_model && !darkroom.served_by_successor && !ends &&
      darkroom.capabilities.operations.includes(job.operation) &&
      darkroom.capabilities.max_inputs >= job.request.inputs.length,
  );
  return (fit.find((one) => family(one.id) !== family(job.model)) ?? fit[0])?.id ?? null;
}

/** The server's own words, its code, and what else it told. @param {{ error: import("../lib/types").ErrorRecord }} props */
function Said({ error }) {
  if (!error.message) return null;
  const { categories, stage } = error.details ?? {};
  const facts = [error.code, error.param, stage, Array.isArray(categories) && categories.join(", ")];
  return html`<details class="hint">
    <summary>${t("trouble.said")}</summary>
    <p class="said">${error.message}</p>
    <p class="mono faint">${facts.filter(Boolean).join(" · ")}</p>
  </details>`;
}
