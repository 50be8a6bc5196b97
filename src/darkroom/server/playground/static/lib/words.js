// @ts-check
// The interface's words in the chosen language.

import { language, speak } from "../state/session.js";

/** @typedef {keyof typeof import("../words/en.js").en} Word */
/** @typedef {Record<Word, string>} Table */

/** @type {Record<"en" | "ko", () => Promise<Table>>} */
const LANGUAGES = {
  en: async () => (await import("../words/en.js")).en,
  ko: async () => (await import("../words/ko.js")).ko,
};
/** @type {Partial<Record<"en" | "ko", Table>>} */
const tables = {};
await load(language.peek()); // boot.js asks for it early

/** Only the language that is spoken is loaded. @param {"en" | "ko"} chosen */
async function load(chosen) {
  tables[chosen] ??= await LANGUAGES[chosen]();
}

/** Speak another language from now on. @param {"en" | "ko"} chosen */
export async function change(chosen) {
  await load(chosen);
  speak(chosen);
}

/**
 * The text of a word, with `{name}` filled in. Components that call it follow the language.
 * @param {Word} word
 * @param {Record<string, string | number>} [values]
 */
export function t(word, values) {
  const text = /** @type {Table} */ (tables[language.value])[word];
  return values ? text.replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? "")) : text;
}

/** The text of a word that may not exist, such as one made from an error code. @param {string} word */
export function maybe(word) {
  return word in /** @type {Table} */ (tables[language.value]) ? t(/** @type {Word} */ (word)) : null;
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
