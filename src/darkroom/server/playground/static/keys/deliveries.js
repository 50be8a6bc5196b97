// @ts-check
// The last deliveries to an endpoint: what came of each, and a way to send it again.

import { html, useEffect, useState } from "../vendor/preact.js";
import { ago, dateTime } from "../lib/when.js";
import { duration, maybe, t } from "../lib/words.js";
import { useRemote } from "../state/remote.js";
import { hashOf } from "../state/view.js";
import { Loaded } from "../widgets/loaded.js";
import { say } from "../widgets/toast.js";
import { deliveries, delivery, redeliver } from "./hooks.js";

/** @typedef {import("../lib/account").Delivery} Delivery */

/** How often a delivery that is on its way is looked at. */
const LOOK_MS = 1_500;

/** @param {{ endpoint: string, sent: number }} props `sent` grows with each test */
export function Deliveries({ endpoint, sent }) {
  const found = useRemote(() => deliveries(endpoint), [endpoint]);
  useEffect(() => void (sent && found.load()), [sent]);
  const pending = found.data.value?.some((one) => one.state === "pending") ?? false;
  useEffect(() => {
    if (!pending) return;
    const timer = setInterval(() => void found.load(), LOOK_MS);
    return () => clearInterval(timer);
  }, [pending]);
  return html`<${Loaded} of=${found} broken=${t("hooks.deliveries.broken")} lines=${2}>
    ${(/** @type {Delivery[]} */ list) => list.length
      ? html`<ol class="plain deliveries">${list.map((one) => html`<li key=${one.id}><${DeliveryRow} of=${one} changed=${found.load} /></li>`)}</ol>`
      : html`<p class="note">${t("hooks.deliveries.none")}</p>`}
  </${Loaded}>`;
}

/** @param {{ of: Delivery, changed: () => void }} props */
function DeliveryRow({ of, changed }) {
  const [attempts, setAttempts] = useState(/** @type {Delivery["attempts"]} */ (undefined));
  const open = async (/** @type {any} */ event) => {
    if (event.target.open) setAttempts((await delivery(of.id)).attempts ?? []);
  };
  const again = () => redeliver(of.id).then(changed, (error) => say(error.message));
  return html`
    <details class="hint" onToggle=${open} data-test="delivery" data-state=${of.state}>
      <summary><span class="chip" data-state=${of.state}>${t(`hooks.state.${of.state}`)}</span>
        <span>${maybe(`hooks.event.${of.event.split(".").at(-1)}`) ?? of.event}</span>
        <time datetime=${of.created_at} title=${dateTime(of.created_at)}>${ago(of.created_at)}</time></summary>
      <p class="note">${outcome(of)}
        ${of.job && html` · <a href=${hashOf("history", { job: of.job })}>${t("hooks.job")}</a>`}</p>
      ${attempts && html`<ol class="plain mono">${attempts.map((one) => html`<li>${one.number}. ${[dateTime(one.started_at), one.status ?? said(one.error), duration(one.duration_ms)].join(" · ")}</li>`)}</ol>`}
      ${of.state !== "pending" && html`<button class="text" onClick=${again} data-test="redeliver">${t("hooks.again")}</button>`}
    </details>
  `;
}

/** @param {Delivery} of */
function outcome(of) {
  const answer = of.last_status ? t("hooks.status", { status: of.last_status }) : said(of.last_error);
  const next = of.next_attempt_at && of.attempt_count > 0 && t("hooks.next", { when: ago(of.next_attempt_at) });
  return [t("hooks.attempts", { n: of.attempt_count }), answer, next].filter(Boolean).join(" · ");
}

/** @param {string | null} error a word of the API for why there was no status */
function said(error) {
  return error && (maybe(`hooks.why.${error}`) ?? error);
}
