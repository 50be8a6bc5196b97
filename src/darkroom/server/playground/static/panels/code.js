// @ts-check
// "Copy as code": the request in curl, Python or JavaScript, ready to run.

import { html, useState } from "../vendor/preact.js";
import { copyText } from "../lib/pictures.js";
import { wire } from "../lib/requests.js";
import { LANGUAGES } from "../lib/snippets.js";
import { t } from "../lib/words.js";
import { Choice } from "../widgets/choice.js";
import { Dialog } from "../widgets/dialog.js";
import { Icon } from "../widgets/icons.js";
import { say } from "../widgets/toast.js";

/** @param {{ wish: import("../lib/types").Wish, onClose: () => void }} props */
export function CodeDialog({ wish, onClose }) {
  const [chosen, choose] = useState("curl");
  const language = LANGUAGES.find((one) => one.id === chosen) ?? LANGUAGES[0];
  const text = language.make(wire(wish), location.origin);
  const copy = () =>
    copyText(text).then(() => say(t("copied.code")), () => say(t("copied.not")));
  return html`
    <${Dialog} label=${t("code")} onClose=${onClose}>
      <h2>${t("code")}</h2>
      <p class="note">${t("code.key")} <code>export DARKROOM_API_KEY=…</code></p>
      <div class="row apart">
        <${Choice}
          label=${t("code.language")} value=${chosen} onChange=${choose}
          options=${LANGUAGES.map(({ id, label }) => ({ value: id, label }))}
        />
        <button class="ghost" onClick=${copy} data-test="copy-code"><${Icon} name="copy" />${t("copy")}</button>
      </div>
      <pre class="code" tabindex="0" data-test="snippet"><code>${text}</code></pre>
    </${Dialog}>
  `;
}
