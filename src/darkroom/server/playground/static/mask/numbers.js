// @ts-check
// A rectangle by its numbers: for whoever cannot drag, or knows exactly where.

import { html } from "../vendor/preact.js";
import { t } from "../lib/words.js";
import { between } from "./model.js";

/** @typedef {import("./session.js").Session} Session */

const SIDES = /** @type {const} */ (["x", "y", "width", "height"]);

/** @param {{ session: Session }} props */
export function Numbers({ session }) {
  const { box, picture, showsBox } = session;
  const { x, y, width, height } = box.value;
  const found = between(picture, [x, y], [x + width, y + height]);
  const put = (/** @type {boolean} */ erase) => found && session.do({ kind: "rectangle", erase, ...found });
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    put(false);
  };
  return html`
    <form
      class="field mask-numbers" onSubmit=${submit} aria-label=${t("paint.numbers")} novalidate
      onFocusIn=${() => (showsBox.value = true)} onFocusOut=${() => (showsBox.value = false)}
    >
      <span class="label" aria-hidden="true">${t("paint.numbers")}</span>
      <div class="mask-sides">
        ${SIDES.map(
          (side) => html`<label key=${side}><span>${t(`paint.numbers.${side}`)}</span><input
            type="number" inputmode="numeric" step="1" min=${side.length > 1 ? 1 : 0} data-test=${`mask-${side}`}
            max=${side === "x" || side === "width" ? picture.width : picture.height} value=${box.value[side]}
            onInput=${(/** @type {any} */ event) => (box.value = { ...box.peek(), [side]: Math.round(Number(event.target.value)) || 0 })}
          /></label>`,
        )}
      </div>
      ${!found && html`<p class="warn" role="alert">${t("paint.numbers.outside")}</p>`}
      <div class="mask-acts">
        <button class="ghost" disabled=${!found} data-test="mask-put">${t("paint.paint")}</button>
        <button type="button" class="ghost" disabled=${!found} onClick=${() => put(true)} data-test="mask-cut">${t("paint.erase")}</button>
      </div>
    </form>
  `;
}
