// @ts-check
// A wish made ready to be shown as code: its images get links, other dialects are asked what they take.

import { Problem, get, post } from "../lib/api.js";
import { linkOfId } from "../lib/pictures.js";
import { LANGUAGES } from "../lib/snippets.js";

/** @typedef {import("../lib/types").Wish} Wish @typedef {import("../lib/snippets.js").Said} Said @typedef {import("../lib/snippets.js").Language} Language */
/** @typedef {{ text: string, leftOut: string[], refusal: string }} Snippet */

const PAGE = 100;
const PAGES_MAX = 5;
const TRIES = 8;

/** @param {Wish} wish @param {string} id of the language @returns {Promise<Snippet>} */
export async function snippetOf(wish, id) {
  const language = LANGUAGES.find((one) => one.id === id) ?? LANGUAGES[0];
  const needsLinks = language.dialect !== undefined || language.id === "sdk";
  const ids = wish.inputs.flatMap((input) => input.file_id ?? []);
  const links = needsLinks ? await linksOf([...ids, ...(wish.mask ? [wish.mask] : [])]) : new Map();
  const asked = {
    wish,
    origin: location.origin,
    links: wish.inputs.map((input) => input.image_url ?? links.get(input.file_id) ?? "https://…"),
    mask: wish.mask ? (links.get(wish.mask) ?? "https://…") : null,
  };
  if (!language.dialect) return { text: language.make(asked, { body: {}, leftOut: [] }), leftOut: [], refusal: "" };
  const { said, refusal } = await accepted(language.dialect.quote, language.dialect.say(asked));
  return { text: language.make(asked, said), leftOut: said.leftOut, refusal };
}

/** What the dialect does not take is left out, by the name that its own quote complains of. @param {string} path @param {Said} said */
async function accepted(path, said) {
  let { body, leftOut } = said;
  for (let tries = 0; tries < TRIES; tries++) {
    try {
      await post(path, body);
      return { said: { body, leftOut }, refusal: "" };
    } catch (error) {
      const problem = error instanceof Problem ? error.record : { message: String(error), param: null };
      const name = problem.param ?? "";
      const less = without(body, name.split("."));
      if (["", "model", "prompt"].includes(name) || !less) return { said: { body, leftOut }, refusal: problem.message };
      body = less;
      leftOut = [...leftOut, name.split(".").at(-1) ?? name];
    }
  }
  return { said: { body, leftOut }, refusal: "" };
}

/** A body without one field; null when it has none of that name. @param {Record<string, any>} body @param {string[]} path @returns {Record<string, any> | null} */
function without(body, [first, ...rest]) {
  if (!(first in body)) return null;
  const { [first]: value, ...others } = body;
  if (!rest.length) return others;
  if (typeof value !== "object" || value === null || Array.isArray(value)) return others;
  const less = without(value, rest);
  return less && (Object.keys(less).length ? { ...others, [first]: less } : others);
}

/** Links of stored images: of results as the jobs tell them, of uploads as the list of files does. @param {string[]} ids @returns {Promise<Map<string, string>>} */
async function linksOf(ids) {
  const found = new Map(ids.flatMap((id) => (linkOfId(id) ? [/** @type {[string, string]} */ ([id, linkOfId(id)])] : [])));
  for (let page = 1; page <= PAGES_MAX && ids.some((id) => !found.has(id)); page++) {
    const answer = await get(`/api/v1/files/list?page=${page}&pageSize=${PAGE}`).catch(() => null);
    const files = answer?.data?.files ?? [];
    for (const file of files) if (ids.includes(file.file_id)) found.set(file.file_id, file.file_url);
    if (files.length < PAGE) break;
  }
  return found;
}
