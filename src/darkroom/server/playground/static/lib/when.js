// @ts-check
// Times as people say them, in the chosen language. Days of the ledger are UTC days.

import { language } from "../state/session.js";

const DAY_MS = 86_400_000;
/** @type {[Intl.RelativeTimeFormatUnit, number][]} */
const UNITS = [["day", DAY_MS], ["hour", 3_600_000], ["minute", 60_000]];

/** "2 hours ago", "in 3 days"; a date when it is more than a month away. @param {string} at RFC 3339 */
export function ago(at) {
  const away = Date.parse(at) - Date.now();
  if (Math.abs(away) > 30 * DAY_MS) return date(at);
  const relative = new Intl.RelativeTimeFormat(language.value, { numeric: "auto" });
  const found = UNITS.find(([, ms]) => Math.abs(away) >= ms);
  return found ? relative.format(Math.trunc(away / found[1]), found[0]) : relative.format(0, "second");
}

/** @param {string} at RFC 3339 */
export function date(at) {
  return new Intl.DateTimeFormat(language.value, { dateStyle: "medium" }).format(new Date(at));
}

/** @param {string} at RFC 3339 */
export function dateTime(at) {
  return new Intl.DateTimeFormat(language.value, { dateStyle: "medium", timeStyle: "short", hourCycle: "h23" }).format(new Date(at));
}

/** A day of the ledger. @param {string} day `2026-11-20` @param {boolean} [long] */
export function dayName(day, long = false) {
  /** @type {Intl.DateTimeFormatOptions} */
  const form = long ? { weekday: "short", month: "long", day: "numeric" } : { month: "short", day: "numeric" };
  return new Intl.DateTimeFormat(language.value, { ...form, timeZone: "UTC" }).format(new Date(`${day}T00:00:00Z`));
}

/** The UTC day so many days before today, `2026-11-20`. @param {number} back */
export function utcDay(back = 0) {
  return new Date(Date.now() - back * DAY_MS).toISOString().slice(0, 10);
}
