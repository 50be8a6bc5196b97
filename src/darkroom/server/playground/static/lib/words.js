// @ts-check
// The interface's words in the chosen language.

import { language, speak } from "../state/session.js";

/** @typedef {"en" | "ko"} Language */
/**
 * Each area of the page has a module of words per language, `words/keys.ko.js`; those of an area
 * are fetched with it.
 * @typedef {keyof typeof import("../words/studio.en.js").words
 *   | keyof typeof import("../words/history.en.js").words
 *   | keyof typeof import("../words/explore.en.js").words
 *   | keyof typeof import("../words/compare.en.js").words
 *   | keyof typeof import("../words/mask.en.js").words
 *   | keyof typeof import("../words/usage.en.js").words
 *   | keyof typeof import("../words/keys.en.js").words
 *   | keyof typeof import("../words/deployments.en.js").words} Word
 * @typedef {Record<string, string>} Table
 */

/** @type {Record<Language, Table>} */
const tables = { en: {}, ko: {} };
/** Areas whose words are wanted, in whatever language is spoken. */
const areas = new Set(["studio"]);
await fetchAll(language.peek()); // boot.js asks for it early

/** The words of one area, before it is shown. @param {string} area */
export async function loadWords(area) {
  areas.add(area);
  await fetchWords(area, language.peek());
}

/** Speak another language from now on. @param {Language} chosen */
export async function change(chosen) {
  await fetchAll(chosen);
  speak(chosen);
}

/** @param {Language} chosen */
async function fetchAll(chosen) {
  await Promise.all([...areas].map((area) => fetchWords(area, chosen)));
}

/** Only the language that is spoken is loaded. @param {string} area @param {Language} chosen */
async function fetchWords(area, chosen) {
  Object.assign(tables[chosen], (await import(`../words/${area}.${chosen}.js`)).words);
}

/**
 * The text of a word, with `{name}` filled in. Components that call it follow the language.
 * @param {Word} word
 * @param {Record<string, string | number>} [values]
 */
export function t(word, values) {
  const text = tables[language.value][word] ?? word;
  return values ? text.replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? "")) : text;
}

/** The text of a word that may not exist, such as one made from an error code. @param {string} word */
export function maybe(word) {
  return word in tables[language.value] ? t(/** @type {Word} */ (word)) : null;
}

/** @param {number} ms */
export function duration(ms) {
  if (ms > 0 && ms < 1_000) return t("time.ms", { ms: Math.round(ms) });
  const s = ms / 1000;
  if (s < 60) return t("time.s", { s: s < 10 ? s.toFixed(1) : Math.round(s) });
  return t("time.min", { min: Math.floor(s / 60), s: Math.round(s % 60) });
}

/** Time left until an RFC 3339 time, in two units at most. @param {string} until @param {number} now */
export function left(until, now) {
  const min = Math.floor((Date.parse(until) - now) / 60_000);
  if (min <= 0) return null;
  if (min < 60) return t("left.min", { min });
  return min < 48 * 60
    ? t("left.h", { h: Math.floor(min / 60), min: min % 60 })
    : t("left.d", { d: Math.floor(min / 1440) });
}

/** @param {string} at */
export function clock(at) {
  const time = new Date(at);
  const today = new Date().toDateString() === time.toDateString();
  const options = /** @type {Intl.DateTimeFormatOptions} */ (
    today
      ? { hour: "2-digit", minute: "2-digit", hour12: false }
      : { month: "short", day: "numeric" }
  );
  return new Intl.DateTimeFormat(language.value, options).format(time);
}

/** @param {number} bytes */
export function weight(bytes) {
  return bytes < 1e6 ? `${Math.max(1, Math.round(bytes / 1e3))} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

/** @param {string} size */
export function nice(size) {
  return size.replace("x", "×");
}
