// @ts-check
// What belongs to this browser: the API key, the language, the theme.

import { effect, signal } from "../vendor/preact.js";

const KEY = "darkroom.key";
const LANGUAGE = "darkroom.language";
const THEME = "darkroom.theme";

/** The API key; empty when there is none. It lives as long as the tab. */
export const key = signal(keyFromAddress() ?? sessionStorage.getItem(KEY) ?? "");
/** What the server said about a key that it refused. */
export const keyRefusal = signal("");

/** @type {import("../vendor/preact.js").Signal<"en" | "ko">} */
export const language = signal(document.documentElement.lang === "ko" ? "ko" : "en");
/** @type {import("../vendor/preact.js").Signal<"auto" | "light" | "dark">} */
export const theme = signal(
  /** @type {"auto" | "light" | "dark"} */ (document.documentElement.dataset.theme ?? "auto"),
);

/** @param {string} message */
export function keyRefused(message) {
  keyRefusal.value = message;
  key.value = "";
}

/** @param {string} given */
export function useKey(given) {
  keyRefusal.value = "";
  key.value = given.trim();
}

/** The key of `#key=…`, which then leaves the address bar and the tab's history. */
function keyFromAddress() {
  const found = new URLSearchParams(location.hash.slice(1)).get("key");
  if (found !== null) history.replaceState(null, "", location.pathname + location.search);
  return found || null;
}

addEventListener("hashchange", () => {
  const found = keyFromAddress();
  if (found) useKey(found);
});

effect(() => {
  if (key.value) sessionStorage.setItem(KEY, key.value);
  else sessionStorage.removeItem(KEY);
});
effect(() => {
  document.documentElement.lang = language.value;
});
effect(() => {
  if (theme.value === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme.value;
});

/** @param {"en" | "ko"} chosen */
export function speak(chosen) {
  language.value = chosen;
  localStorage.setItem(LANGUAGE, chosen);
}

/** @param {"auto" | "light" | "dark"} chosen */
export function light(chosen) {
  theme.value = chosen;
  localStorage.setItem(THEME, chosen);
}
