// @ts-check
// The prompts of before, newest first: the arrow keys go through them as in a shell.

import { computed } from "../vendor/preact.js";
import { jobs } from "./jobs.js";
import { wish, wishes } from "./wishes.js";

/** Each once. They come with the history: nothing is kept in the browser. */
export const prompts = computed(() => [...new Set(jobs.value.map((job) => job.request.prompt).filter(Boolean))]);

/** How far back; −1 is what was being written. */
let at = -1;
let draft = "";

/** Go back (1) or forth (−1). @param {1 | -1} by @returns {boolean} whether there was a prompt to go to */
export function turnPrompt(by) {
  const { prompt } = wishes.peek();
  const list = prompts.peek();
  if (prompt !== (at < 0 ? draft : list[at])) [at, draft] = [-1, prompt]; // written on meanwhile
  // The prompt that stands in the box is not worth a step.
  let next = at + by;
  while (next >= 0 && next < list.length && list[next] === prompt) next += by;
  if (next < -1 || next >= list.length) return false;
  at = next;
  wish({ prompt: at < 0 ? draft : list[at] });
  return true;
}
