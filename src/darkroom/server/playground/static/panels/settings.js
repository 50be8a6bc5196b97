// @ts-check
// The controls that the chosen model has, and no others.

import { html, useState } from "../vendor/preact.js";
import { maybe, nice, t } from "../lib/words.js";
import { asked } from "../state/form.js";
import { inputs } from "../state/inputs.js";
import { can } from "../state/models.js";
import { wish, wishes } from "../state/wishes.js";
import { Choice } from "../widgets/choice.js";
import { Icon } from "../widgets/icons.js";
import { SizeField } from "./size.js";

/** @typedef {import("../lib/types").Capabilities} Capabilities */

const WIDE = "(min-width: 721px)";

export function Settings() {
  const [isOpen, setOpen] = useState(() => matchMedia(WIDE).matches);
  const able = can.value;
  const will = asked.value;
  if (!able || !will) return null;
  const brief = [
    will.size === "auto" ? t("auto") : nice(will.size), will.quality !== "auto" && shown(will.quality),
    will.output_format.toUpperCase(), will.n > 1 && `×${will.n}`,
  ];
  return html`
    <details class="settings" open=${isOpen} onToggle=${(/** @type {any} */ event) => setOpen(event.target.open)}>
      <summary>
        <${Icon} name="sliders" /><span>${t("settings")}</span>
        ${!isOpen && html`<span class="brief">${brief.filter(Boolean).join(" · ")}</span>`}
      </summary>
      <${SizeField} rule=${able.sizes} />
      ${strip("quality", able.qualities, will.quality)}
      <${Background} able=${able} will=${will} />
      <${Format} able=${able} will=${will} />
      <${Count} most=${able.max_n} n=${will.n} />
      ${inputs.value.length > 0 && strip("input_fidelity", able.input_fidelities, will.input_fidelity ?? "auto")}
      <${More} able=${able} will=${will} />
    </details>
  `;
}

/**
 * A choice of "auto" and what the model offers; nothing when it offers nothing.
 * @param {"quality" | "input_fidelity" | "moderation" | "complexity"} name
 * @param {string[]} offered @param {string} value
 */
function strip(name, offered, value) {
  const values = offered.includes("auto") ? offered : ["auto", ...offered];
  if (values.length < 2) return null;
  return html`<${Choice}
    label=${t(`set.${name}`)} value=${value} note=${maybe(`set.${name}.note`)}
    options=${values.map((one) => ({ value: one, label: shown(one) }))}
    onChange=${(/** @type {string} */ chosen) => wish({ [name]: chosen })}
  />`;
}

/** @param {string} value */
function shown(value) {
  return maybe(`value.${value}`) ?? value;
}

/** @param {{ able: Capabilities, will: import("../lib/types").Wish }} props */
function Background({ able, will }) {
  if (able.backgrounds.length < 2) return null;
  return html`<${Choice}
    label=${t("set.background")} value=${will.background}
    options=${able.backgrounds.map((value) => ({ value, label: shown(value) }))}
    onChange=${(/** @type {string} */ background) => wish({ background })}
  />`;
}

/** @param {{ able: Capabilities, will: import("../lib/types").Wish }} props */
function Format({ able, will }) {
  const clear = will.background === "transparent";
  const { compression } = wishes.value;
  const lossy = able.compression && ["jpeg", "webp"].includes(will.output_format);
  return html`
    ${able.formats.length > 1 &&
    html`<${Choice}
      label=${t("set.format")} value=${will.output_format} note=${clear ? t("set.format.clear") : undefined}
      options=${able.formats.map((value) => ({
        value, label: value.toUpperCase(), off: clear && !["png", "webp"].includes(value),
      }))}
      onChange=${(/** @type {string} */ output_format) => wish({ output_format })}
    />`}
    ${lossy &&
    html`<label class="field">
      <span class="label">${t("set.compression")}<output>${compression}</output></span>
      <input
        type="range" min="10" max="100" step="5" value=${compression} data-test="compression"
        onInput=${(/** @type {any} */ event) => wish({ compression: Number(event.target.value) })}
      />
    </label>`}
  `;
}

/** @param {{ most: number, n: number }} props */
function Count({ most, n }) {
  if (most < 2) return null;
  const set = (/** @type {number} */ to) => wish({ n: Math.min(most, Math.max(1, to || 1)) });
  return html`
    <div class="field">
      <label class="label" for="n">${t("set.n")}</label>
      <div class="stepper">
        <button class="ghost" onClick=${() => set(n - 1)} disabled=${n <= 1} aria-label=${t("less")}>−</button>
        <input
          id="n" type="number" inputmode="numeric" min="1" max=${most} value=${n}
          onChange=${(/** @type {any} */ event) => set(Math.round(event.target.valueAsNumber))}
        />
        <button class="ghost" onClick=${() => set(n + 1)} disabled=${n >= most} aria-label=${t("more")}>+</button>
      </div>
    </div>
  `;
}

/** @param {{ able: Capabilities, will: import("../lib/types").Wish }} props */
function More({ able, will }) {
  const previews = able.max_partial_images;
  if (!previews && !able.moderations.length && !able.complexities.length && !able.seed) return null;
  return html`
    <details class="hint">
      <summary>${t("set.more")}</summary>
      ${previews > 0 &&
      html`<${Choice}
        label=${t("set.previews")} value=${String(will.partial_images)} note=${t("set.previews.note")}
        options=${Array.from({ length: previews + 1 }, (_, i) => ({ value: String(i), label: String(i) }))}
        onChange=${(/** @type {string} */ value) => wish({ partial_images: Number(value) })}
      />`}
      ${strip("moderation", able.moderations, will.moderation)}
      ${strip("complexity", able.complexities, will.complexity ?? "auto")}
      ${able.seed &&
      html`<label class="field">
        <span class="label">${t("set.seed")}</span>
        <input
          inputmode="numeric" pattern="[0-9]*" value=${wishes.value.seed}
          onInput=${(/** @type {any} */ event) => wish({ seed: event.target.value })}
        />
      </label>`}
    </details>
  `;
}
