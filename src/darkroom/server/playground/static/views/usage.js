// @ts-check
// Money: where the account stands, what was spent on what, and every booking.

import { html, useState } from "../vendor/preact.js";
import { t } from "../lib/words.js";
import { dialog } from "../state/dialogs.js";
import { useRemote } from "../state/remote.js";
import { isAdmin, session } from "../state/session.js";
import { Drift } from "../usage/drift.js";
import { Spend } from "../usage/spend.js";
import { accountNames, ALL, choose, chosen } from "../usage/state.js";
import { Statement } from "../usage/statement.js";
import { Tiles } from "../usage/tiles.js";
import { TopUp } from "../usage/top-up.js";
import { Icon } from "../widgets/icons.js";

/** @param {{ params: URLSearchParams }} props */
export function View({ params }) {
  const choices = chosen(params);
  const [booked, setBooked] = useState(0);
  const own = session.value?.account?.name ?? "";
  const account = choices.account || own;
  const topUp = () =>
    (dialog.value = html`<${TopUp} account=${account} onDone=${() => setBooked(booked + 1)} onClose=${() => (dialog.value = null)} />`);
  return html`
    <main class="page usage">
      <header class="page-head">
        <div><h2>${t("usage.title")}</h2><p>${t("usage.why")}</p></div>
        ${isAdmin.value && html`<div class="row">
          <${Accounts} choices=${choices} own=${own} booked=${booked} />
          ${account !== ALL && html`<button class="primary" onClick=${topUp} data-test="top-up"><${Icon} name="plus" />${t("usage.top-up")}</button>`}
        </div>`}
      </header>
      <${Tiles} account=${choices.account} booked=${booked} />
      <${Spend} choices=${choices} />
      ${choices.account !== ALL && html`<${Statement} account=${choices.account} booked=${booked} />`}
      ${isAdmin.value && html`<${Drift} choices=${choices} />`}
    </main>
  `;
}

/** Whose money is shown. @param {{ choices: import("../usage/state.js").Choices, own: string, booked: number }} props */
function Accounts({ choices, own, booked }) {
  const names = useRemote(accountNames, [booked]);
  const pick = (/** @type {any} */ event) => choose(choices, { account: event.target.value });
  return html`<label class="accounts"><span class="sr">${t("usage.account")}</span>
    <select value=${choices.account} onChange=${pick} data-test="account">
      <option value="" selected=${!choices.account}>${own || t("usage.account.own")}</option>
      ${(names.data.value ?? []).filter((name) => name !== own).map((name) => html`<option value=${name} selected=${name === choices.account}>${name}</option>`)}
      <option value=${ALL} selected=${choices.account === ALL}>${t("usage.account.all")}</option>
    </select></label>`;
}
