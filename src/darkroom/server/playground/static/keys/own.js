// @ts-check
// What a key sees that may not manage keys: itself, and whom to ask.

import { html } from "../vendor/preact.js";
import { get } from "../lib/api.js";
import { t } from "../lib/words.js";
import { useRemote } from "../state/remote.js";
import { session } from "../state/session.js";
import { Icon } from "../widgets/icons.js";
import { Loaded } from "../widgets/loaded.js";
import { Budgets } from "./row.js";

/** @typedef {import("../lib/account").Balance} Balance */

export function OwnKey() {
  const balance = useRemote(() => get("/v1/balance"), []);
  const own = session.value?.key;
  return html`
    <header class="page-head"><div><h2>${t("keys.title")}</h2></div></header>
    <section class="card own" data-test="own-key">
      <${Icon} name="key" />
      <div>
        <h3>${own?.name ?? t("keys.own")} ${own && html`<code class="faint">${own.hint}</code>`}</h3>
        <p>${t("keys.own.why")}</p>
        <${Loaded} of=${balance} broken=${t("keys.broken")} lines=${2}>
          ${(/** @type {Balance} */ { key }) => key && html`<${Budgets} budget=${key.budget} used=${key.used} />`}
        </${Loaded}>
      </div>
    </section>
  `;
}
