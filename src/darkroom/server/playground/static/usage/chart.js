// @ts-check
// Spend by day as stacked bars: hover or arrow keys tell a day, a table tells them all.

import { html, useEffect, useRef, useState } from "../vendor/preact.js";
import { money, ratio } from "../lib/money.js";
import { dayName } from "../lib/when.js";
import { t } from "../lib/words.js";
import { REST } from "./series.js";

/** @typedef {import("./series.js").Series} Series */
/** @typedef {import("./series.js").Column} Column */

const HEIGHT = 220;
const ROOM = { top: 12, right: 4, bottom: 24, left: 62 };
const LABEL_PX = 62;
const STEPS = /** @type {Record<string, number>} */ ({ ArrowLeft: -1, ArrowRight: 1 });

/** @param {{ series: Series, label: string }} props */
export function Chart({ series, label }) {
  const [ref, width] = useWidth();
  const [day, look] = useState(/** @type {number | null} */ (null));
  const [stop, setStop] = useState(series.columns.length - 1); // where Tab arrives
  const focus = (/** @type {number} */ i) => {
    setStop(i);
    look(i);
    /** @type {SVGGElement | null | undefined} */ (ref.current?.querySelector(`[data-day="${i}"]`))?.focus();
  };
  const keys = (/** @type {KeyboardEvent} */ event) => {
    const last = series.columns.length - 1;
    const to = event.key === "Home" ? 0 : event.key === "End" ? last : stop + (STEPS[event.key] ?? Number.NaN);
    if (Number.isNaN(to)) return;
    event.preventDefault();
    focus(Math.min(last, Math.max(0, to)));
  };
  const reach = width - ROOM.left - ROOM.right;
  const step = reach / series.columns.length;
  return html`
    <figure class="chart" ref=${ref}>
      ${width > 0 &&
      html`<svg width=${width} height=${HEIGHT} role="group" aria-label=${label} data-test="chart" data-looking=${day !== null}
        onKeyDown=${keys} onMouseLeave=${() => look(null)} onFocusOut=${() => look(null)}>
        <${Scale} top=${series.top} width=${width} />
        ${series.columns.map((column, i) => html`<${Bar} key=${column.day} of=${column} top=${series.top} x=${ROOM.left + i * step} step=${step}
          i=${i} stop=${i === stop} on=${i === day} look=${look} />`)}
        <${Days} columns=${series.columns} step=${step} />
      </svg>`}
      <${Legend} series=${series} column=${day === null ? null : series.columns[day]} />
    </figure>
  `;
}

/** @param {{ of: Column, top: bigint, x: number, step: number, i: number, stop: boolean, on: boolean, look: (i: number) => void }} props */
function Bar({ of, top, x, step, i, stop, on, look }) {
  const wide = Math.max(2, Math.min(30, step * 0.72));
  const tall = HEIGHT - ROOM.top - ROOM.bottom;
  let y = HEIGHT - ROOM.bottom;
  const pieces = of.parts.map((part, tone) => {
    const height = ratio(part.nanos, top) * tall;
    y -= height;
    return height > 0 && html`<rect class=${`tone-${tone}`} x=${x + (step - wide) / 2} y=${y} width=${wide} height=${Math.max(0.75, height)} />`;
  });
  return html`<g class="bar" role="img" aria-label=${spoken(of)} tabindex=${stop ? 0 : -1} data-day=${i} data-on=${on}
    onMouseEnter=${() => look(i)} onFocus=${() => look(i)} onClick=${() => look(i)}>
    <rect class="hit" x=${x} y=${ROOM.top - 8} width=${step} height=${tall + 8} />${pieces}</g>`;
}

/** @param {Column} of */
function spoken(of) {
  const parts = of.parts.filter((part) => part.nanos > 0n).map((part) => `${labelOf(part.name)} ${money(part.nanos)}`);
  return [`${dayName(of.day, true)}: ${money(of.total)}`, ...parts].join(", ");
}

/** @param {{ top: bigint, width: number }} props */
function Scale({ top, width }) {
  const tall = HEIGHT - ROOM.top - ROOM.bottom;
  return [0, 0.5, 1].map((part) => {
    const y = ROOM.top + tall * (1 - part);
    const nanos = part === 0 ? 0n : part === 1 ? top : top / 2n;
    return html`<g class="scale" aria-hidden="true"><line x1=${ROOM.left} x2=${width - ROOM.right} y1=${y} y2=${y} />
      <text x=${ROOM.left - 8} y=${y + 4} text-anchor="end">${nanos ? money(nanos) : "$0"}</text></g>`;
  });
}

/** As many days as have room, the last one among them. @param {{ columns: Column[], step: number }} props */
function Days({ columns, step }) {
  const every = Math.ceil(LABEL_PX / step);
  const last = columns.length - 1;
  return columns.map((column, i) => {
    if ((last - i) % every) return null;
    const x = ROOM.left + (i + 0.5) * step;
    const near = i === last && every > 1;
    return html`<text class="day" aria-hidden="true" x=${near ? x + step / 2 : x} y=${HEIGHT - 6} text-anchor=${near ? "end" : "middle"}>${dayName(column.day)}</text>`;
  });
}

/** The tones and their amounts: of the day that is looked at, else of them all. @param {{ series: Series, column: Column | null }} props */
function Legend({ series, column }) {
  const parts = column?.parts ?? series.totals;
  return html`<figcaption class="legend" data-test="legend">
    <p><b>${column ? dayName(column.day, true) : t("usage.all-days", { n: series.columns.length })}</b> <span class="mono">${money(column?.total ?? series.total)}</span></p>
    <ul class="plain">${parts.map((part, tone) => html`<li data-none=${part.nanos === 0n}><svg width="10" height="10" aria-hidden="true"><rect class=${`tone-${tone}`} width="10" height="10" rx="1.5" /></svg>
      <span>${labelOf(part.name)}</span><span class="mono">${money(part.nanos)}</span></li>`)}</ul>
  </figcaption>`;
}

/** @param {string} name */
export function labelOf(name) {
  return name === REST ? t("usage.rest") : name;
}

/** @returns {[{ current: HTMLElement | null }, number]} an element's width, as it changes */
function useWidth() {
  const ref = useRef(/** @type {HTMLElement | null} */ (null));
  const [width, setWidth] = useState(0);
  useEffect(() => {
    if (!ref.current) return;
    const watcher = new ResizeObserver(([entry]) => setWidth(Math.floor(entry.contentRect.width)));
    watcher.observe(ref.current);
    return () => watcher.disconnect();
  }, []);
  return [ref, width];
}
