// @ts-check
/** Tables of held-out figures, with what each figure means in its tooltip. */

import { h } from "../dom.js";
import { share } from "../format.js";
import { titleOfFigures, titleOfWords, wideTable } from "../wide_table.js";

/** @type {[string, string, string][]} name of the figure, title, what it means */
const FIGURES = [
  [
    "average_precision",
    "Average precision",
    "Precision averaged over all recalls: 1 is perfect, chance is the share of windows with the sound",
  ],
  ["precision", "Precision", "Of the windows found at the threshold, the share that holds the sound"],
  ["recall", "Recall", "Of the windows with the sound, the share that is found at the threshold"],
  ["false_alarms_per_hour", "False alarms/h", "Places found without the sound, for each hour of judged audio"],
  ["roc_auc", "ROC AUC", "How often a window with the sound scores above one without: chance is 0.5"],
  [
    "expected_calibration_error",
    "Calibration error",
    "Mean gap between predicted probability and observed frequency: 0 is best",
  ],
];

/** @typedef {{name: import("../dom.js").Child, cells?: import("../dom.js").Child[], figures: Record<string, any> | null}} FigureRow */

/**
 * @param {string[]} leading titles of the first columns: the name's, then those of `cells`
 * @param {FigureRow[]} rows
 * @returns {HTMLElement}
 */
export function figuresTable(leading, rows) {
  const [name, ...others] = leading;
  return h(
    "div",
    { class: "table-scroll", tabindex: "0", role: "group", "aria-label": "Held-out figures" },
    wideTable(
      [
        titleOfWords(name),
        ...others.map((title) => titleOfFigures(title)),
        ...FIGURES.map(([, title, meaning]) => titleOfFigures(title, meaning)),
      ],
      rows.map((row) =>
        h(
          "tr",
          {},
          h("th", { scope: "row", class: "wrap" }, row.name),
          (row.cells ?? []).map((cell) => h("td", { class: "end" }, cell)),
          FIGURES.map(([name]) => h("td", { class: "end" }, figure(row.figures, name))),
        ),
      ),
    ),
  );
}

/**
 * @param {Record<string, any> | null} figures
 * @param {string} name
 * @returns {string}
 */
export function figure(figures, name) {
  if (!figures) return "–";
  if (name === "false_alarms_per_hour")
    return figures[name] === null || figures[name] === undefined ? "–" : figures[name].toFixed(1);
  const { average_precision_low: low, average_precision_high: high } = figures;
  const interval =
    name === "average_precision" && low !== null && low !== undefined ? ` (${share(low, 2)}–${share(high, 2)})` : "";
  return share(figures[name], interval ? 2 : 3) + interval;
}
