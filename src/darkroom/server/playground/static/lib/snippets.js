// @ts-check
// The same request as code that runs, in the words of each client that this server understands.

import { apiframeBody, apiframeCurl, apiframePython } from "./snippets-apiframe.js";
import { evolinkBody, evolinkCurl, evolinkPython } from "./snippets-evolink.js";
import { curl, javascript, openai, sdk } from "./snippets-openai.js";

/** @typedef {import("./types").Wish} Wish @typedef {import("./types").Wire} Wire */
/**
 * @typedef {{ wish: Wish, origin: string, links: string[], mask: string | null }} Request
 *   `links`: where each input image, and the mask, can be read from
 * @typedef {{ body: Record<string, any>, leftOut: string[] }} Said a body in another dialect, and the settings that it has no word for
 * @typedef {{ id: string, label: string, syntax: import("./highlight.js").Syntax, needs: string, dialect?: Dialect, make: (asked: Request, said: Said) => string }} Language
 * @typedef {{ quote: string, say: (asked: Request) => Said }} Dialect
 */

/** A dialect of others: its body is tried at its own quote before it is shown. @type {Dialect} */
const EVOLINK = { quote: "/evolink/v1/images/quote", say: evolinkBody };
/** @type {Dialect} */
const APIFRAME = { quote: "/v2/images/quote", say: apiframeBody };

/** @type {Language[]} */
export const LANGUAGES = [
  { id: "curl", label: "curl", syntax: "sh", needs: "", make: curl },
  { id: "openai", label: "Python · openai", syntax: "python", needs: "pip install openai", make: openai },
  { id: "sdk", label: "Python · darkroom", syntax: "python", needs: "pip install darkroom", make: sdk },
  { id: "javascript", label: "JS · openai", syntax: "js", needs: "npm install openai", make: javascript },
  { id: "evolink-curl", label: "EvoLink · curl", syntax: "sh", needs: "", dialect: EVOLINK, make: evolinkCurl },
  { id: "evolink-python", label: "EvoLink · Python", syntax: "python", needs: "pip install requests", dialect: EVOLINK, make: evolinkPython },
  { id: "apiframe-curl", label: "Apiframe · curl", syntax: "sh", needs: "", dialect: APIFRAME, make: apiframeCurl },
  { id: "apiframe-python", label: "Apiframe · Python", syntax: "python", needs: "pip install requests", dialect: APIFRAME, make: apiframePython },
];
