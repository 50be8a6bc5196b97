// @ts-check
// Price, cap and the buttons that start, hold and end the run; what it waits for.

import { html, useEffect, useState } from "../vendor/preact.js";
import { money } from "../lib/money.js";
import { t } from "../lib/words.js";
import { left } from "../state/price.js";
import { Icon } from "../widgets/icons.js";
import { ExportMenu } from "./exports.js";
import { ahead, isPricing, isShort, total } from "./prices.js";
import { again, cancelAll, failedKeys, hold, isRunning, rest, start, waitUntil } from "./run.js";
import { LANES_MAX, CELLS_MAX, cap, cells, change, clear, openKeys, plan, sent, spent, stateOf, wanted } from "./state.js";

export function Bar() {
  if (!cells.value.length) return null;
  const { cap: most, lanes } = plan.value;
  return html`
    <section class="grid-bar card" aria-label=${t("explore.run")}>
      <${Tally} />
      <label class="field inline"><span class="label">${t("explore.cap")}</span>
        <span class="dollar"><input inputmode="decimal" value=${most} aria-invalid=${cap.value === null} data-test="cap"
          onInput=${(/** @type {any} */ event) => change({ cap: event.target.value })} /></span></label>
      <label class="field inline"><span class="label">${t("explore.lanes")}</span>
        <select value=${lanes} onChange=${(/** @type {any} */ event) => change({ lanes: Number(event.target.value) })} data-test="lanes">
          ${Array.from({ length: LANES_MAX }, (_, at) => html`<option value=${at + 1} selected=${at + 1 === lanes}>${at + 1}</option>`)}
        </select></label>
      <div class="row bar-buttons"><${Buttons} /></div>
      <${Said} />
    </section>
  `;
}

/** How far it is, and in money. */
function Tally() {
  const states = wanted.value.map((cell) => stateOf(sent.value[cell.key]));
  const done = states.filter((one) => one === "succeeded").length;
  const { expected, max } = total.value;
  return html`
    <dl class="tally">
      <div><dt>${t("explore.done")}</dt><dd data-test="done">${done}/${wanted.value.length}</dd></div>
      <div><dt>${t("explore.ahead")}</dt><dd data-test="total" data-state=${isPricing.value ? "busy" : "ready"} aria-busy=${isPricing.value}>${money(expected)}
        ${max > expected && html`<small class="faint"> ${t("explore.upto", { max: money(max) })}</small>`}</dd></div>
      <div><dt>${t("explore.spent")}</dt><dd data-test="spent">${money(spent.value)}</dd></div>
      ${left.value && html`<div><dt>${t("explore.left")}</dt><dd>${money(left.value.nanos)}</dd></div>`}
    </dl>
  `;
}

function Buttons() {
  const isOn = isRunning.value;
  const open = openKeys.value.length;
  const failed = failedKeys();
  const begun = Object.keys(sent.value).length > 0;
  const cannot = !ahead.value.length || cap.value === null || wanted.value.length > CELLS_MAX;
  return html`
    ${isOn
      ? html`<button class="primary" onClick=${() => hold()} data-test="pause"><${Icon} name="stop" />${t("explore.pause")}</button>`
      : (ahead.value.length > 0 || !begun) && html`<button class="primary" disabled=${cannot} onClick=${start} data-test="start"><${Icon} name="forward" />
          ${t(begun ? "explore.goon" : "explore.start", { n: ahead.value.length })}</button>`}
    ${open > 0 && html`<button class="ghost" onClick=${() => void cancelAll()} data-test="cancel-all">${t("explore.cancel", { n: open })}</button>`}
    ${failed.length > 0 && cap.value !== null && html`<button class="ghost" onClick=${() => again(failed)} data-test="retry-failed"><${Icon} name="retry" />${t("explore.retry", { n: failed.length })}</button>`}
    <${ExportMenu} />
    ${begun && !isOn && open === 0 && html`<button class="quiet" onClick=${clear} data-test="clear" title=${t("explore.clear.note")}>${t("explore.clear")}</button>`}
  `;
}

/** Why nothing moves, or what will stop it. */
function Said() {
  const seconds = useSeconds(waitUntil.value);
  const notes = [
    cap.value === null && t("explore.cap.bad"),
    isShort.value && left.value && t("explore.short", { max: money(total.value.max), left: money(left.value.nanos) }),
    cap.value !== null && !isShort.value && spent.value + total.value.max > cap.value && rest.value !== "cap" && t("explore.cap.soon"),
    rest.value && t(`explore.rest.${rest.value}`),
    isRunning.value && seconds > 0 && t("explore.wait", { s: seconds }),
  ].filter(Boolean);
  return html`<div class="grid-said" role="status" data-test="said" data-rest=${rest.value}>
    ${notes.map((note) => html`<p class=${rest.value === "done" && notes.length === 1 ? "note" : "warn"}>${note}</p>`)}
  </div>`;
}

/** Seconds until then, counted down. @param {number} until ms */
function useSeconds(until) {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    if (!until) return;
    const timer = setInterval(() => setNow(Date.now()), 500);
    setNow(Date.now());
    return () => clearInterval(timer);
  }, [until]);
  return until ? Math.max(0, Math.ceil((until - now) / 1_000)) : 0;
}
