// @ts-check
// The models that are served, and the chosen one with what it can do.

import { computed, signal } from "../vendor/preact.js";
import { get } from "../lib/api.js";
import { wishes } from "./wishes.js";

/** @typedef {import("../lib/types").Model} Model */

/** @type {import("../vendor/preact.js").Signal<Model[]>} */
export const models = signal([]);

export const model = computed(
  () => models.value.find((one) => one.id === wishes.value.model) ?? preferred(models.value),
);

/** What the chosen model can do; for a retired one, what its successor can. */
export const can = computed(() => {
  const chosen = model.value;
  if (!chosen) return null;
  const successor = chosen.darkroom.served_by_successor;
  const serving = models.value.find((one) => one.id === successor) ?? chosen;
  return serving.darkroom.capabilities;
});

export const allSandbox = computed(
  () => models.value.length > 0 && models.value.every((one) => one.darkroom.sandbox),
);

export async function loadModels() {
  models.value = (await get("/v1/models")).data;
}

/** @param {Model[]} served */
function preferred(served) {
  const alive = served.filter((one) => !one.darkroom.served_by_successor && !one.shutdown_date);
  return alive.find((one) => one.id === "gpt-image-2") ?? alive[0] ?? served[0] ?? null;
}

/** @param {string} id */
export function labelOf(id) {
  return models.value.find((one) => one.id === id)?.darkroom.label ?? id;
}
