// @ts-check
/** Which model turns sound into embeddings: the dropdown, what is known of the model, its weights, broken plugins. */

import { fill, h } from "../dom.js";
import { count, parameters, size } from "../format.js";
import { grouped } from "../grouped.js";
import { hasEnded, lastJob, startJob } from "../jobs.js";
import { sentenceOf } from "../job_list.js";
import { button, register } from "../keys.js";
import { attempt } from "../messages.js";
import { loadModels, weightsOf } from "../models.js";
import { store } from "../store.js";
import { keepTraining, training } from "./training_settings.js";

/** @typedef {import("../models.js").ModelFacts} ModelFacts */

/** @returns {{element: HTMLElement, shown(): void}} */
export function modelChoice() {
  const select = h("select", {
    id: "train-model",
    title: "The model (key: M)",
    onchange: () => keepTraining({ model: select.value }),
  });
  const device = h("select", {
    id: "train-device",
    title: "Where the model runs",
    onchange: () => keepTraining({ device: device.value || null }),
  });
  const about = h("div", { class: "model-about" });
  const problems = h("div", { class: "model-problems" });
  const pull = button(
    "Pull the weights",
    "P",
    () => attempt(() => startJob({ kind: "pull", models: [select.value] })),
    {
      className: "small",
      title: "Download the model's weights; an interrupted download goes on where it stopped",
      group: "Train",
    },
  );
  register("M", "Choose the model", () => select.focus(), {
    group: "Train",
    when: () => select.getClientRects().length > 0,
  });
  const element = h(
    "section",
    { class: "card" },
    h("h2", {}, "Model"),
    h(
      "div",
      { class: "field" },
      h("label", { class: "field-name", for: select.id }, "Model ", h("kbd", { "aria-hidden": "true" }, "M")),
      select,
      about,
    ),
    h("div", { class: "field" }, h("label", { class: "field-name", for: device.id }, "Runs on"), device),
    problems,
  );

  function drawChoices() {
    /** @type {import("../models.js").Models | null} */
    const models = store.models;
    if (!models) {
      fill(select, h("option", { value: "" }, "Looking for models …"));
      return;
    }
    if (!models.models.length) fill(select, h("option", { value: "" }, "No model is installed"));
    else fill(select, [...grouped(models.models, (model) => model.family)].map(group));
    fill(
      device,
      h("option", { value: "" }, "the best that is there"),
      models.devices.filter((name) => name !== "auto").map((name) => h("option", { value: name }, name)),
    );
    fill(
      problems,
      models.problems.map((each) =>
        h("p", { class: "negative-text small-text" }, `Plugin ${each.plugin} is set aside: ${each.reason}`),
      ),
      !models.models.length &&
        h("p", { class: "muted" }, "Install a plugin, such as audioscan-mel, and reload the page."),
    );
    drawChosen();
  }

  function drawChosen() {
    const name = chosenModel()?.name ?? "";
    if (select.value !== name) select.value = name;
    device.value = training().device ?? "";
    const model = chosenModel();
    const pulling = lastJob("pull", (job) => !hasEnded(job) && job.request.models.includes(name));
    pull.disabled = Boolean(pulling);
    fill(
      about,
      model && describe(model),
      model?.weights === "missing" &&
        h(
          "div",
          { class: "buttons" },
          pull,
          h("span", { class: "hint" }, pulling ? sentenceOf(pulling) : "They are also pulled when training starts."),
        ),
    );
  }

  store.subscribe("models", drawChoices);
  store.subscribe(["settings"], drawChosen);
  let pulled = 0;
  store.subscribe("jobs", () => {
    const job = lastJob("pull");
    if (!job) return;
    drawChosen();
    if (job.state === "done" && pulled !== job.number) {
      pulled = job.number;
      attempt(loadModels);
    }
  });
  drawChoices();
  return { element, shown: () => void attempt(loadModels) };
}

/** @returns {ModelFacts | undefined} the one that was chosen, else that of the last detector, else one that is ready */
export function chosenModel() {
  /** @type {ModelFacts[]} */
  const models = store.models?.models ?? [];
  const named = (/** @type {string | undefined} */ name) => models.find((model) => model.name === name);
  return (
    named(training().model ?? undefined) ??
    named(store.state.detectors.at(-1)?.model) ??
    models.find((model) => model.weights === "here") ??
    models.find((model) => model.weights === "none") ??
    models[0]
  );
}

/** @param {[string, ModelFacts[]]} family */
function group([family, models]) {
  return h("optgroup", { label: family }, models.map(option));
}

/** @param {ModelFacts} model */
function option(model) {
  const parts = [
    model.name,
    `${count(model.dim)} dim`,
    model.parameters ? `${parameters(model.parameters)} param.` : "",
  ].filter(Boolean);
  if (model.weights === "missing") parts.push("to be pulled");
  return h("option", { value: model.name }, parts.join(" · "));
}

/** @param {ModelFacts} model */
function describe(model) {
  const download = model.weights === "missing" && model.size ? ` (${size(model.size)})` : "";
  /** @type {[string, string][]} */
  const facts = [
    ["Family", model.family],
    ["Dimensions", count(model.dim)],
    ["Parameters", model.parameters ? parameters(model.parameters) : "none"],
    ["Licence", model.licence],
    ["Weights", weightsOf(model) + download],
  ];
  return h(
    "div",
    { class: "stack model-facts" },
    h("p", { class: "hint" }, model.description),
    h(
      "dl",
      {},
      facts.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))),
    ),
  );
}
