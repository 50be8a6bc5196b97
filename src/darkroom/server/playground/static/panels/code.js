// @ts-check
// "Copy as code": the request in the words of each client, ready to run.

import { html, useEffect, useState } from "../vendor/preact.js";
import { tokens } from "../lib/highlight.js";
import { copyText } from "../lib/pictures.js";
import { LANGUAGES } from "../lib/snippets.js";
import { maybe, t } from "../lib/words.js";
import { snippetOf } from "../state/snippet.js";
import { Dialog } from "../widgets/dialog.js";
import { Icon } from "../widgets/icons.js";
import { say } from "../widgets/toast.js";

/** @typedef {import("../state/snippet.js").Snippet} Snippet */

/** The one of last time. */
let last = "curl";

/** @param {{ wish: import("../lib/types").Wish, onClose: () => void }} props */
export function CodeDialog({ wish, onClose }) {
  const [chosen, choose] = useState(last);
  const [made, setMade] = useState(/** @type {{ id: string, snippet: Snippet } | null} */ (null));
  const language = LANGUAGES.find((one) => one.id === chosen) ?? LANGUAGES[0];
  useEffect(() => {
    let isWanted = true;
    last = chosen;
    void snippetOf(wish, chosen).then((snippet) => isWanted && setMade({ id: chosen, snippet }));
    return () => void (isWanted = false);
  }, [wish, chosen]);
  const isReady = made?.id === chosen;
  const text = isReady ? made.snippet.text : "";
  const copy = () =>
    copyText(text).then(() => say(t("copied.code")), () => say(t("copied.not")));
  return html`
    <${Dialog} label=${t("code")} onClose=${onClose} kind="sheet code-sheet">
      <h2>${t("code")}</h2>
      <${Tabs} chosen=${chosen} onChoose=${choose} />
      <div class="row apart">
        <p class="note">${t("code.key")} <code>export DARKROOM_API_KEY=…</code>${language.needs && html` <code>${language.needs}</code>`}</p>
        <button class="ghost" onClick=${copy} disabled=${!isReady} data-test="copy-code"><${Icon} name="copy" />${t("copy")}</button>
      </div>
      <div role="tabpanel" id="snippet" aria-label=${language.label} aria-busy=${!isReady}>
        <pre class="code" tabindex="0" data-test="snippet" data-language=${isReady ? chosen : ""}><code>${tokens(text, language.syntax).map(
          ([kind, part]) => (kind ? html`<span class=${`t-${kind}`}>${part}</span>` : part),
        )}</code></pre>
      </div>
      ${isReady && html`<${Notes} snippet=${made.snippet} hasImages=${wish.inputs.length > 0} isOurs=${!language.dialect && language.id !== "sdk"} />`}
    </${Dialog}>
  `;
}

/** @param {{ chosen: string, onChoose: (id: string) => void }} props */
function Tabs({ chosen, onChoose }) {
  const onKey = (/** @type {KeyboardEvent} */ event) => {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!by) return;
    const next = LANGUAGES[(LANGUAGES.findIndex((one) => one.id === chosen) + by + LANGUAGES.length) % LANGUAGES.length];
    onChoose(next.id);
    /** @type {HTMLElement | null} */ (document.querySelector(`[data-tab="${next.id}"]`))?.focus();
  };
  return html`<div class="tabs" role="tablist" aria-label=${t("code.language")} onKeyDown=${onKey}>
    ${LANGUAGES.map(({ id, label }) => html`<button
      role="tab" key=${id} data-tab=${id} aria-selected=${id === chosen} aria-controls="snippet" tabindex=${id === chosen ? 0 : -1}
      onClick=${() => onChoose(id)}
    >${label}</button>`)}
  </div>`;
}

/** What the dialect cannot say, and how long its links hold. @param {{ snippet: Snippet, hasImages: boolean, isOurs: boolean }} props */
function Notes({ snippet, hasImages, isOurs }) {
  const names = snippet.leftOut.map((name) => maybe(`set.${name}`) ?? maybe(name) ?? name);
  return html`
    ${names.length > 0 && html`<p class="note strong" data-test="left-out">${t("code.without", { names: names.join(", ") })}</p>`}
    ${snippet.refusal && html`<p class="warn" role="status">${snippet.refusal}</p>`}
    ${hasImages && html`<p class="note">${t(isOurs ? "code.stored" : "code.links")}</p>`}
  `;
}
