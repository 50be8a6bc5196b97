// @ts-check
// What the hand holds, and how large it is.

import { html } from "../vendor/preact.js";
import { t } from "../lib/words.js";
import { Choice } from "../widgets/choice.js";
import { Icon as Common } from "../widgets/icons.js";
import { areasErase, largest, penSeen, tool, usesPressure } from "./habits.js";
import { Icon } from "./icons.js";
import { TOOLS, toolOf } from "./tools.js";

/** @typedef {import("./session.js").Session} Session */

/** Small brushes need finer steps than large ones: the slider's middle is a quarter of its range. */
const FINENESS = 1_000;

/** @param {{ isOpen: boolean, onMore: () => void }} props */
export function Rail({ isOpen, onMore }) {
  return html`
    <div class="mask-rail">
      <fieldset class="mask-tools" data-test="mask-tools">
        <legend class="sr">${t("paint.tools")}</legend>
        ${TOOLS.map(
          ({ name, key }) => html`<label class="mask-tool" key=${name} title=${`${t(`paint.tool.${name}`)} (${key.toUpperCase()})`}>
            <input
              type="radio" name="mask-tool" class="sr" checked=${tool.value === name} data-test=${`mask-tool-${name}`}
              aria-label=${t(`paint.tool.${name}`)} aria-keyshortcuts=${key} onChange=${() => (tool.value = name)}
            />
            <span><${Icon} name=${name} /><kbd aria-hidden="true">${key.toUpperCase()}</kbd></span>
          </label>`,
        )}
      </fieldset>
      <button class="quiet mask-more" onClick=${onMore} aria-expanded=${isOpen} aria-controls="mask-panel" data-test="mask-more">
        <${Common} name="sliders" /><span>${t("paint.more")}</span>
      </button>
    </div>
  `;
}

/** What can be set about the tool in the hand. @param {{ session: Session }} props */
export function Grip({ session }) {
  const { isBrush, begin } = toolOf(tool.value);
  return html`
    <div class="mask-grip">
      ${isBrush ? html`<${BrushSize} session=${session} />` : begin ? html`<${AreaMode} />` : html`<p class="note">${t("paint.tool.hand.how")}</p>`}
      ${isBrush && penSeen.value &&
      html`<label class="mask-check"><input
        type="checkbox" checked=${usesPressure.value} onChange=${(/** @type {any} */ event) => (usesPressure.value = event.target.checked)}
      />${t("paint.pressure")}</label>`}
    </div>
  `;
}

/** @param {{ session: Session }} props */
function BrushSize({ session }) {
  const most = largest(session.picture);
  const size = session.size.value;
  const place = Math.round(FINENESS * Math.sqrt((size - 1) / Math.max(most - 1, 1)));
  const change = (/** @type {any} */ event) => {
    session.isSizing.value = true;
    session.resize(1 + (most - 1) * (event.target.value / FINENESS) ** 2);
  };
  return html`
    <label class="field mask-size">
      <span class="label">${t("paint.size")}<output>${size} px</output></span>
      <input
        type="range" min="0" max=${FINENESS} value=${place} data-test="mask-size"
        onInput=${change} onChange=${() => (session.isSizing.value = false)}
        aria-label=${t("paint.size")} aria-valuetext=${`${size} px`} aria-keyshortcuts="[ ]"
      />
    </label>
  `;
}

function AreaMode() {
  const options = [
    { value: "paint", label: t("paint.paint") },
    { value: "erase", label: t("paint.erase") },
  ];
  return html`<${Choice}
    label=${t("paint.areas")} value=${areasErase.value ? "erase" : "paint"} options=${options}
    onChange=${(/** @type {string} */ value) => (areasErase.value = value === "erase")}
  />`;
}
