// @ts-check
// The keys of this server, for who may manage them; and where the ends of jobs are told.

import { html } from "../vendor/preact.js";
import { t } from "../lib/words.js";
import { KeyList } from "../keys/list.js";
import { OwnKey } from "../keys/own.js";
import { Webhooks } from "../keys/webhooks.js";
import { isAdmin } from "../state/session.js";

export function View() {
  return html`
    <main class="page keys">
      ${isAdmin.value ? html`<${KeyList} />` : html`<${OwnKey} />`}
      <${Webhooks} />
    </main>
  `;
}
