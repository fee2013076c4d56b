// @ts-check
/** Which detector is trained again, and what is asked for. */

import { store } from "../store.js";

/** @typedef {import("../facts.js").DetectorFacts} DetectorFacts */

/** @returns {DetectorFacts[]} those that are offered, the newest last */
export function usableDetectors() {
  return store.state.detectors.filter((each) => !each.dropped && !each.problem);
}

/** @returns {DetectorFacts | undefined} */
export function detectorInUse() {
  const usable = usableDetectors();
  return usable.find((each) => each.number === store.setting("detector", null)) ?? usable.at(-1);
}

/**
 * As the detector was trained, and from the verdicts too. Window and hop stay, so that the embeddings that are in the
 * cache are used again.
 *
 * @param {DetectorFacts} base
 * @returns {Record<string, any>}
 */
export function retrainRequest(base) {
  const made = base.made_by ?? { labels: base.labels, label_files: "all" };
  return {
    labels: made.labels ?? [],
    label_files: made.label_files ?? "all",
    recordings: made.recordings ?? "all",
    classifier: made.classifier ?? "logistic",
    calibration: made.calibration ?? "sigmoid",
    normalisation: made.normalisation ?? "background",
    tolerance: made.tolerance ?? null,
    neg_margin: made.neg_margin ?? null,
    device: made.device ?? null,
    model: base.model,
    window: base.window,
    hop: base.hop,
    review: true,
  };
}
