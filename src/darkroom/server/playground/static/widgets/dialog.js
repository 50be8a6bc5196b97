// @ts-check
// A native dialog that opens when it is rendered; Esc and a click beside it close it.

import { html, useEffect, useRef } from "../vendor/preact.js";
import { t } from "../lib/words.js";
import { Icon } from "./icons.js";

/** Where the focus goes when the open dialog is gone; null: back to where it was. @type {(() => void) | null} */
let next = null;

/** Call before closing, when what was chosen leads elsewhere. @param {() => void} focus */
export function focusAfterwards(focus) {
  next = focus;
}

/** @param {{ label: string, onClose: () => void, kind?: string, children?: import("../vendor/preact.js").Child }} props */
export function Dialog({ label, onClose, kind = "sheet", children }) {
  const ref = useRef(/** @type {HTMLDialogElement | null} */ (null));
  useEffect(() => {
    const before = /** @type {HTMLElement | null} */ (document.activeElement);
    ref.current?.showModal();
    return () => {
      const focus = next ?? (() => before?.focus());
      next = null;
      focus();
    };
  }, []);
  return html`
    <dialog
      class=${`dialog ${kind}`} ref=${ref} aria-label=${label} onClose=${onClose}
      onClick=${(/** @type {MouseEvent} */ event) => event.target === ref.current && ref.current?.close()}
    >
      <button class="quiet dialog-close" onClick=${() => ref.current?.close()} aria-label=${t("close")}>
        <${Icon} name="close" />
      </button>
      ${children}
    </dialog>
  `;
}
