// @ts-check
// All deployments, looked at again every few seconds; a configuration that changed is told.

import { html, useEffect, useRef, useState } from "../vendor/preact.js";
import { t } from "../lib/words.js";
import { asProblem, useRemote } from "../state/remote.js";
import { Icon } from "../widgets/icons.js";
import { Loaded } from "../widgets/loaded.js";
import { say } from "../widgets/toast.js";
import { Add } from "./add.js";
import { Card } from "./card.js";
import { deployments, difference, isSome, reload } from "./state.js";

/** @typedef {import("../lib/account").Deployment} Deployment */
/** @typedef {import("./state.js").Difference} Difference */

const LOOK_MS = 5_000;

export function List() {
  const found = useRemote(deployments, []);
  const [changed, setChanged] = useState(/** @type {Difference | null} */ (null));
  const [refused, setRefused] = useState("");
  useLooks(found.load);
  const before = useRef(/** @type {Deployment[] | null} */ (null));
  const now = found.data.value;
  useEffect(() => {
    const differs = before.current && now && difference(before.current, now);
    if (differs) setChanged(differs);
    if (now) before.current = now;
  }, [now]);
  const again = async () => {
    setRefused("");
    try {
      const done = await reload();
      found.data.value = done.data;
      if (!isSome(done)) say(t("deploy.same"));
    } catch (error) {
      setRefused(asProblem(error).message);
    }
  };
  return html`
    <header class="page-head">
      <div><h2>${t("deploy.title")} <span class="chip">${t("deploy.admin")}</span></h2><p>${t("deploy.why")}</p></div>
      <button class="ghost" onClick=${again} data-test="reload"><${Icon} name="retry" />${t("deploy.reload")}</button>
    </header>
    ${refused && html`<div class="boxed broken" role="alert" data-test="refused"><p class="warn">${t("deploy.refused")}</p><p class="said">${refused}</p></div>`}
    <div role="status">${changed && html`<${Changed} of=${changed} onClose=${() => setChanged(null)} />`}</div>
    <${Loaded} of=${found} broken=${t("deploy.broken")} lines=${5}>
      ${(/** @type {Deployment[]} */ list) => html`
        <ul class="plain cards">${list.map((one) => html`<li key=${one.id}><${Card} of=${one} /></li>`)}</ul>
        <${Add} taken=${list.map((one) => one.id)} />`}
    </${Loaded}>
  `;
}

/** @param {{ of: Difference, onClose: () => void }} props */
function Changed({ of, onClose }) {
  const parts = /** @type {const} */ (["added", "changed", "removed"]).filter((name) => of[name].length);
  return html`<div class="boxed changed" data-test="changed"><${Icon} name="info" />
    <p><b>${t("deploy.reloaded")}</b> ${parts.map((name) => t(`deploy.${name}`, { names: of[name].join(", ") })).join(" · ")}</p>
    <button class="quiet" onClick=${onClose}>${t("close")}</button></div>`;
}

/** Look again every few seconds, while somebody sees it. @param {() => void} look */
function useLooks(look) {
  useEffect(() => {
    const timer = setInterval(() => document.visibilityState === "visible" && look(), LOOK_MS);
    return () => clearInterval(timer);
  }, [look]);
}
