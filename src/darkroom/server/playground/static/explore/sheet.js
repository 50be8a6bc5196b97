// @ts-check
// The sheet: a row for each prompt and model, a column for each size and quality.

import { html } from "../vendor/preact.js";
import { t } from "../lib/words.js";
import { labelOf } from "../state/models.js";
import { Icon } from "../widgets/icons.js";
import { qualityName, sizeName } from "./axes.js";
import { CellView } from "./cell.js";
import { promptsOf } from "./cells.js";
import { cells, plan } from "./state.js";

/** @typedef {import("./cells.js").Cell} Cell */

export function Sheet() {
  const found = cells.value;
  if (!found.length) return html`<div class="empty" data-test="none"><${Icon} name="grid" /><p>${t("explore.none")}</p></div>`;
  const { sizes, qualities } = plan.value;
  const columns = sizes.length * qualities.length;
  return html`
    <div class="grid-scroll" tabindex="0" role="region" aria-label=${t("explore.sheet")} data-test="sheet">
      <table class="test-sheet">
        <thead>
          <tr><th rowspan="2" scope="col" class="corner">${t("model")}</th>
            ${sizes.map((size) => html`<th key=${size} colspan=${qualities.length} scope="colgroup">${sizeName(size)}</th>`)}</tr>
          <tr>${sizes.flatMap((size) => qualities.map((quality) => html`<th key=${`${size} ${quality}`} scope="col">${qualityName(quality)}</th>`))}</tr>
        </thead>
        ${promptsOf(plan.value).map((prompt) => html`<${Rows} key=${prompt} prompt=${prompt} columns=${columns} all=${found.filter((one) => one.prompt === prompt)} />`)}
      </table>
    </div>
  `;
}

/** The rows of one prompt. @param {{ prompt: string, columns: number, all: Cell[] }} props */
function Rows({ prompt, columns, all }) {
  const models = [...new Set(all.map((one) => one.model))];
  return html`
    <tbody>
      <tr class="prompt-row"><th scope="rowgroup" colspan=${columns + 1}><span dir="auto" title=${prompt}>${prompt}</span></th></tr>
      ${models.map((model) => html`<tr key=${model}>
        <th scope="row">${labelOf(model)}</th>
        ${all.filter((one) => one.model === model).map((cell) => html`<td key=${`${cell.size} ${cell.quality}`}><${CellView} cell=${cell} /></td>`)}
      </tr>`)}
    </tbody>
  `;
}
