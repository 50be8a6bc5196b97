// @ts-check
// The bar at the top: whose page this is, the sandbox's honest word, language, light, the way out.

import { html } from "../vendor/preact.js";
import { change, t } from "../lib/words.js";
import { counts } from "../state/jobs.js";
import { allSandbox } from "../state/models.js";
import { language, light, session, signOut, theme } from "../state/session.js";
import { hashOf, place } from "../state/view.js";
import { VIEWS } from "../views/index.js";
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
      ${session.value && html`<${Navigation} />`}
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
      ${session.value &&
      html`<button
        class="quiet icon-only" onClick=${signOut} data-test="sign-out"
        aria-label=${t("key.out", { name: session.value.key.name })} title=${t("key.out", { name: session.value.key.name })}
      ><${Icon} name="leave" /></button>`}
    </header>
  `;
}

/** Where one can go; on a phone it stands at the lower edge. */
function Navigation() {
  const here = place.value.name;
  return html`
    <nav class="views" aria-label=${t("nav")}>
      ${VIEWS.map(
        ({ name, icon }) => html`<a
          href=${hashOf(name)} key=${name} aria-current=${here === name ? "page" : null} data-test=${`nav-${name}`}
        ><${Icon} name=${icon} /><span>${t(/** @type {import("../lib/words.js").Word} */ (`nav.${name}`))}</span></a>`,
      )}
    </nav>
  `;
}
