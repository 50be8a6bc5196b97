// @ts-check
// The rail above the stage: what this was made from, this, and what was made from it.

import { html } from "../vendor/preact.js";
import { thumbOf } from "../lib/pictures.js";
import { t } from "../lib/words.js";
import { assetsOf, exposures, put, selectedId } from "../state/jobs.js";
import { family } from "../state/lineage.js";
import { Icon } from "../widgets/icons.js";

/** @typedef {import("../lib/types").Job} Job */

export function Lineage() {
  const found = family.value;
  if (!found) return null;
  const { job, parents, children } = found;
  return html`
    <nav class="rail" aria-label=${t("lineage")} data-test="lineage">
      ${parents.map((one) => html`<${Stop} key=${one.id} job=${one} label=${t("lineage.parent")} />`)}
      ${parents.length > 0 && html`<${Icon} name="forward" />`}
      <${Stop} key=${job.id} job=${job} label=${t("lineage.this")} />
      ${children.length > 0 && html`<${Icon} name="forward" />`}
      ${children.map((one) => html`<${Stop} key=${one.id} job=${one} label=${t("lineage.child")} />`)}
    </nav>
  `;
}

/** @param {{ job: Job, label: string }} props */
function Stop({ job, label }) {
  const [first] = assetsOf("result", job);
  const src = first ? thumbOf(first) : exposures.value[job.id]?.src;
  const isHere = job.id === selectedId.value;
  const show = () => {
    put(job); // it may be older than the list
    selectedId.value = job.id;
  };
  return html`
    <button
      class="rail-stop" onClick=${show} aria-current=${isHere ? "true" : null} title=${job.request.prompt}
      aria-label=${`${label}: ${job.request.prompt}`} data-test="relative"
    >
      ${src ? html`<img src=${src} alt="" decoding="async" />` : html`<${Icon} name="image" />`}
    </button>
  `;
}
