// @ts-check
// The time, once a second, for whatever counts it.

import { signal } from "../vendor/preact.js";

export const now = signal(Date.now());
setInterval(() => (now.value = Date.now()), 1_000);
