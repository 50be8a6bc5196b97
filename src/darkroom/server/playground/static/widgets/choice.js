// @ts-check
// One of a few: radio buttons that look like one strip; the arrow keys come with them.

import { html, useId } from "../vendor/preact.js";

/**
 * @param {{
 *   label: string, value: string, options: { value: string, label: string, off?: boolean, hint?: string }[],
 *   onChange: (value: string) => void, note?: string,
 * }} props
 */
export function Choice({ label, value, options, onChange, note }) {
  const id = useId();
  return html`
    <fieldset class="field">
      <legend>${label}</legend>
      <div class="strip">
        ${options.map(
          (option) => html`
            <label class="strip-item" title=${option.hint}>
              <input
                type="radio" name=${id} value=${option.value} checked=${option.value === value}
                disabled=${option.off} onChange=${() => onChange(option.value)}
              />
              <span>${option.label}</span>
            </label>
          `,
        )}
      </div>
      ${note && html`<p class="note">${note}</p>`}
    </fieldset>
  `;
}
