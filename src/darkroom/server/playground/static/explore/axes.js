// @ts-check
// What the sheet is made of: prompts, models, sizes, qualities, references. Folded away on a phone.

import { html, useState } from "../vendor/preact.js";
import { impossible, parse, presets } from "../lib/sizes.js";
import { maybe, nice, t } from "../lib/words.js";
import { labelOf, models } from "../state/models.js";
import { ableOf, promptsOf } from "./cells.js";
import { References } from "./references.js";
import { change, plan } from "./state.js";

/** @typedef {import("../lib/types").Model} Model */
/** @typedef {import("../lib/words.js").Word} Word */

const QUALITIES = ["auto", "low", "medium", "high", "xhigh", "max", "standard", "hd"];
const NARROW = "(max-width: 720px)";

export function Axes() {
  const [isOpen, setOpen] = useState(() => !matchMedia(NARROW).matches || !promptsOf(plan.peek()).length);
  const { models: chosen, sizes, qualities } = plan.value;
  const facts = [promptsOf(plan.value).length, chosen.length, sizes.length, qualities.length];
  return html`
    <details class="axes" open=${isOpen} onToggle=${(/** @type {any} */ event) => setOpen(event.target.open)} data-test="axes">
      <summary><b>${t("explore.axes")}</b>
        <span class="mono faint">${t("explore.axes.sum", { p: facts[0], m: facts[1], s: facts[2], q: facts[3] })}</span></summary>
      <div class="axes-body">
        <${Prompts} />
        <div class="axes-rest">
          <${Models} />
          <${Sizes} />
          <${Qualities} />
          <${References} />
          <label class="check"><input type="checkbox" checked=${plan.value.bend} data-test="bend"
            onChange=${(/** @type {any} */ event) => change({ bend: event.target.checked })} />
            <span>${t("explore.bend")}<small class="note block">${t("explore.bend.note")}</small></span></label>
        </div>
      </div>
    </details>
  `;
}

function Prompts() {
  const { prompts, byLine } = plan.value;
  return html`
    <div class="field">
      <label class="label" for="grid-prompts">${t("explore.prompts")}<output>${promptsOf(plan.value).length}</output></label>
      <textarea id="grid-prompts" dir="auto" value=${prompts} placeholder=${t("explore.prompts.hint")} data-test="grid-prompts"
        onInput=${(/** @type {any} */ event) => change({ prompts: event.target.value })}></textarea>
      <label class="check"><input type="checkbox" checked=${byLine} data-test="by-line"
        onChange=${(/** @type {any} */ event) => change({ byLine: event.target.checked })} /><span>${t("explore.byline")}</span></label>
    </div>
  `;
}

/** Buttons of which several can be on. @param {{ label: string, name: string, options: { value: string, label: string }[], chosen: string[], onChange: (chosen: string[]) => void, children?: any }} props */
function Several({ label, name, options, chosen, onChange, children }) {
  const toggle = (/** @type {string} */ value) => {
    const next = new Set(chosen);
    if (!next.delete(value)) next.add(value);
    onChange(options.map((one) => one.value).filter((one) => next.has(one)));
  };
  return html`
    <fieldset class="field" data-test=${`axis-${name}`}>
      <legend>${label}<span class="mono faint">${chosen.length}</span></legend>
      <div class="several">
        ${options.map((one) => html`<label class="tick" key=${one.value}>
          <input type="checkbox" class="sr" value=${one.value} checked=${chosen.includes(one.value)} onChange=${() => toggle(one.value)} />
          <span>${one.label}</span></label>`)}
        ${children}
      </div>
    </fieldset>
  `;
}

/** @param {Model} model */
function isServed({ darkroom, shutdown_date: ends }) {
  return !darkroom.served_by_successor && (!ends || Date.parse(ends) > Date.now());
}

function Models() {
  const chosen = plan.value.models;
  const options = models.value
    .filter((one) => isServed(one) || chosen.includes(one.id))
    .map((one) => ({ value: one.id, label: labelOf(one.id) }));
  return html`<${Several} label=${t("model")} name="models" options=${options} chosen=${chosen}
    onChange=${(/** @type {string[]} */ found) => change({ models: found })} />`;
}

/** What the chosen models can, and what is chosen anyway. */
function ables() {
  return models.value.filter((one) => plan.value.models.includes(one.id)).map((one) => ableOf(one, models.value));
}

function Sizes() {
  const { sizes } = plan.value;
  const known = [...new Set(["auto", ...ables().flatMap((able) => presets(able.sizes)), ...sizes])];
  const options = known.map((value) => ({ value, label: sizeName(value) }));
  return html`<${Several} label=${t("set.size")} name="sizes" options=${options} chosen=${sizes}
    onChange=${(/** @type {string[]} */ found) => change({ sizes: found })}><${OwnSize} /></${Several}>`;
}

function OwnSize() {
  const [problem, setProblem] = useState("");
  const add = (/** @type {any} */ event) => {
    event.preventDefault();
    const found = parse(new FormData(event.target).get("size")?.toString() ?? "");
    if (!found || impossible(...found)) return setProblem(t(found ? "size.bounds" : "explore.size.bad"));
    setProblem("");
    event.target.reset();
    change({ sizes: [...new Set([...plan.peek().sizes, found.join("x")])] });
  };
  return html`<form class="own-size" onSubmit=${add} novalidate>
    <input name="size" placeholder="1280x720" aria-label=${t("explore.size.own")} aria-invalid=${problem !== ""} data-test="own-size" />
    <button class="ghost">${t("add")}</button>
    ${problem && html`<p class="warn" role="alert">${problem}</p>`}
  </form>`;
}

function Qualities() {
  const { qualities } = plan.value;
  const able = new Set(["auto", ...ables().flatMap((one) => one.qualities), ...qualities]);
  const options = [...QUALITIES.filter((one) => able.has(one)), ...[...able].filter((one) => !QUALITIES.includes(one))];
  return html`<${Several} label=${t("set.quality")} name="qualities" chosen=${qualities}
    options=${options.map((value) => ({ value, label: qualityName(value) }))}
    onChange=${(/** @type {string[]} */ found) => change({ qualities: found })} />`;
}

/** @param {string} quality */
export function qualityName(quality) {
  return maybe(`value.${quality}`) ?? quality;
}

/** @param {string} size */
export function sizeName(size) {
  return size === "auto" ? t("explore.size.auto") : nice(size);
}
