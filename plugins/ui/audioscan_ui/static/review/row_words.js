// @ts-check
/** How a row and a label look: a sign, a word and a colour, so that no colour alone says anything. */

/** @typedef {import("./rows.js").Row} Row */

const LABEL_COLOURS = 8;

/** @type {Record<string, [string, string]>} */
const VERDICTS = {
  positive: ["✓", "accepted"],
  absent: ["✗", "rejected"],
  soft: ["?", "unsure"],
  todo: ["", "to do"],
};

/**
 * @param {Row} row
 * @returns {string}
 */
export function signOf(row) {
  return row.relabelled ? "→" : VERDICTS[row.verdict ?? "todo"][0];
}

/**
 * @param {Row} row
 * @returns {string}
 */
export function wordOf(row) {
  return row.relabelled ? `relabelled as ${row.relabelled}` : VERDICTS[row.verdict ?? "todo"][1];
}

/**
 * The colour of a label; they repeat after eight.
 *
 * @param {number} index among the labels of the model; -1 for one that is not there
 * @returns {string} for a style
 */
export function colourOf(index) {
  return `var(--label-${index < 0 ? LABEL_COLOURS : (index % LABEL_COLOURS) + 1})`;
}
