// @ts-check
// The grid explorer: prompts over models, sizes and qualities; priced, run under a cap, summed up.

import { html, useEffect } from "../vendor/preact.js";
import { t } from "../lib/words.js";
import { Axes } from "../explore/axes.js";
import { Bar } from "../explore/bar.js";
import { resume } from "../explore/run.js";
import { Sheet } from "../explore/sheet.js";
import { CELLS_MAX, sheetId, wanted } from "../explore/state.js";
import { Summary } from "../explore/summary.js";
import { models } from "../state/models.js";

export function View() {
  useEffect(() => void resume(), [sheetId.value]);
  const count = wanted.value.length;
  return html`
    <main class="page wide explore">
      <header class="page-head"><div>
        <h2>${t("explore.title")}</h2>
        <p>${t("explore.why")}</p>
      </div></header>
      ${models.value.length === 0
        ? html`<p class="empty" aria-busy="true">${t("loading")}</p>`
        : html`
          <${Axes} />
          ${count > CELLS_MAX && html`<p class="warn" role="alert" data-test="too-many">${t("explore.toomany", { n: count, most: CELLS_MAX })}</p>`}
          <${Bar} />
          <${Sheet} />
          <${Summary} />
        `}
    </main>
  `;
}
