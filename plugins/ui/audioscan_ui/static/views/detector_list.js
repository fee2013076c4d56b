// @ts-check
/** All detectors of the session, with what can be done with each. None is ever overwritten. */

import { fill, h, whenNew } from "../dom.js";
import { share } from "../format.js";
import { startJob } from "../jobs.js";
import { attempt } from "../messages.js";
import { postJson } from "../server.js";
import { store } from "../store.js";
import { show } from "../tabs.js";
import { titleOfFigures, titleOfWords, wideTable } from "../wide_table.js";

/** @typedef {import("../facts.js").DetectorFacts} DetectorFacts */

/** @returns {{element: HTMLElement, draw(): void}} */
export function detectorList() {
  const content = h("div", { class: "table-scroll" });
  const element = h("section", { class: "card" }, h("h2", {}, "Detectors"), content);
  const draw = whenNew(
    () => [store.state.detectors, store.setting("detector", null), store.state.recordings.length],
    () => {
      const { detectors } = store.state;
      element.hidden = !detectors.length;
      const recordings = store.state.recordings.filter((each) => !each.problem).length;
      fill(
        content,
        wideTable(
          [
            titleOfWords("Detector"),
            titleOfWords("Model"),
            titleOfWords("Labels"),
            titleOfFigures("AP", "Average precision of held-out windows, mean over the labels"),
            titleOfFigures("Scanned", "Recordings that were scanned by it"),
            titleOfWords(h("span", { class: "hidden-text" }, "What can be done")),
          ],
          [...detectors].reverse().map((detector) => row(detector, recordings)),
        ),
      );
    },
  );
  store.subscribe(["state", "settings"], draw);
  draw();
  return { element, draw };
}

/** @param {DetectorFacts} detector @param {number} recordings */
function row(detector, recordings) {
  const isInUse = store.setting("detector", null) === detector.number;
  const { number, name, problem, dropped } = detector;
  return h(
    "tr",
    { class: dropped ? "is-dropped" : isInUse ? "is-chosen" : null },
    h(
      "th",
      { scope: "row" },
      name,
      isInUse && h("span", { class: "hint" }, " in use"),
      dropped && h("span", { class: "hint" }, " dropped"),
    ),
    h("td", {}, detector.model),
    h("td", { class: "wrap" }, problem ? h("span", { class: "negative-text" }, problem) : detector.labels.join(", ")),
    h("td", { class: "end" }, share(meanPrecision(detector))),
    h("td", { class: "end" }, `${detector.scanned} / ${recordings}`),
    h(
      "td",
      { class: "end" },
      h(
        "span",
        { class: "row-buttons" },
        !dropped &&
          !problem &&
          h(
            "button",
            {
              class: "small",
              title: `Scan all recordings by ${name}`,
              onclick: () => attempt(() => startJob({ kind: "scan", detector: number, recordings: "all", rate: null })),
            },
            "Scan",
          ),
        !dropped &&
          !problem &&
          h("button", { class: "small", title: `Review what ${name} finds`, onclick: () => review(number) }, "Review"),
        h(
          "button",
          {
            class: "small",
            title: dropped ? `Offer ${name} again` : `Offer ${name} no longer; its file stays`,
            onclick: () => drop(number, !dropped),
          },
          dropped ? "Bring back" : "Drop",
        ),
      ),
    ),
  );
}

/** @param {DetectorFacts} detector @returns {number | null} */
export function meanPrecision(detector) {
  const known = Object.values(detector.figures ?? {}).filter((figures) => figures !== null);
  return known.length ? known.reduce((sum, figures) => sum + figures.average_precision, 0) / known.length : null;
}

/** @param {number} number @param {boolean} dropped */
export function drop(number, dropped) {
  return attempt(() => postJson(`api/detectors/${number}/drop`, { dropped }));
}

/** @param {number} number */
function review(number) {
  store.keep("detector", number);
  show("review");
}
