// @ts-check
// The dialog that adds a webhook endpoint.

import { html, useState } from "../vendor/preact.js";
import { Problem } from "../lib/api.js";
import { t } from "../lib/words.js";
import { Choice } from "../widgets/choice.js";
import { Dialog } from "../widgets/dialog.js";
import { addEndpoint, EVENTS, FORMATS } from "./hooks.js";

/** @param {{ onDone: (made: import("../lib/account").Endpoint) => void, onClose: () => void }} props */
export function EndpointForm({ onDone, onClose }) {
  const [url, setUrl] = useState("");
  const [events, setEvents] = useState(/** @type {string[]} */ ([...EVENTS]));
  const [format, setFormat] = useState(FORMATS[0]);
  const [failed, setFailed] = useState("");
  const [busy, setBusy] = useState(false);
  const toggle = (/** @type {string} */ name) =>
    setEvents(events.includes(name) ? events.filter((one) => one !== name) : [...events, name]);
  const submit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    setBusy(true);
    try {
      onDone(await addEndpoint({ url: url.trim(), events, format }));
      onClose();
    } catch (error) {
      setFailed(error instanceof Problem ? error.message : String(error));
      setBusy(false);
    }
  };
  return html`
    <${Dialog} label=${t("hooks.add")} onClose=${onClose}>
      <form class="form" onSubmit=${submit} data-test="endpoint-form">
        <h2>${t("hooks.add")}</h2>
        <label class="field"><span class="label">${t("hooks.url")}</span>
          <input type="url" required autofocus placeholder="https://" value=${url} data-test="endpoint-url"
            onInput=${(/** @type {any} */ event) => setUrl(event.target.value)} /></label>
        <fieldset class="field"><legend>${t("hooks.events")}</legend><div class="picks">
          ${EVENTS.map((name) => html`<label class="pick"><input type="checkbox" checked=${events.includes(name)} onChange=${() => toggle(name)} />
            <span>${t(`hooks.event.${name}`)}</span></label>`)}</div></fieldset>
        <${Choice} label=${t("hooks.format")} value=${format} onChange=${setFormat} note=${t("hooks.format.note")}
          options=${FORMATS.map((value) => ({ value, label: value }))} />
        ${failed && html`<p class="warn" role="alert" data-test="form-failed">${failed}</p>`}
        <div class="row ends">
          <button type="button" class="ghost" onClick=${onClose}>${t("cancel")}</button>
          <button class="primary" disabled=${busy || !url.trim() || !events.length} data-test="save-endpoint">${t("add")}</button>
        </div>
      </form>
    </${Dialog}>
  `;
}
