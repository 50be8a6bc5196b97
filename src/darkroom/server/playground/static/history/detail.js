// @ts-check
// One job of the history in full, over the sheet; whatever is begun from it goes on in the studio.

import { html, useEffect } from "../vendor/preact.js";
import { get } from "../lib/api.js";
import { thumbOf } from "../lib/pictures.js";
import { t } from "../lib/words.js";
import { Details } from "../panels/details.js";
import { JobView } from "../panels/stage.js";
import { assetsOf, isOpen, jobs, put, selectedId } from "../state/jobs.js";
import { useRemote } from "../state/remote.js";
import { go, hashOf } from "../state/view.js";
import { CopyButton } from "../widgets/copy-button.js";
import { Dialog } from "../widgets/dialog.js";
import { Icon } from "../widgets/icons.js";
import { Loaded } from "../widgets/loaded.js";
import { remove } from "./picked.js";
import { show } from "./state.js";

/** @typedef {import("../lib/types").Job} Job */

const CHILDREN_MAX = 12;

/** @param {{ id: string }} props */
export function Detail({ id }) {
  const found = useRemote(() => read(id), [id]);
  useEffect(() => {
    // "Again" and "edit" put another job on the stage: there it is to be seen.
    const before = selectedId.peek();
    return selectedId.subscribe((now) => now !== before && go("studio"));
  }, []);
  return html`
    <${Dialog} label=${t("history.job")} kind="sheet job-sheet" onClose=${() => show({ job: "" })}>
      <${Loaded} of=${found} broken=${t("history.gone")} lines=${8}>
        ${(/** @type {Job} */ job) => html`<${Whole} job=${jobs.value.find((one) => one.id === id) ?? job} />`}
      </${Loaded}>
    </${Dialog}>
  `;
}

/** @param {string} id */
async function read(id) {
  /** @type {Job} */
  const job = await get(`/v1/jobs/${id}`);
  if (isOpen(job)) put(job); // followed by the page until it has ended
  return job;
}

/** @param {{ job: Job }} props */
function Whole({ job }) {
  const toStudio = () => {
    put(job);
    if (selectedId.value === job.id) go("studio");
    else selectedId.value = job.id;
  };
  return html`
    <div class="job-head">
      <${Family} job=${job} />
      <div class="row">
        <button class="ghost" onClick=${toStudio} data-test="to-studio"><${Icon} name="studio" />${t("history.studio")}</button>
        <${CopyButton} text=${job.id} label=${t("history.id")} done=${t("history.id.copied")} kind="quiet" />
        <button class="quiet" disabled=${isOpen(job)} onClick=${() => remove([job.id])} data-test="delete"><${Icon} name="trash" />${t("history.delete")}</button>
      </div>
    </div>
    <${JobView} job=${job} />
    <section class="job-details" aria-label=${t("record")}><h3>${t("record")}</h3><${Details} job=${job} /></section>
  `;
}

/** What it was made from and what was made from it; each leads to its own sheet. @param {{ job: Job }} props */
function Family({ job }) {
  const related = useRemote(() => family(job), [job.id]);
  const { parents = [], children = [] } = related.data.value ?? {};
  if (!parents.length && !children.length) return null;
  const to = (/** @type {Job} */ one, /** @type {import("../lib/words.js").Word} */ word) => {
    const [first] = assetsOf("result", one);
    return html`<a class="rail-stop" key=${one.id} href=${hashOf("history", { job: one.id })} data-test="relative"
      aria-label=${`${t(word)}: ${one.request.prompt}`} title=${one.request.prompt}>
      ${first ? html`<img src=${thumbOf(first)} alt="" />` : html`<${Icon} name="image" />`}</a>`;
  };
  return html`<nav class="rail" aria-label=${t("lineage")}>
    ${parents.map((one) => to(one, "lineage.parent"))}
    ${parents.length > 0 && html`<${Icon} name="forward" />`}
    <span class="mono">${t("lineage.this")}</span>
    ${children.length > 0 && html`<${Icon} name="forward" />`}
    ${children.map((one) => to(one, "lineage.child"))}
    ${parents.length === 1 && html`<a class="text" href=${hashOf("compare", { a: parents[0].id, b: job.id })}>${t("history.compare.before")}</a>`}
  </nav>`;
}

/** @param {Job} job @returns {Promise<{ parents: Job[], children: Job[] }>} */
async function family(job) {
  const [parents, children] = await Promise.all([
    Promise.all((job.parents ?? []).map((id) => get(`/v1/jobs/${id}`).catch(() => null))),
    job.children ? get(`/v1/jobs?parent=${job.id}&limit=${CHILDREN_MAX}`) : { data: [] },
  ]);
  return { parents: parents.filter(Boolean), children: children.data };
}
