// @ts-check
/** How often what was found was right, by score: a table and a diagram of one detector and label. */

import { fill, h } from "../dom.js";
import { reliabilityDiagram } from "../charts/reliability.js";
import { share } from "../format.js";
import { grouped } from "../grouped.js";
import { attempt } from "../messages.js";
import { getJson } from "../server.js";
import { store } from "../store.js";
import { titleOfFigures, titleOfWords, wideTable } from "../wide_table.js";

/**
 * @typedef {object} PrecisionRow
 * @property {number | null} detector
 * @property {string} label
 * @property {number} score_from
 * @property {number} score_to
 * @property {number} accepted
 * @property {number} rejected
 * @property {number} unsure
 * @property {number | null} precision
 * @property {number | null} low end of the 95 % interval
 * @property {number | null} high
 */

/** @returns {{element: HTMLElement, load(): Promise<void>}} */
export function precisionTable() {
  const which = h("select", { id: "precision-of", title: "Detector and label", onchange: () => draw() });
  const content = h("div", { class: "stack" });
  const diagram = reliabilityDiagram("the verdicts", { across: "score", up: "share accepted", unit: "regions" });
  const figure = h("figure", { class: "diagram" }, diagram.element);
  const chooser = h("div", { class: "field" }, h("label", { class: "field-name", for: which.id }, "Detector"), which);
  const element = h(
    "section",
    { class: "card stack" },
    h("h2", {}, "Precision by score"),
    chooser,
    h("div", { class: "precision-view" }, content, figure),
  );
  /** @type {PrecisionRow[]} */
  let rows = [];

  function draw() {
    const groups = grouped(rows, keyOf);
    const chosen = groups.get(which.value) ?? mostJudged([...groups.values()]);
    chooser.hidden = !chosen;
    figure.hidden = !chosen;
    if (!chosen) {
      fill(
        content,
        h(
          "p",
          { class: "muted" },
          "Once you accept and reject what a detector found, you see here how often it was right at which score.",
        ),
      );
      return;
    }
    fill(
      which,
      [...groups].map(([key, group]) => h("option", { value: key, selected: group === chosen }, titleOf(group[0]))),
    );
    const [all, ...bins] = chosen;
    fill(
      content,
      tableOf(all, bins),
      h(
        "p",
        { class: "hint" },
        "Of the regions that were judged; intervals of 95 % by Wilson's method. In the order Mixed a line of some scores is fair to all regions of these scores; the last line is fair only where all regions were judged.",
      ),
    );
    diagram.show(
      titleOf(all),
      bins.map((bin) => ({
        low: bin.score_from,
        high: bin.score_to,
        windows: bin.accepted + bin.rejected,
        predicted: (bin.score_from + bin.score_to) / 2,
        observed: bin.precision,
        interval: bin.low === null || bin.high === null ? undefined : [bin.low, bin.high],
      })),
    );
  }
  return {
    element,
    async load() {
      const answer = await attempt(() => getJson("api/results/precision"));
      if (!answer) return;
      rows = answer.rows;
      draw();
    },
  };
}

/** @param {PrecisionRow[][]} groups each with the row of all scores first */
function mostJudged(groups) {
  const judged = (/** @type {PrecisionRow[]} */ [all]) => all.accepted + all.rejected;
  return groups.reduce(
    (/** @type {PrecisionRow[] | undefined} */ most, group) => (most && judged(most) > judged(group) ? most : group),
    undefined,
  );
}

/** @param {PrecisionRow} row */
function keyOf(row) {
  return JSON.stringify([row.detector, row.label]);
}

/** @param {PrecisionRow} row */
function titleOf(row) {
  const detector =
    row.detector === null ? "another detector" : (store.detector(row.detector)?.name ?? `detector ${row.detector}`);
  return `${detector} · ${row.label}`;
}

/** @param {PrecisionRow} all @param {PrecisionRow[]} bins */
function tableOf(all, bins) {
  const cells = (/** @type {PrecisionRow} */ row) => [
    h("td", { class: "end" }, String(row.accepted)),
    h("td", { class: "end" }, String(row.rejected)),
    h("td", { class: "end" }, String(row.unsure)),
    h("td", { class: "end" }, share(row.precision, 2)),
    h("td", { class: "end muted" }, row.low === null ? "–" : `${share(row.low, 2)}–${share(row.high, 2)}`),
  ];
  return h(
    "div",
    { class: "table-scroll" },
    wideTable(
      [
        titleOfWords("Score"),
        ...["Accepted", "Rejected", "Unsure", "Precision", "95 % interval"].map((title) => titleOfFigures(title)),
      ],
      [
        ...[...bins]
          .reverse()
          .map((row) =>
            h(
              "tr",
              {},
              h("th", { scope: "row" }, `${row.score_from.toFixed(1)}–${row.score_to.toFixed(1)}`),
              cells(row),
            ),
          ),
        h("tr", { class: "sum" }, h("th", { scope: "row" }, "all"), cells(all)),
      ],
    ),
  );
}
