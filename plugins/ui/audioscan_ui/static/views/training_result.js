// @ts-check
/** What came of the last training: figures of windows that were held out, notes, and what to do with the detector. */

import { fill, h, whenNew } from "../dom.js";
import { count } from "../format.js";
import { lastJob, startJob } from "../jobs.js";
import { button } from "../keys.js";
import { attempt } from "../messages.js";
import { store } from "../store.js";
import { show } from "../tabs.js";
import { figuresTable } from "./figures_table.js";
import { notesOf } from "./notes_list.js";

/** @returns {{element: HTMLElement, draw(): void}} */
export function trainingResult() {
  const content = h("div", { class: "stack" });
  let number = 0;
  const scan = button(
    "Scan all recordings",
    "S",
    () => attempt(() => startJob({ kind: "scan", detector: number, recordings: "all", rate: null })),
    {
      title: "Let the detector look for its sounds in all recordings",
      className: "primary",
      group: "Train",
    },
  );
  const review = button(
    "Review",
    "V",
    () => {
      store.keep("detector", number);
      show("review");
    },
    { title: "Look at what this detector finds", group: "Train" },
  );
  const element = h("section", { class: "card" }, h("h2", {}, "Result of the last training"), content);

  const trained = () => lastJob("train", (each) => each.state === "done" && each.result);
  const dependsOn = () => [trained()?.number, store.detector(trained()?.result.detector)?.name];
  const draw = whenNew(dependsOn, () => {
    const job = trained();
    element.hidden = !job;
    if (!job) return;
    number = job.result.detector;
    const detector = store.detector(number);
    scan.disabled = !detector;
    review.disabled = !detector;
    const figures = job.result.reports.find((/** @type {any} */ report) => report.figures)?.figures;
    fill(
      content,
      h(
        "p",
        {},
        `${detector?.name ?? `Detector ${number}`} by ${job.request.model}.`,
        " ",
        h("span", { class: "muted" }, toldOf(figures)),
      ),
      figuresTable(
        ["Label", "With the sound", "Without"],
        job.result.reports.map((/** @type {any} */ report) => ({
          name: report.label,
          cells: [count(report.counts.positive), count(report.counts.negative)],
          figures: report.figures,
        })),
      ),
      h(
        "div",
        { class: "buttons" },
        scan,
        review,
        h("span", { class: "hint" }, "Compare (C) shows how reliable the probabilities are."),
      ),
      notesOf(
        [
          ...job.result.reports.flatMap((/** @type {any} */ report) =>
            report.notes.map((/** @type {string} */ note) => `${report.label}: ${note}`),
          ),
          ...(job.result.notes ?? []),
        ],
        job.result.failures,
      ),
    );
  });
  store.subscribe(["jobs", "state"], draw);
  draw();
  return { element, draw };
}

/** @param {import("../facts.js").Figures | undefined} figures */
function toldOf(figures) {
  if (!figures) return "There were too few labels to hold any out, so there are no figures.";
  return `The figures are of windows that were held out of training; precision, recall and false alarms at the threshold ${figures.threshold}.`;
}
