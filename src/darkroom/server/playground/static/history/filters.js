// @ts-check
// What of the history is shown: state, kind, model, time, words of the prompt.

import { html, useEffect, useRef } from "../vendor/preact.js";
import { t } from "../lib/words.js";
import { models } from "../state/models.js";
import { Icon } from "../widgets/icons.js";
import { show, SPANS } from "./state.js";

/** @typedef {import("../lib/words.js").Word} Word */

const STATES = /** @type {const} */ ({
  "": "all", "queued,running": "running", succeeded: "succeeded", failed: "failed", canceled: "canceled",
});
const SEARCH_AFTER_MS = 300;

/** @param {{ params: URLSearchParams }} props */
export function Filters({ params }) {
  const of = (/** @type {string} */ name) => params.get(name) ?? "";
  return html`
    <form class="filters" role="search" onSubmit=${(/** @type {Event} */ event) => event.preventDefault()}>
      <${Search} value=${of("q")} />
      <${Pick} name="state" value=${of("state")} label=${t("history.state")}
        options=${Object.entries(STATES).map(([value, word]) => [value, t(/** @type {Word} */ (`history.states.${word}`))])} />
      <${Pick} name="operation" value=${of("operation")} label=${t("history.kind")}
        options=${[["", t("history.kind.all")], ["generation", t("history.kind.generation")], ["edit", t("history.kind.edit")]]} />
      <${Pick} name="model" value=${of("model")} label=${t("model")}
        options=${[["", t("history.models.all")], ...models.value.map((one) => [one.id, one.darkroom.label])]} />
      <${Pick} name="since" value=${of("since")} label=${t("history.since")}
        options=${[["", t("history.since.all")], ...Object.keys(SPANS).map((span) => [span, t(/** @type {Word} */ (`history.since.${span}`))])]} />
      <button type="button" class="quiet icon-only" aria-pressed=${of("view") === "list"} data-test="as-list"
        onClick=${() => show({ view: of("view") === "list" ? "" : "list" })} aria-label=${t("history.list")} title=${t("history.list")}>
        <${Icon} name=${of("view") === "list" ? "grid" : "list"} />
      </button>
    </form>
  `;
}

/** @param {{ value: string }} props */
function Search({ value }) {
  const field = useRef(/** @type {HTMLInputElement | null} */ (null));
  const timer = useRef(/** @type {number | null} */ (null));
  useEffect(() => {
    // Somebody else changed it: a link, the back button.
    if (field.current && document.activeElement !== field.current) field.current.value = value;
  }, [value]);
  const later = (/** @type {any} */ event) => {
    if (event.isComposing) return;
    clearTimeout(timer.current ?? 0);
    const { value: text } = event.target;
    timer.current = setTimeout(() => show({ q: text.trim() }), SEARCH_AFTER_MS);
  };
  return html`
    <label class="search"><span class="sr">${t("history.search")}</span><${Icon} name="search" />
      <input type="search" ref=${field} defaultValue=${value} maxlength="200" placeholder=${t("history.search")}
        onInput=${later} onCompositionEnd=${later} data-test="search" /></label>
  `;
}

/** @param {{ name: string, value: string, label: string, options: [string, string][] }} props */
function Pick({ name, value, label, options }) {
  return html`
    <select aria-label=${label} value=${value} data-test=${`filter-${name}`} data-set=${value !== ""}
      onChange=${(/** @type {any} */ event) => show({ [name]: event.target.value })}>
      ${options.map(([one, text]) => html`<option value=${one} selected=${one === value}>${text}</option>`)}
    </select>
  `;
}
