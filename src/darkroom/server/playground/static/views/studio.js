// @ts-check
// The studio: what to make on the left, the stage in the middle, the film strip on the right.

import { html, signal, useEffect } from "../vendor/preact.js";
import { listenForKeys } from "../lib/shortcuts.js";
import { t } from "../lib/words.js";
import { Inputs } from "../panels/inputs.js";
import { ModelPicker } from "../panels/model.js";
import { Prompt } from "../panels/prompt.js";
import { Send } from "../panels/send.js";
import { Settings } from "../panels/settings.js";
import { Stage } from "../panels/stage.js";
import { Strip } from "../panels/strip.js";
import { loadModels } from "../state/models.js";
import { prefill } from "../state/prefill.js";
import "../state/follow.js";

export const modelsFailed = signal(false);

/** The panels of the left column, from top to bottom: a new one is one line here. */
const COMPOSER = [Prompt, Inputs, ModelPicker, Settings];

export async function openModels() {
  modelsFailed.value = false;
  await loadModels().catch(() => (modelsFailed.value = true));
}

/** @param {{ params: URLSearchParams }} props */
export function View({ params }) {
  useEffect(() => prefill(params), [params]);
  useEffect(listenForKeys, []);
  return html`
    <div class="room">
      <section class="composer" aria-label=${t("composer")}>
        <div class="composer-fields">
          ${modelsFailed.value &&
          html`<p class="warn" role="alert">${t("models.broken")}
            <button class="text" onClick=${() => void openModels()}>${t("trouble.again")}</button></p>`}
          ${COMPOSER.map((Panel) => html`<${Panel} />`)}
        </div>
        <${Send} />
      </section>
      <${Stage} />
      <${Strip} />
    </div>
  `;
}
