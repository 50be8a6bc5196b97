// @ts-check
// The mask of the first input image: what it covers, edit, remove; and a word when it does not fit.

import { html } from "../vendor/preact.js";
import { t } from "../lib/words.js";
import { inputs } from "../state/inputs.js";
import { canPaint, mask, maskFit, paintMask, removeMask, retryMask } from "../state/mask.js";
import { can } from "../state/models.js";
import { Icon } from "../widgets/icons.js";

export function Mask() {
  const [first] = inputs.value;
  const painted = mask.value;
  const fit = maskFit.value;
  if (fit === "none" || !painted) {
    if (!first || !canPaint(first)) return null;
    return html`<button class="text" onClick=${() => void paintMask(first)} data-test="mask"><${Icon} name="brush" />${t("mask.paint")}</button>`;
  }
  const remove = html`<button class="text" onClick=${removeMask} data-test="remove-mask">${t("mask.remove")}</button>`;
  if (fit === "elsewhere") {
    return html`<div class="boxed mask-row" role="status" data-test="mask-elsewhere">
      ${painted.thumbnail && html`<img src=${painted.thumbnail} alt="" />`}
      <p class="warn">${t("mask.elsewhere")} ${remove}</p>
    </div>`;
  }
  return html`
    <div class="boxed mask-row" data-test="mask-row" data-state=${painted.state}>
      ${painted.thumbnail && html`<img src=${painted.thumbnail} alt="" />`}
      <p>
        <b>${t("mask")}</b> <span class="note">${painted.state === "uploading" ? t("inputs.uploading") : t("mask.share", { share: percent(painted.share) })}</span><br />
        ${first && canPaint(first) && html`<button class="text" onClick=${() => void paintMask(first)} data-test="edit-mask">${t("mask.edit")}</button> `}
        ${painted.state === "failed" && html`<button class="text" onClick=${() => void retryMask()}>${t("trouble.again")}</button> `}
        ${remove}
      </p>
    </div>
    ${painted.problem && html`<p class="warn" role="alert">${painted.problem}</p>`}
    ${can.value?.mask === false && html`<p class="note strong" data-test="mask-here">${t("mask.here")}</p>`}
  `;
}

/** @param {number} share */
function percent(share) {
  const value = share * 100;
  return value > 0 && value < 1 ? "< 1" : String(Math.round(value));
}
