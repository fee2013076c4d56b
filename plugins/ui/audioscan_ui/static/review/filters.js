// @ts-check
/** Which rows are shown. */

/** @typedef {import("./rows.js").Row} Row */

/**
 * @typedef {object} Filters
 * @property {string} verdict a name of VERDICTS
 * @property {string} label only this one; all where empty
 */

/** @type {{name: string, label: string, passes: (row: Row) => boolean}[]} */
export const VERDICTS = [
  { name: "all", label: "All", passes: () => true },
  { name: "todo", label: "To do", passes: (row) => row.verdict === null },
  { name: "accepted", label: "Accepted", passes: (row) => row.verdict === "positive" && !row.relabelled },
  { name: "rejected", label: "Rejected", passes: (row) => row.verdict === "absent" },
  { name: "unsure", label: "Unsure", passes: (row) => row.verdict === "soft" },
  { name: "relabelled", label: "Relabelled", passes: (row) => row.relabelled !== null },
  { name: "drawn", label: "Drawn", passes: (row) => row.drawn },
];

/** @returns {Filters} */
export function noFilters() {
  return { verdict: "all", label: "" };
}

/**
 * @param {Row[]} rows
 * @param {Filters} filters
 * @returns {Row[]}
 */
export function filtered(rows, filters) {
  const verdict = VERDICTS.find(({ name }) => name === filters.verdict) ?? VERDICTS[0];
  if (verdict.name === "all" && !filters.label) return rows;
  return rows.filter((row) => verdict.passes(row) && (!filters.label || row.label === filters.label || row.relabelled === filters.label));
}
