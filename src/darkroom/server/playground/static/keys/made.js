// @ts-check
// The key that was just made, with its secret: it stays until the user says that it is kept.

import { html, useEffect, useRef, useState } from "../vendor/preact.js";
import { maybe, t } from "../lib/words.js";
import { Choice } from "../widgets/choice.js";
import { CopyButton } from "../widgets/copy-button.js";
import { SNIPPETS } from "./snippets.js";
import { made } from "./state.js";

export function Made() {
  return made.value && html`<${MadeCard} of=${made.value} key=${made.value.id} />`;
}

/** @param {{ of: import("../lib/account").Key }} props */
function MadeCard({ of }) {
  const ref = useRef(/** @type {HTMLElement | null} */ (null));
  useEffect(() => ref.current?.focus(), []);
  const snippets = SNIPPETS[of.dialect] ?? SNIPPETS.auto;
  const [chosen, choose] = useState(snippets[0].id);
  const text = (snippets.find((one) => one.id === chosen) ?? snippets[0]).make(of.key ?? "", location.origin);
  return html`
    <section class="card made" ref=${ref} tabindex="-1" aria-labelledby="made-title" data-test="made">
      <h3 id="made-title">${t("made.title", { name: of.name })}</h3>
      <p>${t("made.once")}</p>
      <div class="secret"><code data-test="secret">${of.key}</code>
        <${CopyButton} kind="primary" text=${of.key ?? ""} label=${t("copy")} done=${t("made.copied")} test="copy-secret" /></div>
      <div class="row apart">
        <${Choice} label=${t("made.works")} value=${chosen} onChange=${choose}
          options=${snippets.map(({ id, label }) => ({ value: id, label }))} />
        <${CopyButton} text=${text} label=${t("copy")} done=${t("copied.code")} test="copy-snippet" />
      </div>
      <pre class="code" tabindex="0" aria-label=${t("made.works")} data-test="key-snippet"><code>${text}</code></pre>
      <p class="note">${maybe(`made.fits.${of.dialect}`) ?? t("made.fits.openai")}</p>
      <div class="row ends"><button class="ghost" onClick=${() => (made.value = null)} data-test="made-done">${t("made.done")}</button></div>
    </section>
  `;
}
