// @ts-check
/** The labels of the review: the settings of each, and its scores and regions in each recording. */

import { formRegions, noRegions } from "./regions.js";

/** @typedef {import("./regions.js").RegionSettings} RegionSettings */
/** @typedef {import("./regions.js").Regions} Regions */
/** @typedef {import("./scores.js").Scan} Scan */

/** @returns {RegionSettings} those of a label that nobody has changed */
export function usualSettings() {
  return { threshold: 0.5, low: null, mergeGap: 0, minDuration: 0 };
}

/** A label with what is shown of it in the open recording. */
export class LabelTrack {
  /**
   * @param {string} name
   * @param {number} index among the labels of the model, and of the detector where it knows the label
   * @param {boolean} scored whether the detector knows it
   * @param {RegionSettings} settings
   */
  constructor(name, index, scored, settings) {
    this.name = name;
    this.index = index;
    this.scored = scored;
    this.settings = settings;
    /** @type {Float64Array|null} of the open recording, one a step */
    this.steps = null;
    /** @type {Float64Array|null} microseconds */
    this.edges = null;
    /** @type {Uint8Array|null} */
    this.silent = null;
    /** @type {Regions|null} of the open recording */
    this.regions = null;
    /** @type {Map<number, {steps: Float64Array, settings: RegionSettings, regions: Regions}>} by recording */
    this.formed = new Map();
  }

  /**
   * Take what is here of the open recording.
   *
   * @param {Scan|null} scan
   * @param {number|null} recording
   */
  open(scan, recording) {
    const steps = this.scored && scan && recording !== null ? scan.steps(recording, this.index) : null;
    if (!steps || !scan || recording === null) {
      this.steps = this.edges = this.silent = this.regions = null;
      return;
    }
    const { edges, silent } = scan.grid(recording);
    this.steps = steps;
    this.edges = edges;
    this.silent = silent;
    this.regions = this.regionsIn(scan, recording);
  }

  /**
   * The regions in a recording by the settings as they are; formed anew only where something changed.
   *
   * @param {Scan} scan
   * @param {number} recording
   * @returns {Regions} none where its scores are not here
   */
  regionsIn(scan, recording) {
    const steps = this.scored ? scan.steps(recording, this.index) : null;
    if (!steps) return noRegions();
    const formed = this.formed.get(recording);
    if (formed && formed.steps === steps && formed.settings === this.settings) return formed.regions;
    const { edges, silent } = scan.grid(recording);
    const duration = scan.recordings.get(recording)?.duration;
    const regions = formRegions(steps, edges, silent, this.settings, duration);
    this.formed.set(recording, { steps, settings: this.settings, regions });
    return regions;
  }
}

/**
 * The labels of a detector, and after them the others that are known.
 *
 * @param {string[]} detected labels of the detector, in its order
 * @param {string[]} others
 * @param {(label: string) => RegionSettings} settingsOf
 * @returns {LabelTrack[]}
 */
export function tracksOf(detected, others, settingsOf) {
  const names = [...new Set([...detected, ...others])];
  return names.map((name, index) => new LabelTrack(name, index, index < detected.length, settingsOf(name)));
}

/**
 * Settings that keep their order: low is at most the threshold, lengths are not negative.
 *
 * @param {RegionSettings} old
 * @param {Partial<RegionSettings>} patch
 * @returns {RegionSettings}
 */
export function changedSettings(old, patch) {
  const next = { ...old, ...patch };
  next.threshold = within(next.threshold, 0, 1, old.threshold);
  if (next.low !== null) next.low = within(next.low, 0, 1, old.low ?? next.threshold);
  if (next.low !== null && next.low > next.threshold) {
    if ("low" in patch && !("threshold" in patch)) next.threshold = next.low;
    else next.low = next.threshold;
  }
  next.mergeGap = within(next.mergeGap, 0, 3600, old.mergeGap);
  next.minDuration = within(next.minDuration, 0, 3600, old.minDuration);
  return next;
}

/**
 * @param {number} value
 * @param {number} least
 * @param {number} most
 * @param {number} otherwise where it is no number
 */
function within(value, least, most, otherwise) {
  return Number.isFinite(value) ? Math.min(Math.max(value, least), most) : otherwise;
}
