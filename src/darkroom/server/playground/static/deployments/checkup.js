// @ts-check
// Asks a vendor whether it would serve, and says what was found and what helps.

import { html, useState } from "../vendor/preact.js";
import { t } from "../lib/words.js";
import { asProblem } from "../state/remote.js";
import { Icon } from "../widgets/icons.js";
import { check } from "./state.js";

/** @typedef {import("../lib/account").Check} Check */

/** @param {{ id: string }} props */
export function Checkup({ id }) {
  const [busy, setBusy] = useState(false);
  const [found, setFound] = useState(/** @type {Check | null} */ (null));
  const [failed, setFailed] = useState("");
  const run = async () => {
    setBusy(true);
    setFailed("");
    try {
      setFound(await check(id));
    } catch (error) {
      setFailed(asProblem(error).message);
    }
    setBusy(false);
  };
  return html`<div class="checkup">
    <button class="ghost" onClick=${run} disabled=${busy} aria-label=${t("deploy.check.of", { id })} data-test="check">
      <${Icon} name="check" />${t(busy ? "deploy.checking" : "deploy.check")}</button>
    <div role="status">
      ${found && html`<p class="verdict" data-ok=${found.ok} data-test="verdict">${t(found.ok ? "deploy.check.ok" : "deploy.check.not")}</p>
        <ul class="plain findings">${found.findings.map((one) => html`<li data-ok=${one.ok}><${Icon} name=${one.ok ? "check" : "alert"} />
          <span>${one.what}${one.advice && html`<span class="note block">${one.advice}</span>`}</span></li>`)}</ul>`}
    </div>
    ${failed && html`<p class="warn" role="alert">${failed}</p>`}
  </div>`;
}
