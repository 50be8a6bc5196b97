// @ts-check
// Two images against each other, and what was asked differently: `#/compare?a=<job>&b=<job>`.

import { html } from "../vendor/preact.js";
import { get } from "../lib/api.js";
import { t } from "../lib/words.js";
import { Choose } from "../compare/choose.js";
import { Differences } from "../compare/differences.js";
import { Pair } from "../compare/pair.js";
import { useRemote } from "../state/remote.js";
import { go } from "../state/view.js";
import { assetsOf } from "../state/jobs.js";
import { Icon } from "../widgets/icons.js";
import { Loaded } from "../widgets/loaded.js";

/** @typedef {import("../lib/types").Job} Job */
/** @typedef {{ job: Job, at: number }} Side a job and which of its images */

/** @param {{ params: URLSearchParams }} props */
export function View({ params }) {
  const a = params.get("a") ?? "";
  const b = params.get("b") ?? "";
  const set = (/** @type {Record<string, string>} */ changes) => go("compare", { ...Object.fromEntries(params), ...changes });
  return html`
    <main class="page wide compare">
      <header class="page-head">
        <h2>${t("compare.title")}</h2>
        ${a && b && html`<button class="ghost" onClick=${() => go("compare", { a: b, b: a })} data-test="swap"><${Icon} name="swap" />${t("compare.swap")}</button>`}
      </header>
      ${a && b
        ? html`<${Both} key=${`${a} ${b}`} a=${a} b=${b} onChange=${set} />`
        : html`<${Choose} taken=${a || b} onChoose=${(/** @type {string} */ id) => set(a ? { b: id } : { a: id })} />`}
    </main>
  `;
}

/** @param {{ a: string, b: string, onChange: (changes: Record<string, string>) => void }} props */
function Both({ a, b, onChange }) {
  const found = useRemote(() => Promise.all([side(a), side(b)]), [a, b]);
  return html`<${Loaded} of=${found} broken=${t("compare.broken")} lines=${6}>
    ${(/** @type {[Side, Side]} */ [left, right]) => html`
      <${Pair} left=${left} right=${right} />
      <div class="compare-sides">
        <${Caption} mark="A" side=${left} onTurn=${(/** @type {number} */ at) => onChange({ a: nameOf(left, at) })} onLeave=${() => onChange({ a: "" })} />
        <${Caption} mark="B" side=${right} onTurn=${(/** @type {number} */ at) => onChange({ b: nameOf(right, at) })} onLeave=${() => onChange({ b: "" })} />
      </div>
      <${Differences} left=${left.job} right=${right.job} />
    `}
  </${Loaded}>`;
}

/** `<job>` or `<job>.<position>`. @param {string} name @returns {Promise<Side>} */
async function side(name) {
  const [id, at] = name.split(".");
  /** @type {Job} */
  const job = await get(`/v1/jobs/${encodeURIComponent(id)}`);
  const count = assetsOf("result", job).length;
  if (!count) throw new Error(t("compare.noimage"));
  return { job, at: Math.min(Number(at) || 0, count - 1) };
}

/** @param {Side} side @param {number} at */
function nameOf({ job }, at) {
  return at ? `${job.id}.${at}` : job.id;
}

/** What stands below an image: which it is, and its siblings. @param {{ mark: string, side: Side, onTurn: (at: number) => void, onLeave: () => void }} props */
function Caption({ mark, side: { job, at }, onTurn, onLeave }) {
  const count = assetsOf("result", job).length;
  return html`
    <div class="compare-caption">
      <b class="chip">${mark}</b>
      <p dir="auto">${job.request.prompt}</p>
      ${count > 1 &&
      html`<button class="text" onClick=${() => onTurn((at + 1) % count)}>${t("compare.next", { n: at + 1, of: count })}</button>`}
      <button class="text" onClick=${onLeave} data-test=${`leave-${mark}`}>${t("compare.other")}</button>
    </div>
  `;
}
