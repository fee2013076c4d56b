// @ts-check
/** Compare models on the labels of the session: each recording is judged by detectors trained on the others. */

import { fill, h, say } from "../dom.js";
import { count, parameters } from "../format.js";
import { reliabilityDiagram } from "../charts/reliability.js";
import { lastJob, startJob } from "../jobs.js";
import { button } from "../keys.js";
import { attempt } from "../messages.js";
import { weightsOf } from "../models.js";
import { store } from "../store.js";
import { titleOfFigures, titleOfWords, wideTable } from "../wide_table.js";
import { figuresTable } from "./figures_table.js";
import { chosenModel } from "./model_choice.js";
import { notesOf } from "./notes_list.js";
import { keepTraining, trainingRequest, whyNot } from "./training_settings.js";

const MOST_DIAGRAMS = 6;

/** @returns {{element: HTMLElement, draw(): void}} */
export function modelComparison() {
  const choices = h("div", {
    class: "table-scroll compare-choices",
    tabindex: "0",
    role: "group",
    "aria-label": "Models to compare",
  });
  const result = h("div", { class: "stack" });
  const hint = h("span", { class: "hint" });
  const compare = button(
    "Compare",
    "C",
    () => attempt(() => startJob({ ...trainingRequest(undefined), kind: "evaluate", models: ticked() })),
    {
      title: "Judge each ticked model on recordings that it was not trained on",
      group: "Train",
    },
  );
  const element = h(
    "section",
    { class: "card stack" },
    h("h2", {}, "Compare models"),
    h(
      "p",
      { class: "muted" },
      "Each recording is judged by detectors that were trained on the others. One model alone shows how reliable its probabilities are.",
    ),
    h("details", {}, h("summary", {}, "Models to compare"), choices),
    h("div", { class: "buttons" }, compare, hint),
    result,
  );

  function draw() {
    const models = ticked();
    drawChoices(choices, models);
    compare.disabled = !models.length || whyNot() !== "";
    say(hint, models.join(", ") || "Tick the models first.");
  }
  function drawResult() {
    const job = lastJob("evaluate", (each) => each.state === "done" && each.result);
    fill(result, job ? resultOf(job.result) : null);
  }
  store.subscribe(["models", "settings"], draw);
  store.subscribe("jobs", onlyNew(drawResult));
  draw();
  drawResult();
  return { element, draw };
}

/** @param {() => void} fn called only where another comparison has ended */
function onlyNew(fn) {
  let shown = 0;
  return () => {
    const number = lastJob("evaluate", (job) => job.state === "done")?.number ?? 0;
    if (number !== shown) fn();
    shown = number;
  };
}

/** @returns {string[]} the models that are to be compared; the chosen one unless others were ticked */
function ticked() {
  /** @type {string[]} */
  const kept = store.setting("compare", []);
  const there = (store.models?.models ?? []).map((/** @type {any} */ model) => model.name);
  const chosen = kept.filter((name) => there.includes(name));
  const model = chosenModel();
  return chosen.length || !model ? chosen : [model.name];
}

/** @param {HTMLElement} choices @param {string[]} names */
function drawChoices(choices, names) {
  const focused = document.activeElement instanceof HTMLInputElement ? document.activeElement.value : null;
  /** @type {import("../models.js").ModelFacts[]} */
  const models = store.models?.models ?? [];
  fill(
    choices,
    wideTable(
      [
        titleOfWords("Model"),
        titleOfWords("Family"),
        titleOfFigures("Dimensions"),
        titleOfFigures("Parameters"),
        titleOfWords("Licence"),
        titleOfWords("Weights"),
      ],
      models.map((model) => {
        const box = h("input", {
          type: "checkbox",
          value: model.name,
          checked: names.includes(model.name),
          onchange: () =>
            store.keep("compare", box.checked ? [...names, model.name] : names.filter((name) => name !== model.name)),
        });
        return h(
          "tr",
          { title: model.description },
          h("th", { scope: "row" }, h("label", { class: "check" }, box, model.name)),
          h("td", {}, model.family),
          h("td", { class: "end" }, count(model.dim)),
          h("td", { class: "end" }, parameters(model.parameters)),
          h("td", {}, model.licence),
          h("td", { class: model.weights === "missing" && "muted" }, weightsOf(model)),
        );
      }),
    ),
  );
  if (focused)
    for (const box of choices.querySelectorAll("input")) if (box.value === focused) box.focus({ preventScroll: true });
}

/** @param {any} result */
function resultOf(result) {
  const labels = [
    ...new Set(
      result.models.flatMap((/** @type {any} */ model) => model.labels.map((/** @type {any} */ row) => row.label)),
    ),
  ];
  const rows = labels.flatMap((label) =>
    result.models.flatMap((/** @type {any} */ model) =>
      model.labels
        .filter((/** @type {any} */ row) => row.label === label)
        .map((/** @type {any} */ row) => ({ name: label, cells: [model.model], figures: row })),
    ),
  );
  const best = result.models.find((/** @type {any} */ model) => model.model === result.best) ?? result.models[0];
  const diagrams = (best?.labels ?? []).filter((/** @type {any} */ row) => row.reliability).slice(0, MOST_DIAGRAMS);
  return h(
    "div",
    { class: "stack" },
    result.sentence && h("p", {}, result.sentence),
    figuresTable(["Label", "Model"], rows),
    result.models.length > 1 &&
      h(
        "div",
        { class: "buttons" },
        h(
          "button",
          { class: "small", title: "Train with the best model", onclick: () => keepTraining({ model: result.best }) },
          `Choose ${result.best} for training`,
        ),
      ),
    diagrams.length > 0 && h("h3", {}, `How reliable the probabilities of ${best.model} are`),
    diagrams.length > 0 &&
      h(
        "p",
        { class: "hint" },
        "On the dashed line what is predicted is what is observed. Below it the detector promises too much, above it too little. Hollow points stand for fewer than ten windows.",
      ),
    h("div", { class: "diagrams" }, diagrams.map(diagramOf)),
    notesOf(
      [
        ...Object.entries(result.skipped ?? {}).map(([label, reason]) => `${label}: ${reason}`),
        ...(result.notes ?? []),
      ],
      result.failures,
    ),
  );
}

/** @param {any} row */
function diagramOf(row) {
  const diagram = reliabilityDiagram(row.label);
  diagram.show(row.label, row.reliability);
  return h("figure", {}, diagram.element, h("figcaption", { class: "hint" }, row.label));
}
