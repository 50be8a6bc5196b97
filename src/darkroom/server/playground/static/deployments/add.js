// @ts-check
// How to add a deployment: the exact lines for the file. The page never writes the configuration.

import { html, useState } from "../vendor/preact.js";
import { t } from "../lib/words.js";
import { CopyButton } from "../widgets/copy-button.js";
import { TEMPLATES, tomlOf } from "./templates.js";

/** @param {{ taken: string[] }} props ids that are in use */
export function Add({ taken }) {
  const [chosen, choose] = useState(0);
  const template = TEMPLATES[chosen];
  const text = tomlOf(template, taken);
  return html`
    <section class="add-one" aria-labelledby="add-title">
      <h3 id="add-title">${t("deploy.add")}</h3>
      <p class="note">${t("deploy.add.why")}</p>
      <div class="row apart">
        <label class="field"><span class="label">${t("deploy.provider")}</span>
          <select value=${String(chosen)} onChange=${(/** @type {any} */ event) => choose(Number(event.target.value))} data-test="template">
            ${TEMPLATES.map((one, i) => html`<option value=${String(i)} selected=${i === chosen}>${one.label}</option>`)}
          </select></label>
        <${CopyButton} text=${text} label=${t("copy")} done=${t("deploy.copied")} test="copy-toml" />
      </div>
      <pre class="code" tabindex="0" aria-label="darkroom.toml" data-test="toml"><code>${text}</code></pre>
      ${template.note && html`<p class="note">${t(template.note)}</p>`}
      <ol class="steps">
        <li>${t("deploy.step.file")} <code>darkroom config path</code></li>
        <li>${template.key ? html`${t("deploy.step.key", { name: template.key })} <code>api_key = "file:/run/secrets/…"</code>` : t("deploy.step.no-key")}</li>
        <li>${t("deploy.step.wait")}</li>
      </ol>
    </section>
  `;
}
