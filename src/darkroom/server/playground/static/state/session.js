// @ts-check
// What belongs to this browser: who is signed in, the language, the theme. Keys are never kept
// here: they, and links that sign in, are exchanged for a cookie that no script can read.

import { batch, computed, effect, signal } from "../vendor/preact.js";

/**
 * @typedef {{
 *   id: string | null, role: "admin" | "user",
 *   key: { id: string, name: string, hint: string, scopes: string[], dialect: string, expires_at: string | null },
 *   account: { id: string, name: string },
 *   created_at: string | null, expires_at: string | null, idle_expires_at: string | null,
 * }} Session
 */

const PATH = "/v1/session";
/** Sent with every request: another site's page could not. */
export const OURS = { "x-darkroom-session": "1" };
const LANGUAGE = "darkroom.language";
const THEME = "darkroom.theme";
const SIGNED_IN = "darkroom.signed-in";

/** Who is signed in; null: nobody, or not known yet. @type {import("../vendor/preact.js").Signal<Session | null>} */
export const session = signal(null);
/** @type {import("../vendor/preact.js").Signal<"unknown" | "in" | "out">} */
export const sessionState = signal("unknown");
export const signedIn = computed(() => session.value !== null);
export const isAdmin = computed(() => session.value?.role === "admin");
/** Why nobody is: what was refused. @type {import("../vendor/preact.js").Signal<"" | "key" | "token" | "busy" | "failed" | "ended">} */
export const refusal = signal("");

/** @type {import("../vendor/preact.js").Signal<"en" | "ko">} */
export const language = signal(document.documentElement.lang === "ko" ? "ko" : "en");
/** @type {import("../vendor/preact.js").Signal<"auto" | "light" | "dark">} */
export const theme = signal(
  /** @type {"auto" | "light" | "dark"} */ (document.documentElement.dataset.theme ?? "auto"),
);

/** @typedef {{ key: string } | { token: string }} Credential */

let turn = 0;

/** @param {Credential} credential @returns {Promise<boolean>} whether it was taken */
export function signIn(credential) {
  const kind = "key" in credential ? "key" : "token";
  return ask(kind, {
    method: "POST",
    headers: { ...OURS, "content-type": "application/json" },
    body: JSON.stringify(credential),
  });
}

export async function signOut() {
  turn++;
  settle(null);
  await fetch(PATH, { method: "DELETE", headers: OURS }).catch(() => {});
}

/** The server no longer knows the session that a request was sent with. @param {Session | null} used */
export function sessionEnded(used) {
  if (used && session.peek() === used) settle(null, "ended");
}

/** A later question overtakes an earlier one. @param {"" | "key" | "token"} kind @param {RequestInit} request */
async function ask(kind, request) {
  const mine = ++turn;
  let found = null;
  let status = 0;
  try {
    const response = await fetch(PATH, { credentials: "same-origin", ...request });
    status = response.status;
    if (response.ok) found = await response.json();
  } catch {
    // Not reached: told like any other failure.
  }
  if (mine !== turn) return false;
  if (found || status === 401) settle(found, found ? "" : kind);
  else settle(null, status === 429 ? "busy" : "failed");
  return found !== null;
}

/** @param {Session | null} found @param {typeof refusal.value} [why] */
function settle(found, why = "") {
  remember(found !== null);
  batch(() => {
    refusal.value = why;
    session.value = found;
    sessionState.value = found ? "in" : "out";
  });
}

/** Scripts cannot see the cookie. Without this the page would ask, and be refused, at every visit. @param {boolean} signedIn */
function remember(signedIn) {
  try {
    if (signedIn) localStorage.setItem(SIGNED_IN, "1");
    else localStorage.removeItem(SIGNED_IN);
  } catch {
    // Where nothing can be stored the page asks.
  }
}

function mayBeSignedIn() {
  try {
    return localStorage.getItem(SIGNED_IN) !== null;
  } catch {
    return true;
  }
}

/** What signs in, from `#token=…` or `#key=…`: it leaves the address bar and the tab's history. @returns {Credential | null} */
function fromAddress() {
  const said = new URLSearchParams(location.hash.slice(1));
  const [token, key] = [said.get("token"), said.get("key")];
  if (token === null && key === null) return null;
  history.replaceState(null, "", location.pathname + location.search);
  if (token) return { token };
  return key ? { key } : null;
}

const given = fromAddress();
if (given) void signIn(given);
else if (mayBeSignedIn()) void ask("", { headers: OURS });
else settle(null);
addEventListener("hashchange", () => {
  const credential = fromAddress();
  if (credential) void signIn(credential);
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
