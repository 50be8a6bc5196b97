// @ts-check
// One deployment: whether it is well, what it serves, at what price, within what limits; and its check.

import { html } from "../vendor/preact.js";
import { money, nanosOf } from "../lib/money.js";
import { ago, dateTime } from "../lib/when.js";
import { duration, maybe, t } from "../lib/words.js";
import { hashOf } from "../state/view.js";
import { Checkup } from "./checkup.js";

/** @typedef {import("../lib/account").Deployment} Deployment */

const MODELS_SHOWN = 4;

/** @param {{ of: Deployment }} props */
export function Card({ of }) {
  return html`
    <article class="card deployment" data-test="deployment" data-state=${of.circuit.state} aria-labelledby=${`of-${of.id}`}>
      <header>
        <h3 id=${`of-${of.id}`}>${of.id}</h3>
        <p class="row tight"><span class="chip">${of.provider}</span>${of.region && html`<span class="chip">${of.region}</span>`}</p>
      </header>
      <${Health} of=${of} />
      <dl class="numbers">${facts(of).map(([word, value]) => html`<dt>${word}</dt><dd>${value}</dd>`)}</dl>
      <${Models} names=${of.models} own=${of.upstream_models} />
      <${Checkup} id=${of.id} />
    </article>
  `;
}

/** @param {{ of: Deployment }} props */
function Health({ of: { circuit, failures } }) {
  const why = circuit.reason && (maybe(`deploy.reason.${circuit.reason}`) ?? circuit.reason);
  return html`<div class="health" data-test="health">
    <p class="health-now"><span class="dot" aria-hidden="true"></span><b>${t(`deploy.circuit.${circuit.state}`)}</b>
      ${circuit.state !== "closed" && circuit.retry_at && html`<span class="note">${retry(circuit.retry_at)}</span>`}</p>
    ${circuit.state !== "closed" && why && html`<p class="note">${why}</p>`}
    <p class="note">${failures.last_hour ? t("deploy.failed.n", { n: failures.last_hour }) : t("deploy.failed.none")}</p>
    ${failures.last && html`<details class="hint"><summary>${t("deploy.failed.last", { when: ago(failures.last.at) })}</summary>
      <p class="said" title=${dateTime(failures.last.at)}>${failures.last.message ?? failures.last.code}</p>
      <p class="note"><code>${failures.last.code}</code> · <a href=${hashOf("history", { job: failures.last.job })}>${t("deploy.job")}</a></p></details>`}
  </div>`;
}

/** @param {string} at */
function retry(at) {
  return Date.parse(at) > Date.now() ? t("deploy.retry", { when: ago(at) }) : t("deploy.retry.due");
}

/** @param {number} s */
function patience(s) {
  return s >= 60 && s % 60 === 0 ? t("left.min", { min: s / 60 }) : duration(s * 1000);
}

/** @param {Deployment} of @returns {[string, unknown][]} */
function facts(of) {
  const { limits, price } = of;
  const most = [
    limits.max_concurrent && t("deploy.at-once", { n: limits.max_concurrent }),
    limits.requests_per_minute && t("deploy.per-minute", { n: limits.requests_per_minute }),
    t("deploy.timeout", { time: patience(limits.timeout_s) }),
  ].filter(Boolean).join(", ");
  return [
    [t("deploy.key"), of.key_hint ? html`<code>${of.key_hint}</code>` : t("deploy.key.none")],
    [t("deploy.address"), of.base_url ? html`<code>${of.base_url}</code>` : t("deploy.address.usual")],
    [t("deploy.price"), priceOf(price)],
    [t("deploy.limits"), most],
    ...(of.weight === 1 ? [] : [/** @type {[string, unknown]} */ ([t("deploy.weight"), String(of.weight)])]),
    [t("deploy.latency"), of.latency_ms === null ? t("deploy.latency.none") : duration(of.latency_ms)],
  ];
}

/** @param {Deployment["price"]} price */
function priceOf({ sheet, multiplier, per_image }) {
  if (per_image) return t("deploy.price.each", { price: money(nanosOf(per_image.usd)) });
  const named = sheet ?? t("deploy.price.none");
  return multiplier === "1" ? named : `${named} × ${multiplier}`;
}

/** @param {{ names: string[], own: Record<string, string> }} props `own`: the endpoint's names, where they differ */
function Models({ names, own }) {
  const tag = (/** @type {string} */ name) => html`<li><code>${name}</code>${own[name] && html` <span class="note">${own[name]}</span>`}</li>`;
  const more = names.slice(MODELS_SHOWN);
  return html`<div class="models">
    <ul class="plain">${names.slice(0, MODELS_SHOWN).map(tag)}</ul>
    ${!names.length && html`<p class="warn">${t("deploy.models.none")}</p>`}
    ${more.length > 0 && html`<details class="hint"><summary>${t("deploy.models.more", { n: more.length })}</summary><ul class="plain">${more.map(tag)}</ul></details>`}
  </div>`;
}
