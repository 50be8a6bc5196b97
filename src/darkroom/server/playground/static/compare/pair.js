// @ts-check
// The two images: a slider between them, side by side, or one after the other; zoomed as one.

import { html, useState } from "../vendor/preact.js";
import { srcOf } from "../lib/pictures.js";
import { t } from "../lib/words.js";
import { assetsOf } from "../state/jobs.js";
import { Choice } from "../widgets/choice.js";
import { Icon } from "../widgets/icons.js";

/** @typedef {import("../views/compare.js").Side} Side @typedef {{ zoom: number, x: number, y: number }} Look */

const MODES = /** @type {const} */ (["slider", "side", "blink"]);
const ZOOM_MAX = 16;

/** @param {{ left: Side, right: Side }} props */
export function Pair({ left, right }) {
  const [mode, setMode] = useState(/** @type {typeof MODES[number]} */ ("slider"));
  const [look, setLook] = useState(/** @type {Look} */ ({ zoom: 1, x: 0, y: 0 }));
  const [share, setShare] = useState(50);
  const [isB, setB] = useState(false);
  const a = assetsOf("result", left.job)[left.at];
  const b = assetsOf("result", right.job)[right.at];
  const style = {
    "--ratio": `${a.width} / ${a.height}`, "--share": `${share}%`,
    "--zoom": look.zoom, "--x": `${look.x}px`, "--y": `${look.y}px`,
  };
  const shot = (/** @type {string} */ mark, /** @type {typeof a} */ asset, /** @type {boolean} */ isShown) => html`
    <figure class="compare-shot" data-mark=${mark} hidden=${!isShown}>
      <img src=${srcOf(asset)} alt=${t("compare.alt", { mark, prompt: (mark === "A" ? left : right).job.request.prompt })} draggable=${false} data-test=${`image-${mark}`} />
    </figure>`;
  return html`
    <div class="compare-tools">
      <${Choice} label=${t("compare.mode")} value=${mode} onChange=${setMode}
        options=${MODES.map((one) => ({ value: one, label: t(`compare.${one}`) }))} />
      <div class="row" role="group" aria-label=${t("compare.zoom")}>
        <button class="quiet icon-only" onClick=${() => setLook(zoomed(look, 0.5))} disabled=${look.zoom <= 1} aria-label=${t("compare.out")}>−</button>
        <output class="mono" data-test="zoom">${Math.round(look.zoom * 100)} %</output>
        <button class="quiet icon-only" onClick=${() => setLook(zoomed(look, 2))} disabled=${look.zoom >= ZOOM_MAX} aria-label=${t("compare.in")}>+</button>
      </div>
    </div>
    <${Table} mode=${mode} style=${style} look=${look} onLook=${setLook}>
      ${shot("A", a, mode !== "blink" || !isB)}
      ${shot("B", b, mode !== "blink" || isB)}
      ${mode === "slider" && html`
        <input class="compare-slider" type="range" min="0" max="100" value=${share} aria-label=${t("compare.slide")} data-test="slider"
          onInput=${(/** @type {any} */ event) => setShare(Number(event.target.value))} />
        <span class="compare-line" aria-hidden="true"></span>`}
    </${Table}>
    ${mode === "blink" && html`<button class="ghost blink" aria-pressed=${isB} onClick=${() => setB(!isB)} data-test="blink"><${Icon} name="swap" />${t("compare.shown", { mark: isB ? "B" : "A" })}</button>`}
  `;
}

/** Where the images lie: the wheel with Ctrl zooms, dragging moves both. @param {{ mode: string, style: object, look: Look, onLook: (look: Look) => void, children?: import("../vendor/preact.js").Child }} props */
function Table({ mode, style, look, onLook, children }) {
  /** Where a drag began; null while there is none. */
  const [from, setFrom] = useState(/** @type {{ x: number, y: number } | null} */ (null));
  const down = (/** @type {PointerEvent} */ event) => {
    if (look.zoom === 1 || /** @type {HTMLElement} */ (event.target).matches("input")) return;
    setFrom({ x: event.clientX - look.x, y: event.clientY - look.y });
    /** @type {HTMLElement} */ (event.currentTarget).setPointerCapture(event.pointerId);
  };
  const move = (/** @type {PointerEvent} */ event) => {
    if (from) onLook({ ...look, x: event.clientX - from.x, y: event.clientY - from.y });
  };
  const wheel = (/** @type {WheelEvent} */ event) => {
    if (!event.ctrlKey) return;
    event.preventDefault();
    onLook(zoomed(look, event.deltaY < 0 ? 1.25 : 0.8));
  };
  return html`<div class="compare-table" data-mode=${mode} data-zoomed=${look.zoom > 1} style=${style} data-test="table"
    onPointerDown=${down} onPointerMove=${move} onPointerUp=${() => setFrom(null)} onPointerCancel=${() => setFrom(null)}
    onWheel=${wheel}>${children}</div>`;
}

/** @param {Look} look @param {number} by @returns {Look} */
function zoomed({ zoom, x, y }, by) {
  const next = Math.min(ZOOM_MAX, Math.max(1, zoom * by));
  return next === 1 ? { zoom: 1, x: 0, y: 0 } : { zoom: next, x: (x * next) / zoom, y: (y * next) / zoom };
}
