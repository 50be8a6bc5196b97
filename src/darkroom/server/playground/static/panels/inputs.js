// @ts-check
// The input images of an edit: dropped, pasted, chosen, or behind a URL; in an order that matters.

import { html, signal, useEffect, useState } from "../vendor/preact.js";
import { t } from "../lib/words.js";
import { showRecall } from "../state/dialogs.js";
import { addFiles, addUrl, inputs, refused } from "../state/inputs.js";
import { can } from "../state/models.js";
import { Icon } from "../widgets/icons.js";
import { Mask } from "./mask.js";
import { Thumb } from "./thumb.js";

const ACCEPTED = "image/png,image/jpeg,image/webp";
const isDragging = signal(false);

export function Inputs() {
  useEffect(listen, []);
  const most = can.value?.max_inputs ?? 0;
  const list = inputs.value;
  if (!most && !list.length && !refused.value.length) return isDragging.value ? Drop() : null;
  return html`
    <div class="field" data-test="inputs">
      <span class="label">${t("inputs")}${list.length > 0 && html`<output>${list.length}/${most}</output>`}</span>
      <ol class="thumbs plain">
        ${list.map((input, i) => html`<${Thumb} key=${input.key} input=${input} place=${i} of=${list.length} />`)}
        ${list.length < most && html`<li key="add"><${Add} isFirst=${list.length === 0} /></li>`}
      </ol>
      ${refused.value.length > 0 && html`<${Refused} most=${most} />`}
      <div class="under">
        <${Mask} />
        ${list.length < most && html`<${FromUrl} />`}
      </div>
      ${isDragging.value && Drop()}
    </div>
  `;
}

function Drop() {
  return html`<div class="drop" aria-hidden="true">${t("inputs.drop")}</div>`;
}

/** What was not added, each with its reason. @param {{ most: number }} props */
function Refused({ most }) {
  return html`<ul class="plain warn" role="alert" data-test="refused">
    ${refused.value.map(({ why, name, n }) => html`<li>${t(`inputs.${why}`, { most, n, name: name.length > 40 ? `${name.slice(0, 38)}…` : name })}</li>`)}
  </ul>`;
}

/** @param {{ isFirst: boolean }} props */
function Add({ isFirst }) {
  return html`
    <label class=${isFirst ? "add wide" : "add"}>
      <input
        type="file" class="sr" accept=${ACCEPTED} multiple data-test="file" aria-label=${t("inputs.add")}
        onChange=${(/** @type {any} */ event) => {
          addFiles([...event.target.files]);
          event.target.value = "";
        }}
      />
      <${Icon} name=${isFirst ? "image" : "plus"} />${isFirst && html`<span>${t("inputs.hint")}</span>`}
    </label>
  `;
}

function FromUrl() {
  const [isOpen, setOpen] = useState(false);
  const [isBad, setBad] = useState(false);
  if (!isOpen) {
    return html`<button class="text" onClick=${() => setOpen(true)} data-test="from-url">${t("inputs.url")}</button>`;
  }
  const submit = (/** @type {any} */ event) => {
    event.preventDefault();
    const ok = addUrl(new FormData(event.target).get("url")?.toString().trim() ?? "");
    setBad(!ok);
    if (ok) setOpen(false);
  };
  return html`
    <form class="row" onSubmit=${submit} novalidate>
      <input name="url" type="url" placeholder="https://…" autofocus aria-label=${t("inputs.url")} aria-invalid=${isBad} />
      <button class="ghost">${t("add")}</button>
    </form>
    ${isBad && html`<p class="warn" role="alert">${t("inputs.badurl")}</p>`}
  `;
}

/** One image on an empty form may be one that was made here: then it is asked what it shall be. @param {File[]} files */
async function receive(files) {
  if (files.length === 1 && !inputs.peek().length) {
    try {
      const { offerOf } = await import("../state/recall.js");
      const offer = await offerOf(files[0]);
      if (offer) return showRecall(offer);
    } catch {
      // Nobody can say: then it is an input image like any other.
    }
  }
  addFiles(files);
}

/** Files may be dropped anywhere on the page, and pasted wherever they are not text. */
function listen() {
  const has = (/** @type {DragEvent} */ event) => event.dataTransfer?.types.includes("Files");
  const isBusy = () => document.querySelector("dialog[open]") !== null;
  const over = (/** @type {DragEvent} */ event) => {
    if (!has(event)) return;
    event.preventDefault();
    isDragging.value = !isBusy();
  };
  const leave = (/** @type {DragEvent} */ event) => {
    if (!event.relatedTarget) isDragging.value = false;
  };
  const drop = (/** @type {DragEvent} */ event) => {
    isDragging.value = false;
    if (!has(event)) return;
    event.preventDefault();
    if (!isBusy()) void receive([...(event.dataTransfer?.files ?? [])]);
  };
  const paste = (/** @type {ClipboardEvent} */ event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (!files.length || isBusy()) return;
    event.preventDefault();
    void receive(files);
  };
  const all = /** @type {[string, any][]} */ ([
    ["dragover", over], ["dragleave", leave], ["drop", drop], ["paste", paste],
  ]);
  for (const [name, call] of all) addEventListener(name, call);
  return () => all.forEach(([name, call]) => removeEventListener(name, call));
}
