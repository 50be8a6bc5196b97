// @ts-check
// The bar at the top: whose page this is, the sandbox's honest word, language, light, key.

import { html } from "../vendor/preact.js";
import { change, t } from "../lib/words.js";
import { counts } from "../state/jobs.js";
import { allSandbox } from "../state/models.js";
import { key, language, light, theme, useKey } from "../state/session.js";
import { Icon } from "../widgets/icons.js";

const LIGHTS = /** @type {const} */ ({
  auto: { next: "light", icon: "auto" },
  light: { next: "dark", icon: "sun" },
  dark: { next: "auto", icon: "moon" },
});

export function Top() {
  const now = LIGHTS[theme.value];
  const other = language.value === "en" ? "ko" : "en";
  return html`
    <header class="top">
      <h1 class="mark" data-on=${counts.value.running > 0}>
        <span class="lamp" aria-hidden="true"></span>Darkroom
      </h1>
      ${allSandbox.value && html`<p class="chip" title=${t("sandbox.long")}>${t("sandbox")}</p>`}
      <span class="spring"></span>
      <button class="quiet" lang=${other} onClick=${() => change(other)} data-test="language">
        ${other === "ko" ? "한국어" : "English"}
      </button>
      <button
        class="quiet icon-only" onClick=${() => light(now.next)} data-test="theme"
        aria-label=${t(`theme.${theme.value}`)} title=${t(`theme.${theme.value}`)}
      >
        <${Icon} name=${now.icon} />
      </button>
      ${key.value &&
      html`<button
        class="quiet icon-only" onClick=${() => useKey("")} data-test="forget-key"
        aria-label=${t("key.change")} title=${t("key.change")}
      ><${Icon} name="key" /></button>`}
    </header>
  `;
}
