// @ts-check
/** A table of a few rows, as wide as its place, below the titles of its columns. */

import { h } from "./dom.js";

/**
 * @param {HTMLTableCellElement[]} titles
 * @param {HTMLTableRowElement[]} rows
 * @returns {HTMLTableElement}
 */
export function wideTable(titles, rows) {
  return h("table", { class: "wide" }, h("thead", {}, h("tr", {}, titles)), h("tbody", {}, rows));
}

/** @param {import("./dom.js").Child} title of a column of words */
export function titleOfWords(title) {
  return h("th", { scope: "col" }, title);
}

/**
 * @param {string} title of a column of figures, which are set to the right
 * @param {string} [hint] a tooltip
 */
export function titleOfFigures(title, hint) {
  return h("th", { scope: "col", class: "end", title: hint }, title);
}
