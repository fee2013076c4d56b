// @ts-check
/** The orders in which rows are looked at. None of them depends on verdicts, so that judging moves nothing. */

/** @typedef {import("./rows.js").Row} Row */

/** @type {{name: string, label: string, title: string}[]} */
export const ORDERS = [
  { name: "time", label: "Time", title: "By recording and time" },
  { name: "score", label: "Score", title: "The highest probability first" },
  { name: "unsure", label: "Least sure", title: "Probabilities near 0.5 first: each of these verdicts teaches the detector most" },
  { name: "mixed", label: "Mixed", title: "From every tenth of the scores in turn: the precision of those that were judged in a tenth is fair to all of it" },
  { name: "suggest", label: "Suggested", title: "What was suggested, and what sounds like a span, in the order of the suggestions" },
];

/** Parts of the scores that "mixed" takes from in turn. */
const PARTS = 10;

/**
 * The rows in an order.
 *
 * @param {Row[]} rows
 * @param {string} order a name of ORDERS
 * @returns {Row[]} a new array
 */
export function ordered(rows, order) {
  if (order === "score") return [...rows].sort((a, b) => scoreOf(b) - scoreOf(a) || byTime(a, b));
  if (order === "unsure") return [...rows].sort((a, b) => distance(a) - distance(b) || byTime(a, b));
  if (order === "mixed") return mixed(rows);
  if (order === "suggest") return [...rows];
  return [...rows].sort(byTime);
}

/**
 * @param {Row} a
 * @param {Row} b
 */
export function byTime(a, b) {
  return a.recording - b.recording || a.start - b.start || a.labelIndex - b.labelIndex || a.end - b.end;
}

/** @param {Row} row */
function scoreOf(row) {
  return row.score ?? -1;
}

/** @param {Row} row */
function distance(row) {
  return row.score === null ? 1 : Math.abs(row.score - 0.5);
}

/**
 * Of each tenth of the scores in turn, in an order within it that says nothing about the score.
 *
 * @param {Row[]} rows
 * @returns {Row[]}
 */
function mixed(rows) {
  /** @type {Row[][]} */
  const parts = Array.from({ length: PARTS + 1 }, () => []);
  for (const row of rows) parts[row.score === null ? PARTS : Math.min(PARTS - 1, Math.floor(row.score * PARTS))].push(row);
  const shuffled = parts.map((part) => part.map((row) => ({ row, at: scattered(row) })).sort((a, b) => a.at - b.at));
  const result = [];
  const longest = Math.max(...parts.map((part) => part.length));
  for (let turn = 0; turn < longest; turn++) {
    for (let part = PARTS - 1; part >= 0; part--) if (shuffled[part].length > turn) result.push(shuffled[part][turn].row);
  }
  return result.concat(shuffled[PARTS].map(({ row }) => row));
}

/**
 * A number that looks random and is the same each time: Knuth's multiplicative hash of the place.
 *
 * @param {Row} row
 */
function scattered(row) {
  const place = Math.round(row.start * 100) + row.recording * 7919 + row.labelIndex * 104729;
  return Math.imul(place ^ (place >>> 15), 2654435761) >>> 0;
}
