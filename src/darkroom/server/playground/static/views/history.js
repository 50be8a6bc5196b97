// @ts-check
// Every job of this account as a contact sheet: filtered, picked out, taken along, deleted.

import { html, useEffect } from "../vendor/preact.js";
import { t } from "../lib/words.js";
import { Detail } from "../history/detail.js";
import { Filters } from "../history/filters.js";
import { Picked } from "../history/picked.js";
import { Sheet } from "../history/sheet.js";
import { load, tally } from "../history/state.js";

/** @param {{ params: URLSearchParams }} props */
export function View({ params }) {
  const job = params.get("job");
  const filters = new URLSearchParams(params);
  filters.delete("job"); // looking at one does not read the list anew
  filters.delete("view");
  useEffect(() => void load(), [String(filters)]);
  const counts = tally.value;
  return html`
    <main class="page wide sheet-view">
      <header class="page-head">
        <div><h2>${t("history.title")}</h2>
          <p data-test="tally">${counts ? t("history.tally", { running: counts.running + counts.queued, done: counts.succeeded, failed: counts.failed }) : t("history.why")}</p>
        </div>
        <${Filters} params=${params} />
      </header>
      <${Sheet} params=${params} />
      <${Picked} />
      ${job && html`<${Detail} key=${job} id=${job} />`}
    </main>
  `;
}
