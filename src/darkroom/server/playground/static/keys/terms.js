// @ts-check
// What is special about a key, in words: its routes, its prices, its limits.

import { shown } from "../lib/money.js";
import { maybe, t } from "../lib/words.js";

/** @typedef {import("../lib/account").Key} Key */

/** One line for each thing that is not as usual. @param {Key} key */
export function termsOf(key) {
  return [...routes(key.policy), ...prices(key), ...limits(key)];
}

/** @param {import("../lib/account").Policy} policy */
function routes(policy) {
  const list = (/** @type {string[] | null} */ names) => names?.join(", ") ?? "";
  return [
    policy.order !== "cheapest" && t(`keys.order.${policy.order}`),
    policy.pinned && t("keys.pinned.of", { name: policy.pinned }),
    policy.prefer && t("keys.prefer.of", { names: list(policy.prefer) }),
    policy.deployments && t("keys.only.of", { names: list(policy.deployments) }),
    policy.models && t("keys.models.of", { names: list(policy.models) }),
    policy.default_model && t("keys.default.of", { name: policy.default_model }),
    !policy.successors && t("keys.no-successors"),
    !policy.emulate && t("keys.no-emulate"),
    policy.after_refusal && t("keys.after-refusal"),
  ].filter((one) => typeof one === "string");
}

/** @param {Key} key */
function prices(key) {
  return [
    key.price_multiplier !== "1" && t("keys.multiplier.of", { factor: key.price_multiplier }),
    key.price_per_image_usd !== null && t("keys.per-image.of", { price: shown(key.price_per_image_usd) }),
  ].filter((one) => typeof one === "string");
}

/** Those that the server has and this page knows. @param {Key} key */
function limits(key) {
  return Object.entries(key.limits).flatMap(([name, most]) => {
    const words = maybe(`keys.limit.${name}`);
    if (!words || most === null) return [];
    return [t("keys.limit.of", { what: words, n: most ? most.toLocaleString() : t("keys.no-limit") })];
  });
}
