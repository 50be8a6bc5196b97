// @ts-check
// A job without images: what happened, what to do next, and that nothing was lost.

import { html } from "../vendor/preact.js";
import { focusPrompt } from "../lib/focus.js";
import { wishOf } from "../lib/requests.js";
import { maybe, t } from "../lib/words.js";
import { asked, takeOver } from "../state/form.js";
import { submit } from "../state/jobs.js";
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
  rate_limit_exceeded: "busy", upstream_rate_limited: "busy", overloaded: "busy",
  upstream_unavailable: "vendor", upstream_error: "vendor", upstream_bad_response: "vendor",
  upstream_denied: "operator",
  upstream_timeout: "unknown", outcome_unknown: "unknown",
  network: "network", request_timeout: "network",
};
/** Sending the very same again cannot help. */
const FINAL = new Set(["refused", "request", "image", "model", "key"]);

/** @param {{ job: Job }} props */
export function Trouble({ job }) {
  const error = job.error ?? { code: job.state === "canceled" ? "job_canceled" : "internal_error", message: "" };
  const kind = KINDS[error.code] ?? "ours";
  const edit = () => {
    if (!job.local) takeOver(job.request);
    focusPrompt();
  };
  const again = () => void submit(wishOf(job.request, asked.peek()?.partial_images ?? 0));
  const wait = error.retry_after_s ? t("trouble.wait", { s: Math.ceil(error.retry_after_s) }) : "";
  const categories = error.details?.categories;
  return html`
    <section class="card trouble" data-test="trouble" data-kind=${kind} role="alert">
      <${Icon} name=${kind === "canceled" ? "stop" : "alert"} />
      <h2>${maybe(`trouble.${kind}.title`)}</h2>
      <p>${maybe(`trouble.${kind}.next`)} ${wait}</p>
      <p class="note">${t("trouble.kept")}</p>
      <div class="row">
        <button class=${FINAL.has(kind) ? "primary" : "ghost"} onClick=${edit} data-test="back-to-prompt">
          <${Icon} name="edit" />${t("trouble.edit")}
        </button>
        ${!FINAL.has(kind) && html`<button class="primary" onClick=${again}><${Icon} name="retry" />${t("trouble.again")}</button>`}
      </div>
      ${error.message &&
      html`<details class="hint">
        <summary>${t("trouble.said")}</summary>
        <p class="said">${error.message}</p>
        <p class="mono faint">${[error.code, error.param, Array.isArray(categories) && categories.join(", ")].filter(Boolean).join(" · ")}</p>
      </details>`}
    </section>
  `;
}
