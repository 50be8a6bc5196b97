// @ts-check
// The price beside the button: the server's quote, live, and what is left. A click shows the lines.

import { html } from "../vendor/preact.js";
import { money, shown } from "../lib/money.js";
import { t } from "../lib/words.js";
import { showQuote } from "../state/dialogs.js";
import { askAgain, isQuoting, isShort, left, quote, quoteProblem } from "../state/price.js";

/** A range where the model or the quality is left open, else one amount. */
export function Price() {
  const found = quote.value;
  if (!found) {
    const failed = quoteProblem.value?.record.code === "network";
    return html`<button class="price quiet" disabled=${!failed} onClick=${askAgain} aria-busy=${isQuoting.value} data-test="price" data-state=${isQuoting.value ? "asking" : "none"} title=${failed ? t("trouble.again") : undefined}>
      <b class="mono">${isQuoting.value ? "…" : "–"}</b><small>${t("price")}</small>
    </button>`;
  }
  const { expected, max } = found;
  const isOpen = expected.nanos !== max.nanos;
  return html`
    <button
      class="price quiet" onClick=${() => showQuote()} data-test="price" title=${t("price.lines")}
      data-state=${isQuoting.value ? "asking" : "ready"} data-nanos=${expected.nanos} data-max=${max.nanos}
    >
      <b class="mono">${shown(expected.usd)}</b>
      <small>${isOpen ? html`${t("price.most")} <span class="mono">${shown(max.usd)}</span>` : t("price")}</small>
      <span class="sr">${t("price.lines")}</span>
    </button>
  `;
}

/** What is left, and a word when it is not enough: before anything is sent. */
export function Purse() {
  const purse = left.value;
  const refused = quoteProblem.value;
  if (isShort.value && purse && quote.value) {
    return html`<p class="warn" role="status" data-test="short">${t("price.short", {
      left: money(purse.nanos), most: shown(quote.value.max.usd), purse: nameOf(purse),
    })}</p>`;
  }
  if (refused && refused.status >= 400 && refused.status < 500 && refused.status !== 401 && refused.status !== 429) {
    return html`<p class="warn" role="status" data-test="unpriced">${refused.message}</p>`;
  }
  if (!purse) return null;
  return html`<p class="note left" data-test="left">${nameOf(purse)} <b class="mono">${money(purse.nanos)}</b></p>`;
}

/** @param {import("../state/price.js").Left} purse */
function nameOf({ of, span }) {
  return t(/** @type {import("../lib/words.js").Word} */ (span ? `left.${of}.${span}` : "left.balance"));
}
