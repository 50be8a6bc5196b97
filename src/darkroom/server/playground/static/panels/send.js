// @ts-check
// The button that sends, its price, and the one way in which anything is sent.

import { html, signal } from "../vendor/preact.js";
import { isMac } from "../lib/shortcuts.js";
import { t } from "../lib/words.js";
import { asked, obstacle } from "../state/form.js";
import { showCode } from "../state/dialogs.js";
import { inputs } from "../state/inputs.js";
import { submit } from "../state/runs.js";
import { Icon } from "../widgets/icons.js";
import { Price, Purse } from "./price.js";

// The same once more within this time is a slip of the hand, not a second wish.
const SLIP_MS = 600;
/** @type {import("../vendor/preact.js").Signal<import("../lib/types").Wish | null>} */
const justSent = signal(null);

/** Send what the form says, if it can be sent. */
export function send() {
  const wish = asked.peek();
  if (!wish || obstacle.peek() || wish === justSent.peek()) return;
  justSent.value = wish; // a change to the form makes a new wish
  setTimeout(() => (justSent.value = null), SLIP_MS);
  void submit(wish);
  if (matchMedia("(max-width: 720px)").matches) {
    document.querySelector("#stage")?.scrollIntoView({ block: "start" });
  }
}

export function Send() {
  const why = obstacle.value;
  return html`
    <div class="send">
      ${why && why !== "prompt" && why !== "models" && html`<p class="warn" data-test="obstacle">${t(`obstacle.${why}`)}</p>`}
      <${Purse} />
      <div class="row">
        <${Price} />
        <button
          class="primary" onClick=${send} disabled=${why !== null || asked.value === justSent.value} data-test="send"
          aria-keyshortcuts="Control+Enter Meta+Enter"
        >
          ${inputs.value.length ? t("send.edit") : t("send.generate")}
          <kbd aria-hidden="true">${isMac ? "⌘" : "Ctrl"} ↵</kbd>
        </button>
        <button
          class="ghost icon-only" disabled=${why !== null} onClick=${() => asked.value && showCode(asked.value)}
          aria-label=${t("code")} title=${t("code")} data-test="code"
        >
          <${Icon} name="code" />
        </button>
      </div>
    </div>
  `;
}
