// @ts-check
// Money as the API counts it: whole nano-dollars in a BigInt, never a float.
//
// The API tells each amount twice, as `nanos` and as `usd`. JSON numbers lose digits beyond nine
// million dollars when JavaScript reads them, so that the text is what is read here.

const PLACES = 9;
const NANOS = 10n ** 9n;
const AMOUNT = /^(-?)(\d{1,12})(?:\.(\d{1,9}))?$/;

/** `"0.0078336"` dollars in nano-dollars. Throws for anything but an amount. @param {string} text */
export function nanosOf(text) {
  const found = AMOUNT.exec(text.trim());
  if (!found) throw new RangeError(`not an amount in dollars: ${text}`);
  const nanos = BigInt(found[2]) * NANOS + BigInt((found[3] ?? "").padEnd(PLACES, "0"));
  return found[1] ? -nanos : nanos;
}

/** Whether this is an amount that the API takes for a budget or a top-up. @param {string} text */
export function isAmount(text) {
  return AMOUNT.test(text.trim()) && !text.trim().startsWith("-");
}

/**
 * For display: `$1,234.0078336`. Without `places` the exact amount with two decimals at least, so
 * that amounts shown add up to the total shown; else so many decimals, rounded half up.
 * @param {bigint} nanos @param {number} [places]
 */
export function money(nanos, places) {
  const shown = places === undefined ? nanos : rounded(nanos, places);
  const size = shown < 0n ? -shown : shown;
  const whole = String(size / NANOS).replace(/\B(?=(\d{3})+$)/g, ",");
  const fraction = String(size % NANOS).padStart(PLACES, "0");
  const end = places === undefined ? fraction.replace(/0+$/, "").padEnd(2, "0") : fraction.slice(0, places);
  return `${shown < 0n ? "−" : ""}$${whole}${end && `.${end}`}`;
}

/** The same from the API's text. @param {string} usd @param {number} [places] */
export function shown(usd, places) {
  return money(nanosOf(usd), places);
}

/** With its sign, also when it is a plus. @param {string} usd */
export function signed(usd) {
  const nanos = nanosOf(usd);
  return nanos > 0n ? `+${money(nanos)}` : money(nanos);
}

/** @param {bigint[]} amounts */
export function sum(amounts) {
  return amounts.reduce((total, one) => total + one, 0n);
}

/** What one of `count` costs, rounded half up to a nano-dollar; null for none. @param {bigint} nanos @param {number} count */
export function each(nanos, count) {
  return count > 0 ? divided(nanos, BigInt(count)) : null;
}

/** How much of `whole` a part is, from 0 to 1, for drawing alone. @param {bigint} part @param {bigint} whole */
export function ratio(part, whole) {
  if (whole <= 0n) return part > 0n ? 1 : 0;
  const millionths = (part * 1_000_000n) / whole;
  return Math.min(1, Math.max(0, Number(millionths) / 1_000_000));
}

/** @param {bigint} nanos @param {number} places */
function rounded(nanos, places) {
  const step = 10n ** BigInt(PLACES - places);
  return divided(nanos, step) * step;
}

/** The quotient, halves rounded away from zero. @param {bigint} of @param {bigint} by above zero */
function divided(of, by) {
  const quotient = (2n * (of < 0n ? -of : of) + by) / (2n * by);
  return of < 0n ? -quotient : quotient;
}
