// @ts-check
/** The scans of two detectors, compared label by label at any threshold. */

import { foundRegions, regionSettings } from "../found_regions.js";
import { countFound, countRegions, onlyIn } from "../region_changes.js";
import { scanBy } from "../review/scores.js";
import { store } from "../store.js";

/** @typedef {import("../region_changes.js").Place} Place */

/**
 * @typedef {object} ChangedLabel What differs of one label.
 * @property {string} label
 * @property {number} threshold
 * @property {number} before how many regions
 * @property {number} after
 * @property {Place[]} gained
 * @property {Place[]} lost
 * @property {{of: number, before: number, after: number}} accepted verdicts, and how many of them are found
 * @property {{of: number, before: number, after: number}} rejected
 */

/** @typedef {{before: number, after: number, recordings: number, at(thresholds: Record<string, number>): ChangedLabel[]}} Compared */

/**
 * Fetch what two detectors have scored.
 *
 * @param {number} before number of a detector
 * @param {number} after number of the other one
 * @returns {Promise<Compared>}
 */
export async function compareScans(before, after) {
  const scans = await Promise.all([scanBy(before), scanBy(after)]);
  const labels = scans[1].index.labels.filter((label) => scans[0].index.labels.includes(label));
  for (const scan of scans) for (const label of labels) await scan.loadAll(scan.index.labels.indexOf(label));
  const [one, other] = scans;
  const both = [...one.recordings.keys()].filter((number) => other.recordings.has(number));
  return {
    before,
    after,
    recordings: both.length,
    at: (thresholds) =>
      labels.map((label) => {
        const kept = regionSettings(store.detector(before), label);
        const threshold = thresholds[label] ?? kept.threshold;
        const settings = { ...kept, threshold, low: kept.low === null ? null : Math.min(kept.low, threshold) };
        const [old, now] = scans.map((scan) => foundRegions(scan, label, settings));
        const verdicts = [...store.verdicts.values()].filter(
          (verdict) => verdict.label === label && both.includes(verdict.recording),
        );
        const found = (/** @type {string} */ role) => {
          const spans = verdicts.filter((verdict) => verdict.role === role);
          return { of: spans.length, before: countFound(old, spans), after: countFound(now, spans) };
        };
        return {
          label,
          threshold,
          before: countRegions(old, both),
          after: countRegions(now, both),
          gained: onlyIn(now, old),
          lost: onlyIn(old, now),
          accepted: found("positive"),
          rejected: found("absent"),
        };
      }),
  };
}
