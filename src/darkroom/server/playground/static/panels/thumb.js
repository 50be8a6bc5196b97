// @ts-check
// One input image: seen, moved by dragging, by arrow keys or by buttons, masked, taken out.

import { html, signal } from "../vendor/preact.js";
import { t } from "../lib/words.js";
import { moveInput, removeInput } from "../state/inputs.js";
import { canPaint, mask, maskFit, paintMask } from "../state/mask.js";
import { Icon } from "../widgets/icons.js";

/** @typedef {import("../lib/types").Input} Input */

const KIND = "application/x-darkroom-input";
/** The image that is being dragged, and the one it is over. */
const dragged = signal("");
const target = signal("");

/** @param {{ input: Input, place: number, of: number }} props */
export function Thumb({ input, place, of }) {
  const n = place + 1;
  const label = input.problem ? `${t("inputs.nth", { n })}: ${input.problem}` : t("inputs.nth", { n });
  const painted = place === 0 && maskFit.value === "fits" ? mask.value : null;
  return html`
    <li
      class="thumb" data-state=${input.state} title=${input.problem ?? input.name} draggable=${of > 1}
      data-drag=${dragged.value === input.key ? "from" : target.value === input.key ? "to" : null} ...${dragging(input.key, place)}
    >
      <span class="thumb-face" tabindex=${of > 1 ? 0 : null} role="img" aria-label=${label} onKeyDown=${(/** @type {KeyboardEvent} */ event) => moveByKey(event, input.key, place)}>
        ${input.src
          ? html`<img src=${input.src} alt="" draggable=${false} />`
          : html`<span class="thumb-blank"><${Icon} name=${input.url ? "link" : "image"} /><small>${input.name}</small></span>`}
        ${painted?.thumbnail && html`<img class="thumb-mask" src=${painted.thumbnail} alt="" draggable=${false} />`}
        ${input.state === "uploading" && html`<span class="spinner" role="status" aria-label=${t("inputs.uploading")}></span>`}
      </span>
      ${place === 0 && canPaint(input) &&
      html`<button class="thumb-paint" onClick=${() => void paintMask(input)} aria-label=${t(painted ? "mask.again" : "mask.paint")} title=${t(painted ? "mask.again" : "mask.paint")} data-test="paint-mask">
        <${Icon} name="brush" />
      </button>`}
      <button class="thumb-remove" onClick=${() => removeInput(input.key)} aria-label=${t("inputs.remove", { n })}>
        <${Icon} name="close" />
      </button>
      ${of > 1 &&
      html`<span class="thumb-move">
        <button onClick=${() => moveInput(input.key, place - 1)} disabled=${place === 0} aria-label=${t("inputs.earlier", { n })}><${Icon} name="back" /></button>
        <button onClick=${() => moveInput(input.key, place + 1)} disabled=${place === of - 1} aria-label=${t("inputs.later", { n })}><${Icon} name="forward" /></button>
      </span>`}
      ${input.problem && html`<p class="sr" role="alert">${input.problem}</p>`}
    </li>
  `;
}

/** @param {KeyboardEvent} event @param {string} key @param {number} place */
function moveByKey(event, key, place) {
  const by = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 }[event.key];
  if (!by || event.target !== event.currentTarget) return;
  event.preventDefault();
  event.stopPropagation();
  moveInput(key, place + by);
  const face = /** @type {HTMLElement} */ (event.currentTarget);
  requestAnimationFrame(() => face.focus()); // moving an element takes the focus from it
}

/** @param {string} key @param {number} place */
function dragging(key, place) {
  const ours = (/** @type {DragEvent} */ event) => event.dataTransfer?.types.includes(KIND);
  return {
    onDragStart: (/** @type {DragEvent} */ event) => {
      event.dataTransfer?.setData(KIND, key);
      dragged.value = key;
    },
    onDragOver: (/** @type {DragEvent} */ event) => {
      if (!ours(event)) return;
      event.preventDefault();
      target.value = key;
    },
    onDragLeave: () => target.value === key && (target.value = ""),
    onDrop: (/** @type {DragEvent} */ event) => {
      if (!ours(event)) return;
      event.preventDefault();
      moveInput(dragged.value, place);
      [dragged.value, target.value] = ["", ""];
    },
    onDragEnd: () => ([dragged.value, target.value] = ["", ""]),
  };
}
