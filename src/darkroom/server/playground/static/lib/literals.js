// @ts-check
// Values as other languages write them.

/** A JSON value as a Python literal. @param {unknown} value @param {number} depth @returns {string} */
export function python(value, depth) {
  const pad = "    ".repeat(depth);
  if (value === null || value === undefined) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (Array.isArray(value)) {
    return `[\n${value.map((one) => `${pad}    ${python(one, depth + 1)},\n`).join("")}${pad}]`;
  }
  if (typeof value === "object") {
    const lines = Object.entries(value).map(
      ([name, one]) => `${pad}    ${JSON.stringify(name)}: ${python(one, depth + 1)},\n`,
    );
    return `{\n${lines.join("")}${pad}}`;
  }
  return JSON.stringify(value); // JSON's escapes of strings are Python's, too
}

/** Keyword arguments, a line each. @param {Record<string, unknown>} values @returns {string[]} */
export function keywords(values) {
  return Object.entries(values).map(([name, value]) => `    ${name}=${python(value, 1)},`);
}

/** JSON inside single quotes of a shell. @param {unknown} value */
export function shell(value) {
  return JSON.stringify(value, null, 2).replaceAll("'", "'\\''").replaceAll("\n", "\n  ");
}

/** The extension of the files that come. @param {string} format */
export function extension(format) {
  return format === "jpeg" ? "jpg" : format;
}
