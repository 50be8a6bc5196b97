// @ts-check
// Who was asked for a job, who was passed over and why, and who answered.

import { html } from "../vendor/preact.js";
import { maybe, t } from "../lib/words.js";
import { Icon } from "../widgets/icons.js";

/** @typedef {import("../lib/types").Job} Job */
/** @typedef {{ name: string, state: "good" | "bad" | "open" | "skipped", why: string }} Link */

/** A lone deployment that answered needs no chain: the edge names it. @param {{ job: Job }} props */
export function Chain({ job }) {
  const links = linksOf(job);
  if (!links.length || (links.length === 1 && links[0].state === "good")) return null;
  return html`
    <ol class="chain plain mono" aria-label=${t("chain")} data-test="chain">
      ${links.map(({ name, state, why }) => html`<li data-state=${state} title=${why}>
        ${state === "good" ? html`<${Icon} name="check" />` : state === "bad" ? html`<${Icon} name="close" />` : null}
        <span>${name}</span>${why && html`<small>${why}</small>`}
      </li>`)}
    </ol>
  `;
}

/** The attempts in order, then those of the route that were never asked. @param {Job} job @returns {Link[]} */
function linksOf({ attempts, route }) {
  /** @type {Link[]} */
  const asked = attempts.map((one) => ({
    name: one.deployment,
    state: one.state === "succeeded" ? "good" : one.state === "open" ? "open" : "bad",
    why: one.state === "succeeded" ? "" : one.error ? wordOf(one.error.code) : (maybe(`attempt.${one.state}`) ?? one.state),
  }));
  const known = new Set(attempts.map((one) => one.deployment));
  const others = route.filter((one) => !known.has(one.deployment));
  return [...asked, ...others.map((one) => /** @type {Link} */ ({ name: one.deployment, state: "skipped", why: reasonOf(one.reason) }))];
}

/** Why a deployment stands where it stands, or is none for this request. @param {string} reason */
export function reasonOf(reason) {
  const lacks = reason.startsWith("no_") ? maybe(`set.${reason.slice(3)}`) : null;
  return maybe(`reason.${reason}`) ?? (lacks ? t("reason.lacks", { what: lacks }) : reason.replaceAll("_", " "));
}

/** An error's code in words. @param {string} code */
export function wordOf(code) {
  return maybe(`code.${code}`) ?? code.replaceAll("_", " ");
}
