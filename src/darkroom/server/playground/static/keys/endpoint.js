// @ts-check
// One webhook endpoint: where it leads, what it hears, its secret, its last deliveries.

import { html, useEffect, useState } from "../vendor/preact.js";
import { Problem } from "../lib/api.js";
import { maybe, t } from "../lib/words.js";
import { confirm } from "../widgets/confirm.js";
import { CopyButton } from "../widgets/copy-button.js";
import { say } from "../widgets/toast.js";
import { Deliveries } from "./deliveries.js";
import { changeEndpoint, OVERLAPS, removeEndpoint, rotate, secretOf, test } from "./hooks.js";

/** @typedef {import("../lib/account").Endpoint} Endpoint */

/** @param {{ of: Endpoint, isNew: boolean, changed: () => void }} props */
export function EndpointRow({ of, isNew, changed }) {
  const [secret, setSecret] = useState("");
  const [sent, setSent] = useState(0);
  const [isOpen, setOpen] = useState(false);
  const show = () => attempt(async () => setSecret((await secretOf(of.id)).secret));
  useEffect(() => void (isNew && show()), [isNew]);
  const send = () =>
    attempt(async () => {
      await test(of.id);
      say(t("hooks.tested"));
      setOpen(true);
      setSent(sent + 1);
    });
  return html`
    <article class="hook" data-test="endpoint" data-disabled=${Boolean(of.disabled_at)} aria-label=${of.url}>
      <div>
        <h3><code>${of.url}</code></h3>
        <p class="row tight">
          ${of.events.map((name) => html`<span class="chip">${maybe(`hooks.event.${name}`) ?? name}</span>`)}
          <span class="note">${t("hooks.as", { format: of.format })}</span></p>
        ${of.disabled_at && html`<p class="warn">${t("hooks.disabled")} ${of.disabled_reason}</p>`}
      </div>
      <${Actions} of=${of} send=${send} changed=${changed} show=${show} setSecret=${setSecret} />
      ${secret && html`<div class="secret wide"><code data-test="endpoint-secret">${secret}</code>
        <${CopyButton} text=${secret} label=${t("copy")} done=${t("hooks.secret.copied")} />
        <button class="quiet" onClick=${() => setSecret("")}>${t("hooks.secret.hide")}</button></div>`}
      <details class="hint wide" open=${isOpen} onToggle=${(/** @type {any} */ event) => setOpen(event.target.open)}>
        <summary data-test="deliveries-of">${t("hooks.deliveries")}</summary>
        ${isOpen && html`<${Deliveries} endpoint=${of.id} sent=${sent} />`}
      </details>
    </article>
  `;
}

/** @param {{ of: Endpoint, send: () => void, show: () => void, setSecret: (secret: string) => void, changed: () => void }} props */
function Actions({ of, send, show, setSecret, changed }) {
  const enable = () =>
    attempt(async () => {
      await changeEndpoint(of.id, { disabled: !of.disabled_at });
      changed();
    });
  return html`<div class="row tight ends" role="group" aria-label=${t("hooks.actions", { url: of.url })}>
    <button class="ghost" onClick=${send} disabled=${Boolean(of.disabled_at)} data-test="test-endpoint">${t("hooks.test")}</button>
    <button class="quiet" onClick=${show} data-test="show-secret">${t("hooks.secret")}</button>
    <button class="quiet" onClick=${() => askRotate(of, setSecret)} data-test="rotate">${t("hooks.rotate")}</button>
    <button class="quiet" onClick=${enable} data-test="disable">${t(of.disabled_at ? "hooks.enable" : "hooks.disable")}</button>
    <button class="quiet" onClick=${() => askRemove(of, changed)} data-test="remove-endpoint">${t("hooks.remove")}</button>
  </div>`;
}

/** @param {Endpoint} of @param {(secret: string) => void} setSecret */
function askRotate(of, setSecret) {
  let overlap = OVERLAPS.day;
  const pick = (/** @type {any} */ event) => (overlap = event.target.checked ? OVERLAPS.none : OVERLAPS.day);
  confirm({
    title: t("hooks.rotate.title"), text: t("hooks.rotate.text"), action: t("hooks.rotate"),
    children: html`<label class="check"><input type="checkbox" onChange=${pick} data-test="leaked" /><span>${t("hooks.rotate.leaked")}</span></label>`,
    run: async () => {
      setSecret((await rotate(of.id, overlap)).secret);
      say(t("hooks.rotated"));
    },
  });
}

/** @param {Endpoint} of @param {() => void} changed */
function askRemove(of, changed) {
  confirm({
    title: t("hooks.remove.title"), text: t("hooks.remove.text", { url: of.url }), action: t("hooks.remove"),
    run: async () => {
      await removeEndpoint(of.id);
      changed();
    },
  });
}

/** @param {() => Promise<unknown>} run */
function attempt(run) {
  return run().catch((error) => say(error instanceof Problem ? error.message : String(error)));
}
