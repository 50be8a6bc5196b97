// @ts-check
// Colours code a little: comments, texts, words of the language, numbers.

/** @typedef {"sh" | "python" | "js"} Syntax @typedef {[kind: string, text: string]} Token `kind` is empty for plain text */

const STRINGS = '"(?:[^"\\\\]|\\\\.)*"|\'(?:[^\'\\\\]|\\\\.)*\'';
const NUMBER = "\\b\\d[\\d_.]*\\b";
/** @type {Record<Syntax, RegExp>} */
const GRAMMARS = {
  sh: grammar("#.*", `'[^']*'|"(?:[^"\\\\]|\\\\.)*"`, "for|in|do|done|while|until|case|esac|if|then|else|fi|curl|grep|cut|xargs|sleep|echo|export|exit|break"),
  python: grammar("#.*", STRINGS, "import|from|as|for|in|while|if|elif|else|with|raise|not|and|or|True|False|None|def|return|break"),
  js: grammar("//.*", `${STRINGS}|\`(?:[^\`\\\\]|\\\\.)*\``, "import|from|const|let|new|await|async|for|of|while|if|else|throw|return|true|false|null|break|do"),
};

/** @param {string} comments @param {string} strings @param {string} words */
function grammar(comments, strings, words) {
  return new RegExp(`(?<string>${strings})|(?<comment>(?<![^\\s;])(?:${comments}))|(?<word>(?<![\\w./$-])(?:${words})(?![\\w./-]))|(?<number>${NUMBER})`, "g");
}

/** The text cut into tokens; together they are the text again. @param {string} text @param {Syntax} syntax @returns {Token[]} */
export function tokens(text, syntax) {
  /** @type {Token[]} */
  const found = [];
  let at = 0;
  for (const match of text.matchAll(GRAMMARS[syntax])) {
    if (match.index > at) found.push(["", text.slice(at, match.index)]);
    const kind = Object.entries(match.groups ?? {}).find(([, value]) => value !== undefined)?.[0] ?? "";
    found.push([kind, match[0]]);
    at = match.index + match[0].length;
  }
  if (at < text.length) found.push(["", text.slice(at)]);
  return found;
}
