// @ts-check
// Who would be asked for a request, in what order, at what price, and why: the server's own ranking.

import { html, useEffect, useState } from "../vendor/preact.js";
import { call } from "../lib/api.js";
import { shown } from "../lib/money.js";
import { maybe, t } from "../lib/words.js";
import { labelOf, model, models } from "../state/models.js";
import { useRemote } from "../state/remote.js";
import { Choice } from "../widgets/choice.js";
import { Loaded } from "../widgets/loaded.js";

/** @typedef {import("../lib/account").RouteQuote} RouteQuote */
/** @typedef {{ model: string, size: string, order: string, strict: boolean }} Question */

const ORDERS = /** @type {const} */ (["usual", "cheapest", "fastest", "listed"]);
/** Typing a size asks when it rests. */
const REST_MS = 300;

export function WhoAnswers() {
  const [asked, setAsked] = useState(() => ({ model: model.value?.id ?? "", size: "1024x1024", order: "usual", strict: false }));
  const put = (/** @type {Partial<Question>} */ change) => setAsked({ ...asked, ...change });
  const resting = useResting(asked);
  const found = useRemote(() => quote(resting), [resting]);
  return html`
    <section class="who" aria-labelledby="who-title" data-test="who">
      <h3 id="who-title">${t("route.title")}</h3>
      <p class="note">${t("route.why")}</p>
      <div class="question">
        <label class="field"><span class="label">${t("model")}</span>
          <select value=${asked.model} onChange=${(/** @type {any} */ event) => put({ model: event.target.value })} data-test="route-model">
            ${models.value.map((one) => html`<option value=${one.id} selected=${one.id === asked.model}>${one.id}</option>`)}
          </select></label>
        <label class="field"><span class="label">${t("route.size")}</span>
          <input value=${asked.size} placeholder="1024x1024" onInput=${(/** @type {any} */ event) => put({ size: event.target.value })} data-test="route-size" /></label>
        <${Choice} label=${t("route.order")} value=${asked.order} onChange=${(/** @type {string} */ order) => put({ order })}
          options=${ORDERS.map((value) => ({ value, label: t(`route.order.${value}`) }))} />
        <label class="check"><input type="checkbox" checked=${asked.strict} onChange=${(/** @type {any} */ event) => put({ strict: event.target.checked })} data-test="route-strict" />
          <span>${t("route.strict")}</span></label>
      </div>
      <${Loaded} of=${found} broken=${t("route.broken")} lines=${2}>
        ${(/** @type {RouteQuote} */ answer) => !found.problem.value && html`<${Ranking} of=${answer} />`}
      </${Loaded}>
    </section>
  `;
}

/** @param {Question} question @returns {Promise<RouteQuote>} */
async function quote({ model: name, size, order, strict }) {
  const route = [order !== "usual" && order, strict && "strict"].filter(Boolean).join("; ");
  const json = { model: name, prompt: "-", size: size.trim() || "auto", n: 1 };
  return (await call("/v1/images/quote", { json, ...(route && { headers: { "X-Darkroom-Route": route } }) })).json();
}

/** @param {{ of: RouteQuote }} props */
function Ranking({ of }) {
  return html`<ol class="plain ranking" data-test="ranking">
    ${of.deployments.map((one, i) => html`<li data-test="ranked"><span class="place mono" aria-hidden="true">${i + 1}</span>
      <div><b>${one.deployment}</b> <span class="faint">${one.provider}${one.model !== of.model ? ` · ${labelOf(one.model)}` : ""}</span>
        <span class="note block">${reason(one.reason)}</span>
        ${one.warnings.map((warning) => html`<span class="note block">${warning.message}</span>`)}</div>
      <span class="mono cost">${shown(one.expected.usd)}${one.max.usd !== one.expected.usd && html`<span class="faint block">${t("route.most", { price: shown(one.max.usd) })}</span>`}</span></li>`)}
    ${of.ruled_out.map((one) => html`<li class="out" data-test="ruled-out"><span class="place" aria-hidden="true">–</span>
      <div><b>${one.deployment}</b><span class="note block">${reason(one.reason)}</span></div></li>`)}
  </ol>`;
}

/** @param {string | null} word */
function reason(word) {
  if (!word) return "";
  return maybe(`route.reason.${word}`) ?? (word.startsWith("no_") ? t("route.reason.lacks", { what: word.slice(3) }) : word);
}

/** The value, once it has not changed for a moment. @template T @param {T} value @returns {T} */
function useResting(value) {
  const [resting, setResting] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setResting(value), REST_MS);
    return () => clearTimeout(timer);
  }, [value]);
  return resting;
}
