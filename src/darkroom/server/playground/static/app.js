// @ts-check
// The playground: which view stands below the bar, and what happens when somebody signs in or out.

import { effect, html, render, untracked } from "./vendor/preact.js";
import { t } from "./lib/words.js";
import { KeyCard } from "./panels/key.js";
import { Top } from "./panels/top.js";
import { dialog } from "./state/dialogs.js";
import { announced, clearJobs, isOpen, jobs, loadHistory, selectedId } from "./state/jobs.js";
import { loadBalance } from "./state/price.js";
import { resume } from "./state/runs.js";
import { session, sessionState, signedIn } from "./state/session.js";
import { place } from "./state/view.js";
import { load, loaded, loadFailed } from "./views/index.js";
import { openModels, View as Studio } from "./views/studio.js";
import { Toast } from "./widgets/toast.js";

function App() {
  if (sessionState.value === "unknown") return html`<${Top} /><main class="gate" aria-busy="true" />`;
  if (!signedIn.value) return html`<${Top} /><${KeyCard} />`;
  return html`
    <${Top} />
    <${Current} />
    ${dialog.value}
    <${Toast} />
    <p class="sr" role="status">${announced.value && t(`announce.${announced.value.state === "succeeded" ? "done" : "not"}`, { n: announced.value.n })}</p>
  `;
}

/** The studio comes with the page; the other views are fetched when they are first shown. */
function Current() {
  const { name, params } = place.value;
  const View = name === "studio" ? Studio : loaded.value[name];
  if (View) return html`<${View} params=${params} />`;
  if (loadFailed.value === name) {
    return html`<main class="page"><p class="warn" role="alert">${t("view.broken")}
      <button class="text" onClick=${() => void load(name)}>${t("trouble.again")}</button></p></main>`;
  }
  return html`<main class="page" aria-busy="true"><p class="faint">${t("loading")}</p></main>`;
}

/** Read what this session may see; what still runs, or else the newest, goes on the stage. */
async function open() {
  await Promise.all([openModels(), loadHistory(), loadBalance()]);
  void resume();
  if (selectedId.value !== null) return;
  const first = jobs.value.find(isOpen) ?? jobs.value.find((job) => job.state === "succeeded");
  selectedId.value = first?.id ?? null;
}

effect(() => {
  const given = session.value;
  untracked(() => {
    clearJobs();
    if (given) void open();
  });
});
effect(() => {
  const { name } = place.value;
  if (signedIn.value && name !== "studio") untracked(() => void load(name));
});

render(html`<${App} />`, /** @type {Element} */ (document.querySelector("#app")));
