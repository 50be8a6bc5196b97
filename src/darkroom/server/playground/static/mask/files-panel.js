// @ts-check
// A mask from a file, and the mask as a file.

import { html, useState } from "../vendor/preact.js";
import { t } from "../lib/words.js";
import { CONVENTIONS } from "./convert.js";
import { fresh, openFile, reopen, saveFile } from "./files.js";

/** @typedef {import("./session.js").Session} Session @typedef {import("./convert.js").Convention} Convention */

/** @param {{ session: Session, name: string }} props */
export function Files({ session, name }) {
  const [saved, setSaved] = useState(/** @type {Convention} */ ("alpha"));
  const file = fresh(session);
  const problem = session.fileProblem.value;
  return html`
    <div class="field">
      <span class="label">${t("paint.file")}</span>
      <label class="mask-open">
        <input
          type="file" class="sr" accept="image/*" aria-label=${t("paint.file.open")} data-test="mask-file"
          onChange=${(/** @type {any} */ event) => {
            if (event.target.files[0]) void openFile(session, event.target.files[0]);
            event.target.value = "";
          }}
        />
        <span>${t("paint.file.open")}</span>
      </label>
      ${problem && html`<p class="warn" role="alert">${t(`paint.file.${problem}`)}</p>`}
      ${file && html`<${Meaning} session=${session} file=${file} />`}
      <div class="mask-save">
        <select value=${saved} onChange=${(/** @type {any} */ event) => setSaved(event.target.value)} aria-label=${t("paint.file.as")} data-test="mask-save-as">
          ${CONVENTIONS.map((one) => html`<option value=${one}>${t(`paint.convention.${one}`)}</option>`)}
        </select>
        <button class="ghost" onClick=${() => void saveFile(session, saved, name)} data-test="mask-save">${t("paint.file.save")}</button>
      </div>
    </div>
  `;
}

/** How the file is read, to be corrected when the guess was wrong. @param {{ session: Session, file: import("./files.js").MaskFile }} props */
function Meaning({ session, file }) {
  const { width, height } = session.picture;
  const isOther = file.pixels.width !== width || file.pixels.height !== height;
  return html`
    <fieldset class="boxed mask-meaning" data-test="mask-meaning">
      <legend>${t("paint.file.means", { name: file.name })}</legend>
      ${CONVENTIONS.map(
        (one) => html`<label key=${one}><input
          type="radio" name="mask-meaning" value=${one} checked=${file.convention === one} onChange=${() => reopen(session, file, one)}
        />${t(`paint.convention.${one}`)}</label>`,
      )}
      ${isOther &&
      html`<p class="note strong" role="status">${t("paint.file.stretched", {
        from: `${file.pixels.width}×${file.pixels.height}`, to: `${width}×${height}`,
      })}</p>`}
    </fieldset>
  `;
}
