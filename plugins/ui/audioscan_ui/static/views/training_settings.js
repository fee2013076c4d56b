// @ts-check
/** What a training is asked for, kept with the session. */

import { store } from "../store.js";

/**
 * @typedef {object} TrainingSettings
 * @property {string | null} model
 * @property {string[]} without labels that are not learnt; new ones are, unless named here
 * @property {number[]} withoutFiles label files that are not used
 * @property {boolean} review whether verdicts are learnt from too
 * @property {number | null} window seconds; what fits the labels where null
 * @property {number | null} hop seconds
 * @property {string} classifier
 * @property {string} calibration
 * @property {string} normalisation
 * @property {number | null} tolerance seconds
 * @property {number | null} negMargin seconds
 * @property {string | null} device
 */

/** @type {TrainingSettings} */
const DEFAULTS = {
  model: null,
  without: [],
  withoutFiles: [],
  review: true,
  window: null,
  hop: null,
  classifier: "logistic",
  calibration: "sigmoid",
  normalisation: "background",
  tolerance: null,
  negMargin: null,
  device: null,
};

/** @returns {TrainingSettings} */
export function training() {
  return { ...DEFAULTS, ...store.setting("training", {}) };
}

/** @param {Partial<TrainingSettings>} patch */
export function keepTraining(patch) {
  store.keep("training", { ...store.setting("training", {}), ...patch });
}

/** @returns {string[]} the labels that there are examples of */
export function knownLabels() {
  const names = new Set(store.state.label_files.flatMap((file) => file.labels));
  for (const verdict of store.verdicts.values()) if (verdict.role === "positive") names.add(verdict.label);
  return [...names].sort((one, other) => one.localeCompare(other));
}

/**
 * What jobs of training, comparing and counting are asked for alike.
 *
 * @param {string | undefined} model
 * @returns {Record<string, any>}
 */
export function trainingRequest(model) {
  const chosen = training();
  const labels = knownLabels();
  const learnt = labels.filter((label) => !chosen.without.includes(label));
  const files = store.state.label_files.filter((file) => !file.problem);
  const used = files.filter((file) => !chosen.withoutFiles.includes(file.number));
  return {
    model,
    labels: learnt.length === labels.length ? [] : learnt,
    label_files: used.length === store.state.label_files.length ? "all" : used.map((file) => file.number),
    review: chosen.review && store.verdicts.size > 0,
    recordings: "all",
    window: chosen.window,
    hop: chosen.hop,
    classifier: chosen.classifier,
    calibration: chosen.calibration,
    normalisation: chosen.normalisation,
    tolerance: chosen.tolerance,
    neg_margin: chosen.negMargin,
    device: chosen.device,
  };
}

/** @returns {string} why nothing can be learnt yet; empty where it can */
export function whyNot() {
  const request = trainingRequest("");
  if (!store.state.recordings.length) return "There are no recordings yet: see Data.";
  const labels = knownLabels();
  if (!labels.length)
    return "There are no labels yet. Mark the sound in Review (press D), or start the program with a label file.";
  if (request.labels.length === 0 && labels.every((label) => training().without.includes(label)))
    return "Tick at least one label to learn.";
  if (!request.review && request.label_files !== "all" && !request.label_files.length)
    return "Tick a label file, or learn from verdicts.";
  return "";
}
