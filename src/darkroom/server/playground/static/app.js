// @ts-check
// The playground: which panel stands where, and what happens when a key comes or goes.

import { effect, html, render, signal, untracked } from "./vendor/preact.js";
import { t } from "./lib/words.js";
import { History } from "./panels/history.js";
import { Inputs } from "./panels/inputs.js";
import { KeyCard } from "./panels/key.js";
import { ModelPicker } from "./panels/model.js";
import { Prompt } from "./panels/prompt.js";
import { Send } from "./panels/send.js";
import { Settings } from "./panels/settings.js";
import { Stage } from "./panels/stage.js";
import { Top } from "./panels/top.js";
import { dialog } from "./state/dialogs.js";
import { announced, clearJobs, isOpen, jobs, loadHistory, selectedId } from "./state/jobs.js";
import { loadModels } from "./state/models.js";
import { key } from "./state/session.js";
import { Toast } from "./widgets/toast.js";

const modelsFailed = signal(false);

/** The panels of the left column, from top to bottom: a new one is one line here. */
const COMPOSER = [Prompt, Inputs, ModelPicker, Settings];

function App() {
  if (!key.value) return html`<${Top} /><${KeyCard} />`;
  return html`
    <${Top} />
    <div class="room">
      <section class="composer" aria-label=${t("composer")}>
        <div class="composer-fields">
          ${modelsFailed.value &&
          html`<p class="warn" role="alert">${t("models.broken")}
            <button class="text" onClick=${() => void open()}>${t("trouble.again")}</button></p>`}
          ${COMPOSER.map((Panel) => html`<${Panel} />`)}
        </div>
        <${Send} />
      </section>
      <${Stage} />
      <${History} />
    </div>
    ${dialog.value}
    <${Toast} />
    <p class="sr" role="status">${announced.value && t(`announce.${announced.value.state === "succeeded" ? "done" : "not"}`, { n: announced.value.n })}</p>
  `;
}

/** Read what this key may see; what still runs, or else the newest, goes on the stage. */
async function open() {
  modelsFailed.value = false;
  await Promise.all([loadModels().catch(() => (modelsFailed.value = true)), loadHistory()]);
  if (selectedId.value !== null) return;
  const first = jobs.value.find(isOpen) ?? jobs.value.find((job) => job.state === "succeeded");
  selectedId.value = first?.id ?? null;
}

effect(() => {
  const given = key.value;
  untracked(() => {
    clearJobs();
    if (given) void open();
  });
});

render(html`<${App} />`, /** @type {Element} */ (document.querySelector("#app")));
