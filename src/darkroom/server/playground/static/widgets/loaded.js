// @ts-check
// What a remote holds: grey lines while it is awaited, its failure with a way to try again.

import { html } from "../vendor/preact.js";
import { t } from "../lib/words.js";

/**
 * @template T
 * @param {{
 *   of: import("../state/remote.js").Remote<T>, broken: string, lines?: number,
 *   children?: any,
 * }} props `children` is a function of what was found
 */
export function Loaded({ of, broken, lines = 3, children }) {
  const problem = of.problem.value;
  const found = of.data.value;
  return html`
    ${problem && html`<${Broken} text=${broken} problem=${problem} again=${of.load} />`}
    ${found !== null ? children(found) : !problem && html`<${Bones} lines=${lines} />`}
  `;
}

/** @param {{ text: string, problem: import("../lib/api.js").Problem, again: () => void }} props */
export function Broken({ text, problem, again }) {
  return html`
    <div class="boxed broken" role="alert" data-test="broken">
      <p class="warn">${text} <button class="text" onClick=${again}>${t("trouble.again")}</button></p>
      <p class="note">${problem.message}</p>
    </div>
  `;
}

/** @param {{ lines: number }} props */
function Bones({ lines }) {
  return html`<div class="bones" aria-busy="true">
    <p class="sr">${t("loading")}</p>
    ${Array.from({ length: lines }, () => html`<span aria-hidden="true"></span>`)}
  </div>`;
}
