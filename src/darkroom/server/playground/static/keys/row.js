// @ts-check
// One key as a row: its label, its budgets, its terms, its actions.

import { html } from "../vendor/preact.js";
import { shown } from "../lib/money.js";
import { ago } from "../lib/when.js";
import { t } from "../lib/words.js";
import { confirm } from "../widgets/confirm.js";
import { Icon } from "../widgets/icons.js";
import { Meter } from "../widgets/meter.js";
import { say } from "../widgets/toast.js";
import { revokeKey } from "./state.js";
import { termsOf } from "./terms.js";

/** @typedef {import("../lib/account").Key} Key */
/** @typedef {import("../lib/account").Windows} Windows */

const WINDOWS = /** @type {const} */ ([["day_usd", "keys.today"], ["month_usd", "keys.month.now"], ["total_usd", "keys.total"]]);

/** @param {{ of: Key, edit: (one: Key) => void, changed: () => void }} props */
export function KeyRow({ of, edit, changed }) {
  const terms = termsOf(of);
  const revoke = () =>
    confirm({
      title: t("keys.revoke.title", { name: of.name }), text: t("keys.revoke.text"), action: t("keys.revoke"),
      run: async () => {
        await revokeKey(of.id);
        say(t("keys.revoked.done", { name: of.name }));
        changed();
      },
    });
  return html`
    <article class="key" data-test="key" data-revoked=${Boolean(of.revoked_at)} aria-label=${of.name}>
      <div class="key-who">
        <h3>${of.name}</h3>
        <p class="row tight"><code class="faint">${of.hint}</code>
          ${of.scopes.includes("admin") && html`<span class="chip">${t("keys.admin")}</span>`}
          ${of.dialect !== "auto" && html`<span class="chip">${of.dialect}</span>`}
          ${of.revoked_at && html`<span class="chip">${t("keys.revoked")}</span>`}</p>
        <p class="note">${times(of)}</p>
      </div>
      <div class="key-money"><${Budgets} budget=${of.budget} used=${of.used} /></div>
      <div class="key-end">
        ${!of.revoked_at &&
        html`<button class="ghost" onClick=${() => edit(of)} aria-label=${t("keys.change.of", { name: of.name })} data-test="change-key"><${Icon} name="sliders" />${t("keys.change")}</button>
          <button class="quiet" onClick=${revoke} aria-label=${t("keys.revoke.of", { name: of.name })} data-test="revoke-key">${t("keys.revoke")}</button>`}
      </div>
      ${terms.length > 0 && html`<ul class="plain terms" data-test="terms">${terms.map((one) => html`<li>${one}</li>`)}</ul>`}
    </article>
  `;
}

/** A bar for each limit; without any, what was spent. @param {{ budget: Windows, used: Windows }} props */
export function Budgets({ budget, used }) {
  const bars = WINDOWS.flatMap(([window, word]) => {
    const limit = budget[window];
    if (limit === null) return [];
    const spent = used[window] ?? "0";
    const text = t("keys.of", { used: shown(spent), limit: shown(limit) });
    return [html`<${Meter} key=${window} label=${t(word)} used=${spent} limit=${limit} text=${text} />`];
  });
  if (bars.length) return html`<div class="gauges">${bars}</div>`;
  return html`<p class="note">${t("keys.unlimited")}</p>
    <p class="mono">${t("keys.spent", { used: shown(used.total_usd ?? "0") })}</p>`;
}

/** @param {Key} of */
function times(of) {
  return [
    t("keys.account.of", { name: of.account }),
    of.revoked_at ? t("keys.revoked.at", { when: ago(of.revoked_at) }) : t("keys.made.at", { when: ago(of.created_at) }),
    of.expires_at && !of.revoked_at && t("keys.expires.at", { when: ago(of.expires_at) }),
  ].filter(Boolean).join(" · ");
}
