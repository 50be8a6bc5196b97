// @ts-check
// The input images of an edit: dropped, pasted, chosen, or behind a URL; in an order that matters.

import { html, signal, useEffect, useState } from "../vendor/preact.js";
import { t } from "../lib/words.js";
import { addFiles, addUrl, inputProblem, inputs, moveInput, removeInput } from "../state/inputs.js";
import { can } from "../state/models.js";
import { Icon } from "../widgets/icons.js";

/** @typedef {import("../lib/types").Input} Input */

const ACCEPTED = "image/png,image/jpeg,image/webp";
const isDragging = signal(false);

export function Inputs() {
  useEffect(listen, []);
  const most = can.value?.max_inputs ?? 0;
  const list = inputs.value;
  if (!most && !list.length) return null;
  return html`
    <div class="field" data-test="inputs">
      <span class="label">${t("inputs")}${list.length > 0 && html`<output>${list.length}/${most}</output>`}</span>
      <ol class="thumbs plain">
        ${list.map((input, i) => html`<${Thumb} key=${input.key} input=${input} place=${i} of=${list.length} />`)}
        ${list.length < most && html`<li key="add"><${Add} isFirst=${list.length === 0} /></li>`}
      </ol>
      ${inputProblem.value && html`<p class="warn" role="alert">${t(`inputs.${inputProblem.value}`, { most })}</p>`}
      ${list.length < most && html`<${FromUrl} />`}
      ${isDragging.value && html`<div class="drop" aria-hidden="true">${t("inputs.drop")}</div>`}
    </div>
  `;
}

/** @param {{ isFirst: boolean }} props */
function Add({ isFirst }) {
  return html`
    <label class=${isFirst ? "add wide" : "add"}>
      <input
        type="file" class="sr" accept=${ACCEPTED} multiple data-test="file" aria-label=${t("inputs.add")}
        onChange=${(/** @type {any} */ event) => {
          void addFiles([...event.target.files]);
          event.target.value = "";
        }}
      />
      <${Icon} name=${isFirst ? "image" : "plus"} />${isFirst && html`<span>${t("inputs.hint")}</span>`}
    </label>
  `;
}

/** @param {{ input: Input, place: number, of: number }} props */
function Thumb({ input, place, of }) {
  const label = t("inputs.nth", { n: place + 1 });
  const move = (/** @type {-1 | 1} */ by) => moveInput(input.key, by);
  return html`
    <li class="thumb" data-state=${input.state} title=${input.problem ?? input.name}>
      ${input.src
        ? html`<img src=${input.src} alt=${label} />`
        : html`<span class="thumb-blank"><${Icon} name=${input.url ? "link" : "image"} /><small>${input.name}</small></span>`}
      ${input.state === "uploading" && html`<span class="spinner" role="status" aria-label=${t("inputs.uploading")}></span>`}
      <button class="thumb-remove" onClick=${() => removeInput(input.key)} aria-label=${t("inputs.remove", { n: place + 1 })}>
        <${Icon} name="close" />
      </button>
      ${of > 1 &&
      html`<span class="thumb-move">
        <button onClick=${() => move(-1)} disabled=${place === 0} aria-label=${t("inputs.earlier", { n: place + 1 })}><${Icon} name="back" /></button>
        <button onClick=${() => move(1)} disabled=${place === of - 1} aria-label=${t("inputs.later", { n: place + 1 })}><${Icon} name="forward" /></button>
      </span>`}
      ${input.problem && html`<p class="sr" role="alert">${input.problem}</p>`}
    </li>
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

/** Files may be dropped anywhere on the page, and pasted wherever no text is. */
function listen() {
  const has = (/** @type {DragEvent} */ event) => event.dataTransfer?.types.includes("Files");
  const over = (/** @type {DragEvent} */ event) => {
    if (!has(event)) return;
    event.preventDefault();
    isDragging.value = true;
  };
  const leave = (/** @type {DragEvent} */ event) => {
    if (!event.relatedTarget) isDragging.value = false;
  };
  const drop = (/** @type {DragEvent} */ event) => {
    isDragging.value = false;
    if (!has(event)) return;
    event.preventDefault();
    void addFiles([...(event.dataTransfer?.files ?? [])]);
  };
  const paste = (/** @type {ClipboardEvent} */ event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (!files.length) return;
    event.preventDefault();
    void addFiles(files);
  };
  const all = /** @type {[string, any][]} */ ([
    ["dragover", over], ["dragleave", leave], ["drop", drop], ["paste", paste],
  ]);
  for (const [name, call] of all) addEventListener(name, call);
  return () => all.forEach(([name, call]) => removeEventListener(name, call));
}
