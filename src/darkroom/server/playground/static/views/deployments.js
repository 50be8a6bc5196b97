// @ts-check
// Where requests go: the deployments, for operators; and who would be asked, for everybody.

import { html } from "../vendor/preact.js";
import { t } from "../lib/words.js";
import { List } from "../deployments/list.js";
import { WhoAnswers } from "../deployments/route.js";
import { isAdmin } from "../state/session.js";

export function View() {
  return html`
    <main class="page deployments">
      ${isAdmin.value
        ? html`<${List} />`
        : html`<header class="page-head"><div><h2>${t("deploy.title")}</h2><p data-test="not-admin">${t("deploy.not-admin")}</p></div></header>`}
      <${WhoAnswers} />
    </main>
  `;
}
