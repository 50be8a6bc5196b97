// @ts-check
// Copies a text, and says on itself that it did.

import { html, useEffect, useState } from "../vendor/preact.js";
import { copyText } from "../lib/pictures.js";
import { t } from "../lib/words.js";
import { Icon } from "./icons.js";
import { say } from "./toast.js";

const SHOWN_MS = 2_000;

/** @param {{ text: string, label: string, done: string, test?: string, kind?: string }} props */
export function CopyButton({ text, label, done, test, kind = "ghost" }) {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [copied]);
  const copy = () =>
    copyText(text).then(
      () => (setCopied(true), say(done)),
      () => say(t("copied.not")),
    );
  return html`<button type="button" class=${kind} onClick=${copy} data-test=${test}>
    <${Icon} name=${copied ? "check" : "copy"} />${label}
  </button>`;
}
