// @ts-check
// What can be done with the jobs that were picked out.

import { html } from "../vendor/preact.js";
import { call } from "../lib/api.js";
import { save } from "../lib/pictures.js";
import { t } from "../lib/words.js";
import { isOpen } from "../state/jobs.js";
import { language } from "../state/session.js";
import { go } from "../state/view.js";
import { confirm } from "../widgets/confirm.js";
import { Icon } from "../widgets/icons.js";
import { say } from "../widgets/toast.js";
import { drop, picked, pickNone, shown } from "./state.js";

export function Picked() {
  const ids = [...picked.value];
  if (!ids.length) return null;
  const jobs = shown.value.filter((job) => picked.value.has(job.id));
  const made = jobs.filter((job) => job.assets.some((asset) => asset.kind === "result")).map((job) => job.id);
  const settled = jobs.filter((job) => !isOpen(job)).map((job) => job.id);
  return html`
    <section class="picked card" aria-label=${t("history.picked", { n: ids.length })} data-test="picked">
      <p aria-live="polite">${t("history.picked", { n: ids.length })}</p>
      <div class="row">
        <button class="ghost" disabled=${made.length !== 2} onClick=${() => go("compare", { a: made[1], b: made[0] })} data-test="picked-compare">
          <${Icon} name="compare" />${t("history.compare")}</button>
        <button class="ghost" disabled=${!made.length} onClick=${() => told(zip(made))} data-test="picked-zip">
          <${Icon} name="download" />ZIP</button>
        <button class="ghost" disabled=${!settled.length} onClick=${() => told(report(settled))} data-test="picked-report">
          <${Icon} name="code" />${t("history.report")}</button>
        <button class="ghost" disabled=${!settled.length} onClick=${() => remove(settled)} data-test="picked-delete">
          <${Icon} name="trash" />${t("history.delete")}</button>
        <button class="quiet" onClick=${pickNone} data-test="picked-none">${t("history.unpick")}</button>
      </div>
    </section>
  `;
}

/** @param {string[]} jobs */
async function zip(jobs) {
  save(await (await call("/v1/images.zip", { json: { jobs } })).blob(), "darkroom.zip");
}

/** @param {string[]} jobs */
async function report(jobs) {
  const json = { jobs, title: t("history.report.title"), lang: language.peek() };
  save(await (await call("/v1/reports", { json })).blob(), "darkroom-report.html");
}

/** Ask, then delete one after the other; what is gone by then stays gone. @param {string[]} jobs */
export function remove(jobs) {
  confirm({
    title: t("history.delete.title", { n: jobs.length }),
    text: t("history.delete.text"),
    action: t("history.delete"),
    run: async () => {
      for (const id of jobs) {
        await call(`/v1/jobs/${id}`, { method: "DELETE" });
        drop([id]);
      }
    },
  });
}

/** @param {Promise<unknown>} work */
function told(work) {
  return work.then(() => say(t("downloaded")), (error) => say(error.message));
}
