// @ts-check
// The contact sheet itself: frames of film or lines of a list, more of them as one scrolls.

import { html, useEffect, useRef } from "../vendor/preact.js";
import { shown as price } from "../lib/money.js";
import { thumbOf } from "../lib/pictures.js";
import { clock, duration, t } from "../lib/words.js";
import { assetsOf, exposures, isOpen } from "../state/jobs.js";
import { labelOf } from "../state/models.js";
import { hashOf } from "../state/view.js";
import { Icon } from "../widgets/icons.js";
import { Broken } from "../widgets/loaded.js";
import { hasMore, load, loadMore, pick, picked, problem, show, shown, state } from "./state.js";

/** @typedef {import("../lib/types").Job} Job */

/** @param {{ params: URLSearchParams }} props */
export function Sheet({ params }) {
  const found = shown.value;
  const isList = params.get("view") === "list";
  if (problem.value) {
    const again = () => void (found.length ? loadMore() : load());
    return html`<${Broken} text=${t("history.broken")} problem=${problem.value} again=${again} />`;
  }
  if (!found.length) return html`<${Empty} isFiltered=${["state", "model", "operation", "q", "since"].some((name) => params.get(name))} />`;
  return html`
    <ol class=${isList ? "shots list plain" : "shots plain"} data-test="shots" aria-busy=${state.value === "loading"}>
      ${found.map((job) => html`<li key=${job.id}><${Shot} job=${job} isPicked=${picked.value.has(job.id)} /></li>`)}
    </ol>
    <${More} />
  `;
}

/** @param {{ isFiltered: boolean }} props */
function Empty({ isFiltered }) {
  if (state.value === "loading") return html`<p class="empty" aria-busy="true">${t("loading")}</p>`;
  return html`<div class="empty" data-test="none">
    <${Icon} name="image" />
    <p>${t(isFiltered ? "history.none" : "history.empty")}</p>
    ${isFiltered
      ? html`<button class="ghost" onClick=${() => show({ state: "", model: "", operation: "", q: "", since: "" })}>${t("history.reset")}</button>`
      : html`<a class="button ghost" href=${hashOf("studio")}>${t("history.begin")}</a>`}
  </div>`;
}

/** Fetches the next twenty when it comes into sight; a button for who does not scroll. */
function More() {
  const ref = useRef(/** @type {HTMLElement | null} */ (null));
  useEffect(() => {
    if (!ref.current || !hasMore.value) return;
    const seen = new IntersectionObserver(([entry]) => entry.isIntersecting && void loadMore(), { rootMargin: "600px" });
    seen.observe(ref.current);
    return () => seen.disconnect();
  }, [hasMore.value, shown.value.length]);
  return html`<div class="more" ref=${ref}>
    ${hasMore.value && html`<button class="text" onClick=${() => void loadMore()} disabled=${state.value === "loading"}>${t("history.more")}</button>`}
  </div>`;
}

/** One job: a link to its details and a box to pick it out. @param {{ job: Job, isPicked: boolean }} props */
function Shot({ job, isPicked }) {
  const results = assetsOf("result", job);
  const src = results[0] ? thumbOf(results[0]) : exposures.value[job.id]?.src;
  const word = t(job.error?.code === "moderation_blocked" ? "state.refused" : `state.${job.state}`);
  const open = (/** @type {MouseEvent} */ event) => {
    if (event.ctrlKey || event.metaKey) return; // another tab
    event.preventDefault();
    if (event.shiftKey || picked.peek().size > 0) pick(job.id, event.shiftKey);
    else show({ job: job.id });
  };
  return html`
    <article class="shot" data-state=${job.state} data-picked=${isPicked} data-test="shot" data-job=${job.id}>
      <a href=${hashOf("history", { job: job.id })} onClick=${open} aria-label=${`${word}: ${job.request.prompt}`}>
        <span class="shot-face">
          ${src
            ? html`<img src=${src} alt="" loading="lazy" decoding="async" />`
            : html`<${Icon} name=${isOpen(job) ? "image" : job.state === "canceled" ? "stop" : "alert"} />`}
          ${isOpen(job) && html`<span class="lamp" aria-hidden="true"></span>`}
          ${results.length > 1 && html`<span class="frame-count mono">${results.length}</span>`}
        </span>
        <span class="shot-text">
          <span class="shot-prompt" dir="auto">${job.request.prompt}</span>
          <span class="shot-facts mono">
            <span>${job.state === "succeeded" ? clock(job.created_at) : word}</span>
            <span class="wide-only">${labelOf(job.served_model ?? job.model)}</span>
            ${results[0] && html`<span class="wide-only">${results[0].width}×${results[0].height}</span>`}
            ${job.timings.total_ms !== null && html`<span class="wide-only">${duration(job.timings.total_ms)}</span>`}
            ${job.charge && html`<span class="shot-price">${price(job.charge.usd, 4)}</span>`}
          </span>
        </span>
      </a>
      <label class="shot-pick"><span class="sr">${t("history.pick", { prompt: job.request.prompt })}</span>
        <input type="checkbox" checked=${isPicked} data-test="pick"
          onClick=${(/** @type {MouseEvent} */ event) => pick(job.id, event.shiftKey)} /></label>
    </article>
  `;
}
