// @ts-check
/** What is reviewed: the open recording, the labels with their regions, the rows of the list, and the one that is selected. */

import { filtered, noFilters } from "./filters.js";
import { changedSettings, tracksOf, usualSettings } from "./label_tracks.js";
import { ordered } from "./orders.js";
import { newestProposals, proposalsOf } from "./proposals.js";
import { nearest, rowOf, rowsOfVerdicts, VerdictIndex } from "./rows.js";

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
    /** @type {string|null} origin of a selected span that no row shows */
    this.loose = null;
    /** Place of the selected row in the list, or where it was last. */
    this.at = -1;
    /** @type {string[]} labels that somebody typed and that nothing has yet */
    this.named = [];
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
   * @param {Partial<Pick<ReviewModel, "detector"|"recording"|"scope"|"order"|"filters"|"scan"|"standing"|"jobs"|"labelled"|"kept">>} patch
   */
  take(patch) {
    const anew = "kept" in patch || ("detector" in patch && patch.detector?.sha256 !== this.detector?.sha256);
    Object.assign(this, patch);
    // What is of another recording than the open one is not seen, so no verdict may meet it.
    if ("recording" in patch && this.anchor?.recording !== this.recording) this.anchor = null;
    if (patch.standing) this.index = new VerdictIndex(patch.standing.values());
    this.nameLabels(anew);
    this.refresh();
  }

  /**
   * Bring the labels up to date with detector and verdicts.
   *
   * @param {boolean} anew whether their settings are those that were kept
   */
  nameLabels(anew) {
    const detected = this.detector?.labels ?? [];
    const judged = [...this.standing.values()].map(({ label }) => label);
    const names = [...new Set([...detected, ...judged, ...this.named])];
    const isSame = names.length === this.labels.length && this.labels.every(({ name }, index) => name === names[index]);
    if (isSame && !anew) return;
    const front = this.labels[this.current]?.name;
    const old = new Map(anew ? [] : this.labels.map(({ name, settings }) => [name, settings]));
    this.labels = tracksOf(detected, names, (name) => old.get(name) ?? this.kept[name] ?? usualSettings());
    this.current = Math.max(0, front === undefined ? 0 : this.indexOf(front));
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

  /**
   * Bring one label to the front: its curve and threshold are shown, and spans that are drawn get it.
   *
   * @param {string} name
   */
  bringForward(name) {
    if (this.indexOf(name) < 0) {
      this.named = [...this.named, name];
      this.nameLabels(false);
    }
    this.current = this.indexOf(name);
    this.tell();
  }

  /**
   * Select the row at a place.
   *
   * @param {Row|Place|null} place
   * @param {string|null} [origin] what it is where no row shows it: "labelled" for one of a label file
   */
  select(place, origin = null) {
    this.anchor = place && { recording: place.recording, label: place.label, start: place.start, end: place.end };
    this.loose = origin;
    this.selected = this.found();
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
    const isShown = this.selected !== null && this.shown[this.at] === this.selected;
    // Where the selected row has left the list, the next one is where it was.
    const to = this.at < 0 ? 0 : this.at + by - (!isShown && by > 0 ? 1 : 0);
    return this.shown[Math.min(Math.max(to, 0), this.shown.length - 1)];
  }

  /**
   * The next row that is still to do, after the selected one and then from the beginning.
   *
   * @returns {Row|null}
   */
  nextToDo() {
    const isTodo = (/** @type {Row} */ row) => row.verdict === null && row !== this.selected;
    const first = Math.max(this.at, 0);
    return this.shown.slice(first).find(isTodo) ?? this.shown.slice(0, first).find(isTodo) ?? null;
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
   * The row at the anchor: the one of its label that fits it best, among those shown, then among all, then one of its own.
   *
   * @returns {Row|null}
   */
  found() {
    const { anchor } = this;
    if (!anchor) return null;
    const shown = nearest(this.shown, anchor);
    if (shown) this.at = this.shown.indexOf(shown);
    const row = shown ?? nearest(this.rows, anchor);
    if (row || !this.loose) return row;
    return rowOf({ ...anchor, labelIndex: this.indexOf(anchor.label), score: null, origin: this.loose }, this.index);
  }

  tell() {
    for (const listener of this.listeners) listener();
  }
}
