// @ts-check
// The empty stage: a few prompts to begin with.

import { html } from "../vendor/preact.js";
import { focusPrompt } from "../lib/focus.js";
import { t } from "../lib/words.js";
import { wish } from "../state/wishes.js";

const EXAMPLES = /** @type {const} */ (["example.1", "example.2", "example.3", "example.4"]);

export function Welcome() {
  const use = (/** @type {string} */ prompt) => {
    wish({ prompt });
    focusPrompt();
  };
  return html`
    <section class="welcome">
      <div class="tray" aria-hidden="true"><span></span><span></span><span></span></div>
      <h2>${t("welcome")}</h2>
      <p>${t("welcome.how")}</p>
      <ul class="plain examples">
        ${EXAMPLES.map((one) => html`<li><button class="example" onClick=${() => use(t(one))} data-test="example">${t(one)}</button></li>`)}
      </ul>
    </section>
  `;
}
