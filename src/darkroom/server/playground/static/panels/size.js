// @ts-check
// The size: the model's usual ones as little sheets of paper, or any other, judged while it is typed.

import { html, useId } from "../vendor/preact.js";
import { aspect, nearest, parse, presets } from "../lib/sizes.js";
import { nice, t } from "../lib/words.js";
import { sizeVerdict } from "../state/form.js";
import { wish, wishes } from "../state/wishes.js";

/** @typedef {import("../lib/types").SizeRule} SizeRule */

/** @param {{ rule: SizeRule }} props */
export function SizeField({ rule }) {
  const name = useId();
  const offered = presets(rule);
  const { size, custom } = wishes.value;
  const isCustom = size !== "auto" && !offered.includes(size);
  const sheet = (/** @type {string} */ value, /** @type {string} */ label, /** @type {string} */ small) => html`
    <label class="sheet">
      <input
        type="radio" name=${name} value=${value} checked=${value === "custom" ? isCustom : value === size}
        onChange=${() => wish(value === "custom" ? { size: "custom", custom: custom || rule.default } : { size: value, custom: value === "auto" ? custom : value })}
      />
      <span class="sheet-face"><${Shape} size=${parse(value)} kind=${value} />
        <b>${label}</b><small>${small}</small>
      </span>
    </label>
  `;
  return html`
    <fieldset class="field">
      <legend>${t("set.size")}</legend>
      <div class="sheets">
        ${sheet("auto", t("auto"), t("set.size.auto"))}
        ${offered.map((value) => {
          const [width, height] = parse(value) ?? [1, 1];
          return sheet(value, aspect(width, height), nice(value));
        })}
        ${sheet("custom", t("set.size.custom"), "W×H")}
      </div>
      ${isCustom && html`<${Custom} rule=${rule} />`}
      ${!isCustom && html`<${Verdict} rule=${rule} />`}
    </fieldset>
  `;
}

/** @param {{ rule: SizeRule }} props */
function Custom({ rule }) {
  const { size, custom } = wishes.value;
  const [width, height] = (size === "custom" ? custom : size).split("x");
  const set = (/** @type {string} */ w, /** @type {string} */ h) => wish({ size: "custom", custom: `${w}x${h}` });
  const edge = (/** @type {string} */ label, /** @type {string} */ value, /** @type {(v: string) => void} */ onInput) => html`
    <label><span class="sr">${label}</span>
      <input
        type="number" inputmode="numeric" min="64" max="8192" step=${rule.multiple ?? 1} value=${value}
        onInput=${(/** @type {any} */ event) => onInput(event.target.value)} placeholder=${label}
      />
    </label>
  `;
  return html`
    <div class="edges" data-test="custom-size">
      ${edge(t("set.size.width"), width ?? "", (w) => set(w, height ?? ""))}
      <span aria-hidden="true">×</span>
      ${edge(t("set.size.height"), height ?? "", (h) => set(width ?? "", h))}
    </div>
    <${Verdict} rule=${rule} />
  `;
}

/** @param {{ rule: SizeRule }} props */
function Verdict({ rule }) {
  const { state, why } = sizeVerdict.value;
  if (state === "native") return null;
  const { size, custom } = wishes.value;
  const wished = parse(size === "custom" ? custom : size);
  if (state === "empty" || !wished) return html`<p class="warn" role="status">${t("size.empty")}</p>`;
  const near = nearest(rule, ...wished);
  const reasons = why.map((one) =>
    t(/** @type {any} */ (`size.${one}`), {
      multiple: rule.multiple ?? 1, edge: rule.max_edge ?? 0, ratio: rule.max_ratio ?? 0,
      small: megapixels(rule.min_pixels), large: megapixels(rule.max_pixels),
    }),
  );
  return html`
    <div class=${state === "wrong" ? "warn" : "note boxed"} role="status" data-test="size-verdict" data-state=${state}>
      <p>${state === "fitted" && `${t("size.fitted")} `}${reasons.join(" ")}</p>
      <button type="button" class="tag" onClick=${() => wish({ size: near, custom: near })}>
        ${t("size.use", { size: nice(near) })}
      </button>
    </div>
  `;
}

/** @param {number | undefined} pixels */
function megapixels(pixels) {
  return ((pixels ?? 0) / 1e6).toFixed(2).replace(/\.?0+$/, "");
}

/** The sheet's outline in its true proportions. @param {{ size: [number, number] | null, kind: string }} props */
function Shape({ size, kind }) {
  const [w, h] = size ?? [1, 1];
  const scale = 20 / Math.max(w, h);
  const [x, y] = [Math.max(5, w * scale), Math.max(5, h * scale)];
  return html`
    <svg class="shape" viewBox="0 0 24 24" aria-hidden="true">
      <rect
        x=${12 - x / 2} y=${12 - y / 2} width=${x} height=${y} rx="1"
        stroke-dasharray=${kind === "auto" || kind === "custom" ? "2.5 2.5" : undefined}
      />
    </svg>
  `;
}
