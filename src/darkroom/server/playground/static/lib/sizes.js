// @ts-check
// What a model's size rule says of a size, and the nearest size that it makes itself.

/** @typedef {import("./types").SizeRule} SizeRule */

// The server takes sizes within these bounds and crops; beyond them it refuses (catalog/check.py).
const EDGE_MIN = 64;
const EDGE_MAX = 8192;
const RATIO_MAX = 8;

const USUAL = [
  "1024x1024", "1536x1024", "1024x1536", "2048x1152", "1152x2048", "3840x2160", "2048x2048",
];
const LISTED_MAX = 10;
const SHOWN_MAX = 6;

/** @param {string} text @returns {[number, number] | null} */
export function parse(text) {
  const match = /^\s*(\d{1,5})\s*[x×]\s*(\d{1,5})\s*$/i.exec(text);
  return match && Number(match[1]) && Number(match[2]) ? [Number(match[1]), Number(match[2])] : null;
}

/** Sizes worth a button: a short closed list whole, otherwise the usual ones. @param {SizeRule} rule */
export function presets(rule) {
  if (rule.fixed && rule.fixed.length <= LISTED_MAX) return rule.fixed;
  const usual = USUAL.filter((text) => {
    const size = parse(text);
    return size && !problems(rule, ...size).length;
  });
  return [...new Set([...usual, ...(rule.fixed ?? [])])].slice(0, SHOWN_MAX);
}

/**
 * Why the model does not make this size itself; empty when it does.
 * @param {SizeRule} rule @param {number} width @param {number} height
 * @returns {("listed" | "multiple" | "edge" | "ratio" | "small" | "large")[]}
 */
export function problems(rule, width, height) {
  if (rule.fixed) return rule.fixed.includes(`${width}x${height}`) ? [] : ["listed"];
  const long = Math.max(width, height);
  const pixels = width * height;
  /** @type {("multiple" | "edge" | "ratio" | "small" | "large")[]} */
  const found = [];
  if (width % (rule.multiple ?? 1) || height % (rule.multiple ?? 1)) found.push("multiple");
  if (long > (rule.max_edge ?? Infinity)) found.push("edge");
  if (long / Math.min(width, height) > (rule.max_ratio ?? Infinity)) found.push("ratio");
  if (pixels < (rule.min_pixels ?? 0)) found.push("small");
  if (pixels > (rule.max_pixels ?? Infinity)) found.push("large");
  return found;
}

/** Whether nothing can make this size, cropped or not. @param {number} width @param {number} height */
export function impossible(width, height) {
  const long = Math.max(width, height);
  const short = Math.min(width, height);
  return !(short >= EDGE_MIN && long <= EDGE_MAX && long / short <= RATIO_MAX);
}

/**
 * The size nearest to the wished one that the model makes itself.
 * @param {SizeRule} rule @param {number} width @param {number} height @returns {string}
 */
export function nearest(rule, width, height) {
  if (rule.fixed) return nearestListed(rule.fixed, width / height, width * height);
  const step = rule.multiple || 1;
  const most = rule.max_ratio || Infinity;
  const ratio = Math.min(most, Math.max(1 / most, width / height || 1));
  const area = Math.min(
    rule.max_pixels || Infinity,
    Math.max(rule.min_pixels || 0, width * height || 0),
    ratio >= 1 ? (rule.max_edge || Infinity) ** 2 / ratio : (rule.max_edge || Infinity) ** 2 * ratio,
  );
  // Around the ideal point of the grid, the first that keeps every rule.
  const w = Math.round(Math.sqrt(area * ratio) / step);
  const h = Math.round(Math.sqrt(area / ratio) / step);
  for (let ring = 0; ring <= 4; ring++) {
    for (let dw = -ring; dw <= ring; dw++) {
      for (let dh = -ring; dh <= ring; dh++) {
        if (Math.max(Math.abs(dw), Math.abs(dh)) !== ring) continue;
        const [x, y] = [(w + dw) * step, (h + dh) * step];
        if (x > 0 && y > 0 && !problems(rule, x, y).length) return `${x}x${y}`;
      }
    }
  }
  return rule.default;
}

/** @param {string[]} sizes @param {number} ratio @param {number} area */
function nearestListed(sizes, ratio, area) {
  const distance = (/** @type {string} */ text) => {
    const [w, h] = parse(text) ?? [1, 1];
    return 4 * Math.abs(Math.log(w / h / ratio)) + Math.abs(Math.log((w * h) / area));
  };
  return sizes.reduce((best, size) => (distance(size) < distance(best) ? size : best));
}

/** "3:2" and the like, for a label. @param {number} width @param {number} height */
export function aspect(width, height) {
  const known = [[1, 1], [3, 2], [2, 3], [4, 3], [3, 4], [16, 9], [9, 16], [5, 4], [4, 5], [21, 9], [2, 1], [1, 2]];
  const near = known.find(([w, h]) => Math.abs(Math.log(width / height / (w / h))) < 0.02);
  return near ? near.join(":") : `${(width / height).toFixed(2)}:1`;
}
