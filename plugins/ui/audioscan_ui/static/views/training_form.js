// @ts-check
/** What is learnt and how: labels, label files, verdicts, window and hop, the classifier. */

import { fill, h } from "../dom.js";
import { counted } from "../format.js";
import { store } from "../store.js";
import { keepTraining, knownLabels, training } from "./training_settings.js";

/** @typedef {import("./training_settings.js").TrainingSettings} TrainingSettings */

const CLASSIFIERS = {
  logistic: "logistic regression (few labels are enough)",
  "hist-gbt": "boosted trees (many labels)",
};
const CALIBRATIONS = { sigmoid: "sigmoid (few labels are enough)", isotonic: "isotonic (many labels)", none: "none" };
const NORMALISATIONS = { background: "to the background of its recording", global: "to all recordings" };

/** @returns {{element: HTMLElement, draw(): void}} */
export function trainingForm() {
  const labels = h("div", { class: "tick-list", role: "group", "aria-label": "Labels to learn" });
  const sources = h("div", { class: "tick-list", role: "group", "aria-label": "Learn from" });
  const fields = [
    number("window", "Window", "what fits", "s", "Length of the piece of sound that gets one score"),
    number("hop", "Hop", "¼ window", "s", "Seconds from one window's start to the next; a multiple of 0.01"),
    choice("classifier", "Classifier", CLASSIFIERS, "What tells windows with the sound from those without"),
    choice("calibration", "Calibration", CALIBRATIONS, "How scores become probabilities"),
    choice("normalisation", "Relative", NORMALISATIONS, "What a window is compared with before it is classified"),
    number(
      "tolerance",
      "Near a point",
      "12",
      "s",
      "Where a label is a point: windows that start this near to it hold the sound",
    ),
    number(
      "negMargin",
      "Margin",
      "0; points 30",
      "s",
      "Windows nearer to a labelled sound than this are not taken as examples without it",
    ),
  ];
  const [windowField, hopField, ...more] = fields;
  const element = h(
    "section",
    { class: "card stack" },
    h("h2", {}, "What is learnt"),
    h("div", { class: "field top-aligned" }, h("span", { class: "field-name" }, "Labels"), labels),
    h("div", { class: "field top-aligned" }, h("span", { class: "field-name" }, "From"), sources),
    windowField.element,
    hopField.element,
    h(
      "details",
      {},
      h("summary", {}, "Classifier and margins"),
      h(
        "div",
        { class: "stack details-body" },
        more.map((field) => field.element),
      ),
    ),
  );

  function draw() {
    const chosen = training();
    redraw(labels, [...labelTicks(chosen)]);
    redraw(sources, [...sourceTicks(chosen)]);
    for (const field of fields) field.draw(chosen);
  }
  return { element, draw };
}

/**
 * Put new ticks in place and leave the focus where it was.
 *
 * @param {HTMLElement} list
 * @param {(HTMLElement)[]} ticks
 */
function redraw(list, ticks) {
  const boxes = () => [...list.querySelectorAll("input")];
  const focused = boxes().findIndex((box) => box === document.activeElement);
  fill(list, ticks);
  if (focused >= 0) boxes()[focused]?.focus();
}

/** @param {TrainingSettings} chosen */
function* labelTicks(chosen) {
  const labels = knownLabels();
  if (!labels.length) yield h("span", { class: "hint" }, "There are none yet.");
  for (const label of labels) {
    yield tick(label, !chosen.without.includes(label), (ticked) =>
      keepTraining({ without: ticked ? chosen.without.filter((each) => each !== label) : [...chosen.without, label] }),
    );
  }
}

/** @param {TrainingSettings} chosen */
function* sourceTicks(chosen) {
  const without = chosen.withoutFiles;
  for (const file of store.state.label_files) {
    yield tick(
      file.name,
      !file.problem && !without.includes(file.number),
      (ticked) =>
        keepTraining({
          withoutFiles: ticked ? without.filter((each) => each !== file.number) : [...without, file.number],
        }),
      file.problem,
    );
  }
  const verdicts = store.verdicts.size;
  yield tick(
    verdicts ? `${counted(verdicts, "verdict")} given in Review` : "verdicts given in Review (none yet)",
    verdicts > 0 && chosen.review,
    (ticked) => keepTraining({ review: ticked }),
    verdicts ? null : "There are none yet.",
  );
}

/**
 * @param {string} text
 * @param {boolean} checked
 * @param {(checked: boolean) => void} whenTicked
 * @param {string | null} [why] it cannot be ticked
 */
function tick(text, checked, whenTicked, why = null) {
  const box = h("input", {
    type: "checkbox",
    checked,
    disabled: Boolean(why),
    onchange: () => whenTicked(box.checked),
  });
  return h("label", { class: "check", title: why ?? text }, box, h("span", { class: "cut" }, text));
}

/**
 * @param {keyof TrainingSettings} name
 * @param {string} title
 * @param {string} otherwise what is taken where it is empty
 * @param {string} unit
 * @param {string} hint
 */
function number(name, title, otherwise, unit, hint) {
  const id = `train-${name}`;
  const input = h("input", { type: "number", id, min: "0", step: "any", placeholder: otherwise, title: hint });
  input.onchange = () =>
    keepTraining({ [name]: input.value === "" || !(input.valueAsNumber >= 0) ? null : input.valueAsNumber });
  return {
    element: h(
      "div",
      { class: "field", title: hint },
      h("label", { class: "field-name", for: id }, title),
      h("span", { class: "with-unit" }, input, unit),
    ),
    /** @param {TrainingSettings} chosen */
    draw(chosen) {
      if (document.activeElement !== input) input.value = chosen[name] === null ? "" : String(chosen[name]);
    },
  };
}

/**
 * @param {keyof TrainingSettings} name
 * @param {string} title
 * @param {Record<string, string>} choices
 * @param {string} hint
 */
function choice(name, title, choices, hint) {
  const id = `train-${name}`;
  const select = h("select", { id, title: hint, onchange: () => keepTraining({ [name]: select.value }) });
  fill(
    select,
    Object.entries(choices).map(([value, text]) => h("option", { value }, text)),
  );
  return {
    element: h("div", { class: "field", title: hint }, h("label", { class: "field-name", for: id }, title), select),
    /** @param {TrainingSettings} chosen */
    draw(chosen) {
      select.value = String(chosen[name]);
    },
  };
}
