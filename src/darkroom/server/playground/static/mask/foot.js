// @ts-check
// Below the picture: how much may change, where the cursor is, and how near one looks.

import { html } from "../vendor/preact.js";
import { t } from "../lib/words.js";
import { Icon } from "./icons.js";

/** @typedef {import("./session.js").Session} Session */

const STEP = 1.4;

/** @param {{ session: Session }} props */
export function Foot({ session }) {
  const { view } = session;
  return html`
    <div class="mask-foot">
      <${Share} session=${session} />
      <${Where} session=${session} />
      <div class="mask-zoom" role="group" aria-label=${t("paint.zoom")}>
        <button class="quiet icon-only" onClick=${() => view.zoom(1 / STEP)} aria-label=${t("paint.zoom.out")} title=${t("paint.zoom.out")}><${Icon} name="farther" /></button>
        <button class="quiet mono" onClick=${() => view.actual()} title=${t("paint.zoom.actual")} data-test="mask-scale" aria-label=${`${t("paint.zoom.actual")}: ${Math.round(view.lens.value.scale * 100)} %`}>
          ${Math.round(view.lens.value.scale * 100)} %
        </button>
        <button class="quiet icon-only" onClick=${() => view.zoom(STEP)} aria-label=${t("paint.zoom.in")} title=${t("paint.zoom.in")}><${Icon} name="nearer" /></button>
        <button class="quiet icon-only" onClick=${() => view.fit()} aria-label=${t("paint.zoom.fit")} title=${t("paint.zoom.fit")} data-test="mask-fit"><${Icon} name="fit" /></button>
      </div>
    </div>
  `;
}

/** @param {{ session: Session }} props */
function Share({ session }) {
  const proof = session.proof.value;
  const measure = proof?.measure;
  return html`
    <p class="mask-share" role="status" data-test="mask-share" data-current=${proof?.of === session.strokes.value}>
      ${measure && (measure.most ? t("paint.share", { n: percent(measure.share) }) : t("paint.share.none"))}
    </p>
  `;
}

/** A part of the whole, never rounded to all or nothing. @param {number} share */
function percent(share) {
  const found = share * 100;
  if (found < 0.1) return "<0.1";
  if (found > 99.9 && share < 1) return ">99.9";
  return found < 10 ? found.toFixed(1) : String(Math.floor(found));
}

/** @param {{ session: Session }} props */
function Where({ session }) {
  const crosshair = session.crosshair.value;
  const at = crosshair ?? session.pointer.value;
  const { width, height } = session.picture;
  const isOver = at && at[0] >= 0 && at[1] >= 0 && at[0] <= width && at[1] <= height;
  const live = session.live.value?.operation;
  const text = live?.kind === "rectangle" ? `${live.width} × ${live.height}` : isOver ? `${Math.floor(at[0])}, ${Math.floor(at[1])}` : "";
  return html`<p class="mask-where mono" role=${crosshair ? "status" : undefined} data-test="mask-where">${text}</p>`;
}
