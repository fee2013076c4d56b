// @ts-check
/** The table of what differs between two detectors, a row for each label. */

import { fill, h } from "../dom.js";
import { count, share, signed } from "../format.js";
import { titleOfFigures, titleOfWords, wideTable } from "../wide_table.js";

/** @typedef {import("./compared_scans.js").ChangedLabel} ChangedLabel */
/** @typedef {import("../facts.js").DetectorFacts} DetectorFacts */

const TITLES = [
  ["Threshold", "The score that makes a region; changing it here tries another one and leaves Review's as it is"],
  ["Regions", "Before and after"],
  ["Gained", "Regions where the detector before found nothing"],
  ["Lost", "Regions where the new one finds nothing"],
  ["Accepted found", "Of the spans that you accepted or drew, how many are found: before and after"],
  ["Rejected found", "Of the spans that you rejected, how many are still found: before and after. Fewer is better"],
  [
    "Average precision",
    "Of windows that were held out of training: before and after. The two were judged on different windows",
  ],
];

/**
 * @param {HTMLElement} container
 * @param {ChangedLabel[]} rows
 * @param {DetectorFacts | undefined} before
 * @param {DetectorFacts | undefined} after
 * @param {(label: string, value: number) => void} onThreshold
 */
export function comparisonTable(container, rows, before, after, onThreshold) {
  const active = document.activeElement;
  const focused = active instanceof HTMLInputElement && container.contains(active) ? active.name : null;
  fill(
    container,
    h(
      "div",
      { class: "table-scroll" },
      wideTable(
        [titleOfWords("Label"), ...TITLES.map(([title, hint]) => titleOfFigures(title, hint))],
        rows.map((row) => {
          const input = h("input", {
            type: "number",
            class: "threshold",
            name: row.label,
            min: "0",
            max: "1",
            step: "0.01",
            value: String(row.threshold),
            "aria-label": `Threshold of ${row.label}`,
          });
          input.addEventListener("change", () => {
            if (input.value !== "" && input.validity.valid) onThreshold(row.label, input.valueAsNumber);
          });
          return h(
            "tr",
            {},
            h("th", { scope: "row", class: "wrap" }, row.label),
            h("td", { class: "end" }, input),
            h(
              "td",
              { class: "end" },
              `${count(row.before)} → ${count(row.after)} `,
              h("span", { class: "change" }, `(${signed(row.after - row.before)})`),
            ),
            h("td", { class: "end" }, count(row.gained.length)),
            h("td", { class: "end" }, count(row.lost.length)),
            h("td", { class: "end" }, ofVerdicts(row.accepted, 1)),
            h("td", { class: "end" }, ofVerdicts(row.rejected, -1)),
            h("td", { class: "end" }, `${precisionOf(before, row.label)} → ${precisionOf(after, row.label)}`),
          );
        }),
      ),
    ),
  );
  if (focused !== null)
    for (const input of container.querySelectorAll("input")) if (input.name === focused) input.focus();
}

/**
 * @param {{of: number, before: number, after: number}} found
 * @param {1 | -1} better whether more are better, or fewer
 */
function ofVerdicts(found, better) {
  if (!found.of) return "–";
  const difference = (found.after - found.before) * better;
  const kind = difference > 0 ? "positive-text" : difference < 0 ? "negative-text" : null;
  return h(
    "span",
    { class: kind },
    `${found.before} → ${found.after} of ${found.of}${difference > 0 ? " ✓" : difference < 0 ? " !" : ""}`,
  );
}

/** @param {DetectorFacts | undefined} detector @param {string} label */
function precisionOf(detector, label) {
  return share(detector?.figures?.[label]?.average_precision, 2);
}
