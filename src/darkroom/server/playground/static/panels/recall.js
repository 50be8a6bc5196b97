// @ts-check
// A dropped image that was made here: an input image, or its prompt and settings again?

import { html, useEffect, useMemo } from "../vendor/preact.js";
import { focusPrompt } from "../lib/focus.js";
import { t } from "../lib/words.js";
import { takeOverJob, takeSettings } from "../state/form.js";
import { addFiles } from "../state/inputs.js";
import { put, selectedId } from "../state/jobs.js";
import { Dialog, focusAfterwards } from "../widgets/dialog.js";
import { Icon } from "../widgets/icons.js";

/** @param {{ offer: import("../state/recall.js").Offer, onClose: () => void }} props */
export function RecallDialog({ offer, onClose }) {
  const { file, job, settings } = offer;
  const src = useMemo(() => URL.createObjectURL(file), [file]);
  useEffect(() => () => URL.revokeObjectURL(src), [src]);
  const asInput = () => {
    addFiles([file]);
    onClose();
  };
  const recall = () => {
    if (job) {
      takeOverJob(job);
      put(job);
      selectedId.value = job.id;
    } else if (settings) {
      takeSettings(settings);
    }
    focusAfterwards(focusPrompt);
    onClose();
  };
  const prompt = job?.request.prompt ?? settings?.prompt ?? "";
  return html`
    <${Dialog} label=${t("recall.title")} onClose=${onClose}>
      <h2>${t("recall.title")}</h2>
      <div class="recall">
        <img src=${src} alt=${file.name} />
        <div>
          <p class="note">${t(job ? "recall.known" : "recall.written")}</p>
          <p dir="auto" data-test="recall-prompt">${prompt.length > 400 ? `${prompt.slice(0, 398)}…` : prompt}</p>
        </div>
      </div>
      <div class="row">
        <button class="primary" onClick=${recall} data-test="recall"><${Icon} name="retry" />${t("recall.settings")}</button>
        <button class="ghost" onClick=${asInput} data-test="recall-input"><${Icon} name="image" />${t("recall.input")}</button>
      </div>
    </${Dialog}>
  `;
}
