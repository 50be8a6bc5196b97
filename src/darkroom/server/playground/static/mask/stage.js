// @ts-check
// Where one paints: the canvases, and the hands on them.

import { html, useEffect } from "../vendor/preact.js";
import { t } from "../lib/words.js";
import { gestures } from "./gestures.js";
import { tool } from "./habits.js";
import { Table } from "./table.js";

/** @typedef {import("./session.js").Session} Session */

/** @param {{ session: Session, image: HTMLImageElement, at: { current: HTMLElement | null } }} props */
export function Stage({ session, image, at }) {
  useEffect(() => {
    const stage = /** @type {HTMLElement} */ (at.current);
    const stops = [new Table(stage, session, image).follow(), gestures(stage, session)];
    return () => stops.forEach((stop) => stop());
  }, []);
  return html`
    <div
      class="mask-stage" ref=${at} tabindex="0" role="application" aria-label=${t("paint.stage")} aria-describedby="mask-how"
      data-tool=${session.usesHand.value ? "hand" : tool.value} data-test="mask-stage" onBlur=${() => (session.spaceHeld.value = false)}
    >
      <canvas aria-hidden="true"></canvas><canvas aria-hidden="true" data-test="mask-film"></canvas><canvas aria-hidden="true"></canvas>
    </div>
    <p class="sr" id="mask-how">${t("paint.how")}</p>
  `;
}
