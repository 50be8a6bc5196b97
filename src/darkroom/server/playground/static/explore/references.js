// @ts-check
// Images that every cell starts from; with them each cell is an edit.

import { html, signal, useEffect } from "../vendor/preact.js";
import { get, upload } from "../lib/api.js";
import { adoptUpload, thumbOfId } from "../lib/pictures.js";
import { t } from "../lib/words.js";
import { asProblem } from "../state/remote.js";
import { Icon } from "../widgets/icons.js";
import { change, plan } from "./state.js";

const ACCEPTED = "image/png,image/jpeg,image/webp";
const problem = signal("");
const isBusy = signal(false);
/** Small copies of files that an earlier page uploaded. @type {import("../vendor/preact.js").Signal<Record<string, string>>} */
const found = signal({});

export function References() {
  const { inputs } = plan.value;
  useEffect(() => void inputs.forEach(look), [inputs.join()]);
  return html`
    <div class="field" data-test="references" aria-busy=${isBusy.value}>
      <span class="label">${t("explore.references")}${inputs.length > 0 && html`<output>${inputs.length}</output>`}</span>
      <ul class="references plain">
        ${inputs.map((id, at) => html`<li key=${id}>
          <img src=${thumbOfId(id) ?? found.value[id]} alt=${t("inputs.nth", { n: at + 1 })} />
          <button class="quiet" aria-label=${t("inputs.remove", { n: at + 1 })}
            onClick=${() => change({ inputs: inputs.filter((one) => one !== id) })}><${Icon} name="close" /></button></li>`)}
        <li><label class="add">
          <input type="file" class="sr" accept=${ACCEPTED} multiple aria-label=${t("inputs.add")} data-test="grid-file" onChange=${add} />
          <${Icon} name="plus" /></label></li>
      </ul>
      ${problem.value && html`<p class="warn" role="alert">${problem.value}</p>`}
    </div>
  `;
}

/** @param {any} event */
async function add(event) {
  const files = /** @type {File[]} */ ([...event.target.files]);
  event.target.value = "";
  problem.value = "";
  isBusy.value = true;
  try {
    for (const file of files) {
      const { id } = await upload(file);
      adoptUpload(id, URL.createObjectURL(file));
      change({ inputs: [...new Set([...plan.peek().inputs, id])] });
    }
  } catch (error) {
    problem.value = asProblem(error).message;
  } finally {
    isBusy.value = false;
  }
}

/** A file that is gone is taken out, and that is said. @param {string} id */
async function look(id) {
  if (thumbOfId(id) || found.peek()[id]) return;
  try {
    const file = await get(`/v1/files/${id}`);
    const { pathname, search } = new URL(file.thumbnail_url, location.href);
    found.value = { ...found.peek(), [id]: pathname + search };
  } catch (error) {
    if (asProblem(error).status !== 404) return;
    change({ inputs: plan.peek().inputs.filter((one) => one !== id) });
    problem.value = t("explore.references.gone");
  }
}
