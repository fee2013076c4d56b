// @ts-check
/** Train: a model, labels and settings become a detector; models can be compared before. */

import { fill, h, say } from "../dom.js";
import { hasEnded, lastJob, startJob } from "../jobs.js";
import { button } from "../keys.js";
import { attempt } from "../messages.js";
import { store } from "../store.js";
import { detectorList } from "./detector_list.js";
import { modelComparison } from "./model_comparison.js";
import { chosenModel, modelChoice } from "./model_choice.js";
import { trainingForm } from "./training_form.js";
import { trainingResult } from "./training_result.js";
import { trainingRequest, whyNot } from "./training_settings.js";
import { windowCounts } from "./window_counts.js";

/** @param {HTMLElement} container */
export function view(container) {
  const model = modelChoice();
  const form = trainingForm();
  const counts = windowCounts();
  const detectors = detectorList();
  const comparison = modelComparison();
  const result = trainingResult();
  const train = button(
    "Train",
    "T",
    () => attempt(() => startJob({ ...trainingRequest(chosenModel()?.name), kind: "train" })),
    {
      title: "Learn a new detector; the ones before stay",
      className: "primary",
      group: "Train",
    },
  );
  const hint = h("p", { class: "hint" });
  fill(
    container,
    h(
      "div",
      { class: "page train-page" },
      h("div", { class: "stack train-form" }, model.element, form.element),
      h(
        "div",
        { class: "stack train-results" },
        h(
          "section",
          { class: "card stack" },
          h("h2", {}, "Windows to learn from"),
          counts.element,
          h("div", { class: "buttons" }, train, hint),
        ),
        result.element,
        detectors.element,
        comparison.element,
      ),
    ),
  );
  let isShown = false;

  function draw() {
    if (!isShown) return;
    form.draw();
    drawButton();
  }
  function drawButton() {
    const running = lastJob("train", (job) => !hasEnded(job));
    const failed = lastJob("train");
    const why = whyNot() || (chosenModel() ? "" : "Choose a model.");
    train.disabled = Boolean(why) || Boolean(running);
    say(
      hint,
      running
        ? "Training; see the strip below."
        : failed?.state === "failed"
          ? `The last training failed: ${failed.problem}`
          : why
            ? ""
            : `A new detector by ${chosenModel()?.name}.`,
    );
  }
  store.subscribe(["state", "settings", "models", "verdicts"], draw);
  store.subscribe("jobs", drawButton);
  return {
    shown() {
      isShown = true;
      model.shown();
      counts.shown();
      comparison.draw();
      draw();
    },
    hidden() {
      isShown = false;
      counts.hidden();
    },
  };
}
