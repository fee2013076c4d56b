// @ts-check
/** The regions that a detector finds in all recordings that it has scanned, at the settings of Review or at others. */

import { formRegions } from "./review/regions.js";
import { store } from "./store.js";

/** @typedef {import("./review/regions.js").RegionSettings} RegionSettings */
/** @typedef {import("./review/regions.js").Regions} Regions */

/** @type {RegionSettings} */
const DEFAULTS = { threshold: 0.5, low: null, mergeGap: 0, minDuration: 0 };

/**
 * How regions of a label are formed in Review.
 *
 * @param {import("./facts.js").DetectorFacts | undefined} detector
 * @param {string} label
 * @returns {RegionSettings}
 */
export function regionSettings(detector, label) {
  const own = store.setting("review.regions", /** @type {Record<string, any>} */ ({}))[detector?.sha256 ?? ""];
  return { ...DEFAULTS, ...(own ?? store.setting("regions", {}))[label] };
}

/**
 * @param {import("./review/scores.js").Scan} scan whose scores of the label were fetched
 * @param {string} label
 * @param {RegionSettings} settings
 * @returns {Map<number, Regions>} number of a recording -> its regions; empty where the detector does not know the label
 */
export function foundRegions(scan, label, settings) {
  const index = scan.index.labels.indexOf(label);
  const found = new Map();
  for (const [number, { duration }] of scan.recordings) {
    const steps = index < 0 ? null : scan.steps(number, index);
    if (!steps) continue;
    const { edges, silent } = scan.grid(number);
    found.set(number, formRegions(steps, edges, silent, settings, duration));
  }
  return found;
}
