// @ts-check
// What is done to the mask as a whole, and how it is shown.

import { html } from "../vendor/preact.js";
import { t } from "../lib/words.js";
import { Files } from "./files-panel.js";
import { FILMS, film, opacity } from "./habits.js";
import { featherOf } from "./model.js";
import { Numbers } from "./numbers.js";

/** @typedef {import("./session.js").Session} Session */

const FEATHER_MOST = 200;

/** @param {{ session: Session, name: string, isOpen: boolean }} props */
export function Panel({ session, name, isOpen }) {
  return html`
    <aside class="mask-panel" id="mask-panel" data-open=${isOpen} aria-label=${t("paint.more")}>
      <${Feathering} session=${session} />
      <${Whole} session=${session} />
      <${Numbers} session=${session} />
      <${Look} />
      <${Files} session=${session} name=${name} />
      <${Keys} />
    </aside>
  `;
}

/** @param {{ session: Session }} props */
function Feathering({ session }) {
  const { width, height } = session.picture;
  const radius = featherOf(session.strokes.value);
  const most = Math.max(1, Math.min(FEATHER_MOST, Math.floor(Math.min(width, height) / 4)));
  return html`
    <label class="field">
      <span class="label">${t("paint.feather")}<output>${radius} px</output></span>
      <input
        type="range" min="0" max=${most} value=${radius} data-test="mask-feather"
        aria-label=${t("paint.feather")} aria-valuetext=${`${radius} px`}
        onInput=${(/** @type {any} */ event) => session.do({ kind: "feather", radius: Number(event.target.value) })}
      />
      <span class="note">${t("paint.feather.note")}</span>
    </label>
  `;
}

/** @param {{ session: Session }} props */
function Whole({ session }) {
  const acts = /** @type {const} */ (["all", "invert", "clear"]);
  return html`
    <div class="field" role="group" aria-label=${t("paint.whole")}>
      <span class="label">${t("paint.whole")}</span>
      <div class="mask-acts">
        ${acts.map((kind) => html`<button class="ghost" onClick=${() => session.do({ kind })} data-test=${`mask-${kind}`}>${t(`paint.${kind}`)}</button>`)}
      </div>
    </div>
  `;
}

/** How the open part is shown: this changes nothing in the mask. */
function Look() {
  const names = /** @type {(keyof typeof FILMS)[]} */ (Object.keys(FILMS));
  return html`
    <fieldset class="field">
      <legend>${t("paint.film")}</legend>
      <div class="mask-films">
        ${names.map(
          (name) => html`<label key=${name} title=${t(`paint.film.${name}`)}><input
            type="radio" name="mask-film" checked=${film.value === name} onChange=${() => (film.value = name)}
            aria-label=${t(`paint.film.${name}`)} data-film=${name}
          /></label>`,
        )}
        <input
          type="range" min="10" max="100" step="5" value=${opacity.value} aria-label=${t("paint.opacity")} aria-valuetext=${`${opacity.value} %`}
          title=${t("paint.opacity")} data-test="mask-opacity" onInput=${(/** @type {any} */ event) => (opacity.value = Number(event.target.value))}
        />
      </div>
    </fieldset>
  `;
}

function Keys() {
  const rows = /** @type {const} */ ([
    ["[ ]", "size"], ["↑ ↓ ← →", "cross"], ["Enter", "stamp"], ["Shift", "straight"], ["Alt", "take"],
    ["Space", "pan"], ["0 1 + −", "zoom"], ["I", "invert"], ["Ctrl Z", "undo"], ["Ctrl Enter", "apply"],
  ]);
  return html`
    <details class="hint mask-keys">
      <summary>${t("paint.keys")}</summary>
      <dl>${rows.map(([key, word]) => html`<dt><kbd>${key}</kbd></dt><dd>${t(`paint.keys.${word}`)}</dd>`)}</dl>
    </details>
  `;
}
