// @ts-check
// Which image to compare: the newest ones of the history.

import { html } from "../vendor/preact.js";
import { get } from "../lib/api.js";
import { thumbOf } from "../lib/pictures.js";
import { t } from "../lib/words.js";
import { assetsOf } from "../state/jobs.js";
import { useRemote } from "../state/remote.js";
import { Loaded } from "../widgets/loaded.js";

/** @typedef {import("../lib/types").Job} Job */

/** @param {{ taken: string, onChoose: (id: string) => void }} props */
export function Choose({ taken, onChoose }) {
  const found = useRemote(() => get("/v1/jobs?state=succeeded&limit=60"), []);
  const [takenId] = taken.split(".");
  return html`
    <p class="note">${t(taken ? "compare.second" : "compare.first")}</p>
    <${Loaded} of=${found} broken=${t("compare.broken")} lines=${4}>
      ${(/** @type {{ data: Job[] }} */ { data }) => {
        const jobs = data.filter((job) => assetsOf("result", job).length > 0);
        if (jobs.length < (taken ? 1 : 2)) return html`<p class="empty">${t("compare.few")}</p>`;
        return html`<ul class="compare-choose plain">${jobs.map((job) => html`<li key=${job.id}>
          <button class="frame" disabled=${job.id === takenId} aria-pressed=${job.id === takenId} onClick=${() => onChoose(job.id)} title=${job.request.prompt} data-test="choose">
            <span class="frame-face"><img src=${thumbOf(assetsOf("result", job)[0])} alt=${job.request.prompt} loading="lazy" decoding="async" /></span>
          </button></li>`)}</ul>`;
      }}
    </${Loaded}>
  `;
}
