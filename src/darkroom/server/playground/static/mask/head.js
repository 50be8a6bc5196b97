// @ts-check
// Above the picture: steps back and forth, and the two ways out.

import { html, useEffect, useRef } from "../vendor/preact.js";
import { t } from "../lib/words.js";
import { Icon as Common } from "../widgets/icons.js";
import { Icon } from "./icons.js";
import { canRedo } from "./model.js";

/** @typedef {import("./session.js").Session} Session */

/**
 * @param {{
 *   session: Session, isBusy: boolean, isLeaving: boolean,
 *   onApply: () => void, onLeave: () => void, onStay: () => void, onDiscard: () => void,
 * }} props
 */
export function Head({ session, isBusy, isLeaving, onApply, onLeave, onStay, onDiscard }) {
  return html`
    <header class="mask-top">
      <h2>${t("paint.title")}</h2><span class="mono faint">${session.picture.width}×${session.picture.height}</span>
      <${Steps} session=${session} />
      <span class="spring"></span>
      ${isLeaving
        ? html`<${Leaving} onStay=${onStay} onDiscard=${onDiscard} />`
        : html`<button class="quiet mask-cancel" onClick=${onLeave} aria-label=${t("cancel")} data-test="mask-cancel"><${Common} name="close" /><span>${t("cancel")}</span></button>
          <button class="primary" onClick=${onApply} disabled=${isBusy} data-test="mask-apply">${t("paint.apply")}</button>`}
    </header>
  `;
}

/** A step that cannot be taken keeps the focus: the keys go on working. @param {{ session: Session }} props */
function Steps({ session }) {
  const strokes = session.strokes.value;
  return html`
    <div class="mask-steps">
      <button class="quiet icon-only" onClick=${() => session.undo()} aria-disabled=${!strokes.done && !session.corners.value.length} aria-label=${t("paint.undo")} title=${t("paint.undo")} data-test="mask-undo"><${Icon} name="undo" /></button>
      <button class="quiet icon-only" onClick=${() => session.redo()} aria-disabled=${!canRedo(strokes)} aria-label=${t("paint.redo")} title=${t("paint.redo")} data-test="mask-redo"><${Icon} name="redo" /></button>
    </div>
  `;
}

/** @param {{ onStay: () => void, onDiscard: () => void }} props */
function Leaving({ onStay, onDiscard }) {
  const stay = useRef(/** @type {HTMLElement | null} */ (null));
  useEffect(() => stay.current?.focus(), []);
  return html`
    <div class="mask-leaving" role="alertdialog" aria-label=${t("paint.leaving")} data-test="mask-leaving">
      <p>${t("paint.leaving")}</p>
      <button class="ghost" ref=${stay} onClick=${onStay} data-test="mask-stay">${t("paint.stay")}</button>
      <button class="ghost" onClick=${onDiscard} data-test="mask-discard">${t("paint.discard")}</button>
    </div>
  `;
}
