// @ts-check
// How much of a budget is gone: a strip of steps, as on an exposure test.

import { html } from "../vendor/preact.js";
import { nanosOf, ratio, shown } from "../lib/money.js";

const TIGHT = 0.8;

/** @param {{ label: string, used: string, limit: string, text: string }} props `used` and `limit` in dollars */
export function Meter({ label, used, limit, text }) {
  const part = ratio(nanosOf(used), nanosOf(limit));
  const state = part >= 1 ? "gone" : part >= TIGHT ? "tight" : "fine";
  return html`
    <div class="gauge" data-state=${state}>
      <p><span>${label}</span><span class="mono">${text}</span></p>
      <div
        class="gauge-strip" role="meter" aria-label=${label} aria-valuemin="0" aria-valuemax="100"
        aria-valuenow=${Math.round(part * 100)} aria-valuetext=${`${shown(used)} / ${shown(limit)}`}
      ><span style=${{ width: `${part * 100}%` }}></span></div>
    </div>
  `;
}
