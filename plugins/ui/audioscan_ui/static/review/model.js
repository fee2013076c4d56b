// @ts-check
/** What is reviewed: the open recording, the labels with their regions, the rows of the list, and the one that is selected. */

import { filtered, noFilters } from "./filters.js";
import { changedSettings, tracksOf, usualSettings } from "./label_tracks.js";
import { ordered } from "./orders.js";
import { newestProposals, proposalsOf } from "./proposals.js";
import { rowOf, rowsOfVerdicts, VerdictIndex } from "./rows.js";

/** @typedef {import("./rows.js").Row} Row */
/** @typedef {import("./label_tracks.js").LabelTrack} LabelTrack */
/** @typedef {import("./scores.js").Scan} Scan */
/** @typedef {import("../facts.js").DetectorFacts} DetectorFacts */
/** @typedef {import("../facts.js").Verdict} Verdict */
/** @typedef {{recording: number, label: string, start: number, end: number}} Place */

/** The state of a review. It fetches nothing and draws nothing: it is told, computes, and tells those who subscribed. */
export class ReviewModel {
  constructor() {
    /** @type {DetectorFacts|null} */
    this.detector = null;
    /** @type {number|null} the open one */
    this.recording = null;
    /** @type {"recording"|"all"} whose rows are listed */
    this.scope = "recording";
    this.order = "time";
    this.filters = noFilters();
    /** @type {LabelTrack[]} those of the detector first */
    this.labels = [];
    /** Index of the label whose curve and threshold are in front. */
    this.current = 0;
    /** @type {Row[]} all of the scope */
    this.rows = [];
    /** @type {Row[]} those that pass the filters, in order */
    this.shown = [];
    /** @type {Row|null} */
    this.selected = null;
    /** @type {Verdict[]} of the open recording */
    this.verdicts = [];
    /** @type {{label: string, start: number, end: number, origin: string}[]} labelled and proposed ones of the open recording */
    this.spans = [];
    /** @type {Scan|null} */
    this.scan = null;
    this.index = new VerdictIndex([]);
    /** @type {Map<string, Verdict>} */
    this.standing = new Map();
    /** @type {import("../facts.js").JobFacts[]} */
    this.jobs = [];
    /** @type {(Place & {origin: string})[]} of label files, in the open recording */
    this.labelled = [];
    /** @type {Place|null} what was selected, found again where regions move */
    this.anchor = null;
    /** @type {Set<() => void>} */
    this.listeners = new Set();
    /** @type {Record<string, import("./regions.js").RegionSettings>} label -> settings that were kept */
    this.kept = {};
  }

  /**
   * @param {() => void} listener
   * @returns {() => void} ends the subscription
   */
  subscribe(listener) {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  /**
   * Take what the session knows; rows are formed anew.
   *
   * @param {Partial<Pick<ReviewModel, "detector"|"recording"|"scope"|"order"|"filters"|"scan"|"standing"|"jobs"|"labelled"|"kept">>
   *   & {otherLabels?: string[]}} patch
   */
  take(patch) {
    const { otherLabels, ...rest } = patch;
    const front = this.labels[this.current]?.name;
    Object.assign(this, rest);
    if (patch.standing) this.index = new VerdictIndex(patch.standing.values());
    if ("detector" in patch || "kept" in patch || otherLabels) {
      const detected = this.detector?.labels ?? [];
      const others = otherLabels ?? this.labels.map(({ name }) => name);
      const old = new Map(this.labels.map((label) => [label.name, label]));
      this.labels = tracksOf(detected, others, (name) => ("kept" in patch ? null : old.get(name)?.settings) ?? this.kept[name] ?? usualSettings());
      this.current = Math.max(0, this.labels.findIndex(({ name }) => name === front));
    }
    this.refresh();
  }

  /** @param {string} label */
  indexOf(label) {
    return this.labels.findIndex(({ name }) => name === label);
  }

  /**
   * Change how the regions of a label are formed.
   *
   * @param {number} index of the label
   * @param {Partial<import("./regions.js").RegionSettings>} patch
   */
  changeRegions(index, patch) {
    const label = this.labels[index];
    label.settings = changedSettings(label.settings, patch);
    this.kept = { ...this.kept, [label.name]: label.settings };
    this.current = index;
    this.refresh();
  }

  /** Bring one label to the front. @param {number} index */
  bringForward(index) {
    if (index === this.current || !this.labels[index]) return;
    this.current = index;
    this.tell();
  }

  /** @param {Row|Place|null} place */
  select(place) {
    this.anchor = place && { recording: place.recording, label: place.label, start: place.start, end: place.end };
    this.selected = place && "verdicts" in place ? place : this.found();
    if (this.selected && this.selected.labelIndex >= 0) this.current = this.selected.labelIndex;
    this.tell();
  }

  /**
   * The row so many places after the selected one, or the first or last there is.
   *
   * @param {number} by
   * @returns {Row|null}
   */
  beside(by) {
    if (!this.shown.length) return null;
    const at = this.placeOfSelected();
    const to = at < 0 ? (by > 0 ? 0 : this.shown.length - 1) : at + by;
    return this.shown[Math.min(Math.max(to, 0), this.shown.length - 1)];
  }

  /**
   * The next row that is still to do, after the selected one and then from the beginning.
   *
   * @returns {Row|null}
   */
  nextToDo() {
    const at = this.placeOfSelected();
    const isTodo = (/** @type {Row} */ row) => row.verdict === null && row !== this.selected;
    return this.shown.slice(at + 1).find(isTodo) ?? this.shown.slice(0, Math.max(at, 0)).find(isTodo) ?? null;
  }

  /** @returns {number} -1 where it is not among those shown */
  placeOfSelected() {
    return this.selected ? this.shown.indexOf(this.selected) : -1;
  }

  /** Form regions and rows anew from what is here, and tell. */
  refresh() {
    for (const label of this.labels) label.open(this.scan, this.recording);
    const standing = [...this.standing.values()];
    this.verdicts = standing.filter(({ recording }) => recording === this.recording);
    const proposals = proposalsOf(newestProposals(this.jobs));
    this.spans = [...this.labelled, ...proposals.filter(({ recording }) => recording === this.recording)];
    this.rows = this.order === "suggest" ? this.rowsOf(proposals) : this.rowsOfRegions(standing);
    this.shown = ordered(filtered(this.rows, this.filters), this.order);
    this.selected = this.found();
    this.tell();
  }

  /**
   * @param {Verdict[]} standing
   * @returns {Row[]}
   */
  rowsOfRegions(standing) {
    /** @type {Row[]} */
    const rows = [];
    const all = this.scope === "all";
    const recordings = all ? [...(this.scan?.recordings.keys() ?? [])] : [this.recording];
    for (const recording of recordings) {
      if (!this.scan || recording === null) continue;
      for (const label of this.labels) {
        const { start, end, score, count } = label.regionsIn(this.scan, recording);
        for (let i = 0; i < count; i++) {
          const span = { recording, label: label.name, labelIndex: label.index, start: start[i], end: end[i], score: score[i], origin: "found" };
          rows.push(rowOf(span, this.index));
        }
      }
    }
    const verdicts = all ? standing : this.verdicts;
    return rows.concat(rowsOfVerdicts(verdicts, rows, (label) => this.indexOf(label)));
  }

  /**
   * @param {import("./proposals.js").Proposal[]} proposals
   * @returns {Row[]}
   */
  rowsOf(proposals) {
    return proposals.map((proposal) => rowOf({ ...proposal, labelIndex: this.indexOf(proposal.label) }, this.index));
  }

  /**
   * The row at the anchor: the one of its label that shares most with it, among those shown and then among all; a row of its
   * own for a span that no row shows.
   *
   * @returns {Row|null}
   */
  found() {
    const { anchor } = this;
    if (!anchor) return null;
    return nearest(this.shown, anchor) ?? nearest(this.rows, anchor);
  }

  tell() {
    for (const listener of this.listeners) listener();
  }
}

/**
 * @param {Row[]} rows
 * @param {Place} place
 * @returns {Row|null}
 */
function nearest(rows, place) {
  let most = 0;
  let best = null;
  for (const row of rows) {
    if (row.recording !== place.recording || (row.label !== place.label && row.relabelled !== place.label)) continue;
    const shared = Math.min(row.end, place.end) - Math.max(row.start, place.start);
    if (shared > most) [most, best] = [shared, row];
  }
  return best;
}
