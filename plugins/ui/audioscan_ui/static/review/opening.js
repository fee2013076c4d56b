// @ts-check
/** Opens detectors and recordings: fetches what the model needs, and keeps in the session what is to survive a reload. */

import { afterPause } from "../dom.js";
import { journal } from "../journal.js";
import { attempt } from "../messages.js";
import { getJson } from "../server.js";
import { store } from "../store.js";
import { noFilters } from "./filters.js";
import { scanBy } from "./scores.js";

/** @typedef {import("./model.js").ReviewModel} ReviewModel */
/** @typedef {import("./drawing_types.js").Place} Place */

const PAUSE = 150; // milliseconds without a change until it is kept

export class Opening {
  /**
   * @param {ReviewModel} model
   * @param {Place} place
   * @param {() => boolean} isPlaying where the playhead is while it plays is not worth keeping
   */
  constructor(model, place, isPlaying) {
    this.model = model;
    this.place = place;
    this.isPlaying = isPlaying;
    /** "loading" while scores are on their way; the sentence where they could not be had. */
    this.state = "";
    this.scans = 0; // counts openings, so that an answer to an older one is dropped
    this.scannedBefore = "";
    /** Those whose labels are shown. @type {import("../facts.js").LabelFileFacts[]} */
    this.labelFiles = [];
    /** Where the review was left, until its recording is open. @type {any} */
    this.position = null;
    this.keepPosition = afterPause(PAUSE, () => this.keepPositionNow());
    this.keepRegions = afterPause(PAUSE, () => this.keepRegionsNow());
  }

  /** Take up where the session was left. */
  begin() {
    const { model, place } = this;
    this.position = store.setting("review.position", null);
    model.take({
      scope: store.setting("review.scope", "recording"),
      order: store.setting("review.order", "time"),
      filters: store.setting("review.filters", noFilters()),
      standing: store.verdicts,
      jobs: store.jobs,
    });
    this.openRecording(store.setting("review.recording", null));
    this.followState();
    place.subscribe((what) => {
      const isPassing = what === "playhead" && this.isPlaying();
      if (what !== "cursor" && what !== "draft" && !isPassing) this.keepPosition();
    });
    model.subscribe(() => this.keepPosition());
    window.addEventListener("pagehide", () => {
      this.keepPositionNow();
      this.keepRegionsNow();
      journal.flush();
    });
  }

  /** Follow what changed in the session: detectors that came, recordings whose length is known now, scans that ended. */
  followState() {
    const { model, place } = this;
    const usable = store.state.detectors.filter(({ dropped, problem }) => !dropped && !problem);
    const wanted = store.setting("detector", null);
    const detector = usable.find(({ number }) => number === wanted) ?? usable.at(-1) ?? null;
    if (detector?.sha256 !== model.detector?.sha256) this.openDetector(detector?.number ?? null);
    else if (detector) {
      const scanned = this.scannedNow(detector);
      if (scanned !== this.scannedBefore) this.openScan();
    }
    const open = store.recording(model.recording ?? -1);
    if (!open) this.openRecording(null);
    else if (open.duration && place.duration !== open.duration) this.openRecording(open.number);
    if (JSON.stringify(this.labelFiles) !== JSON.stringify(store.state.label_files)) this.loadLabelled();
  }

  /** @param {number|null} number */
  openDetector(number) {
    const detector = store.detector(number) ?? null;
    if (detector && store.setting("detector", null) !== detector.number) store.keep("detector", detector.number);
    const all = store.setting("review.regions", /** @type {Record<string, any>} */ ({}));
    const kept = (detector && all[detector.sha256]) ?? store.setting("regions", {});
    this.model.take({ detector, scan: null, kept });
    this.keepRegions();
    this.openScan();
  }

  async openScan() {
    const { model } = this;
    const detector = store.detector(model.detector?.number ?? null);
    const turn = ++this.scans;
    if (!detector) return;
    this.scannedBefore = this.scannedNow(detector);
    if (!detector.scanned) {
      model.take({ detector, scan: null });
      return;
    }
    this.state = "loading";
    const scan = await attempt(() => scanBy(detector.number));
    if (turn !== this.scans) return;
    this.state = scan ? "" : "The scores of this detector could not be read.";
    model.take({ detector, scan });
    await this.loadScores();
  }

  /** Fetch the scores that are shown and are not here yet: label after label, the one in front first. */
  async loadScores() {
    const { model } = this;
    const { scan, recording } = model;
    if (!scan) return;
    const labels = model.labels.filter(({ scored }) => scored).map(({ index }) => index);
    labels.sort((a, b) => Number(b === model.current) - Number(a === model.current));
    this.state = "loading";
    for (const label of labels) {
      const isHere = model.scope === "recording" && recording !== null && scan.steps(recording, label);
      if (isHere) continue;
      await attempt(async () => {
        if (recording !== null) await scan.load(recording, label);
        if (model.scope === "all") await scan.loadAll(label);
      });
      if (model.scan !== scan || model.recording !== recording) return;
      model.refresh();
    }
    this.state = "";
    model.refresh();
  }

  /** Fetch what label files say of the open recording, where they may say something. */
  async loadLabelled() {
    const { model } = this;
    const { recording } = model;
    this.labelFiles = store.state.label_files;
    if (recording === null || !this.labelFiles.length) return;
    const answer = await attempt(() => getJson(`api/recordings/${recording}/annotations`));
    if (!answer || model.recording !== recording) return;
    const labelled = answer.spans.map((/** @type {any} */ span) => ({ ...span, recording, origin: "labelled" }));
    model.take({ labelled });
  }

  /**
   * Open a recording; the first one where there is no such.
   *
   * @param {number|null} number
   */
  openRecording(number) {
    const { model, place } = this;
    const facts = store.recording(number ?? -1) ?? store.state.recordings.find(({ problem }) => !problem) ?? store.state.recordings[0];
    if (!facts) return;
    const duration = facts.duration ?? 0;
    const isNew = model.recording !== facts.number;
    if (isNew) {
      model.take({ recording: facts.number, labelled: [] });
      store.keep("review.recording", facts.number);
    }
    if (place.recording !== facts.number || (duration && place.duration !== duration)) this.openPlace(facts.number, duration);
    if (!duration && !facts.problem) this.findLength(facts.number);
    if (!isNew) return;
    this.loadScores();
    this.loadLabelled();
  }

  /**
   * Show the whole of a recording, or the part of it where the review was left.
   *
   * @param {number} recording
   * @param {number} duration seconds; 0 where it is not known yet
   */
  openPlace(recording, duration) {
    const { place, position } = this;
    place.open(recording, duration);
    if (!duration) return;
    this.position = null;
    if (position?.recording !== recording || !(position.to > position.from)) return;
    place.show(position.from, position.to);
    place.seek(position.playhead);
    if (position.selected) this.model.select(position.selected);
  }

  /**
   * Ask for the length of a recording that the session has not looked at yet.
   *
   * @param {number} number
   */
  async findLength(number) {
    const answer = await attempt(() => getJson(`api/recordings/${number}/media`));
    const { place } = this;
    if (answer?.duration && place.recording === number && place.duration === 0) this.openPlace(number, answer.duration);
  }

  /** @param {"recording"|"all"} scope */
  openScope(scope) {
    this.model.take({ scope });
    store.keep("review.scope", scope);
    this.loadScores();
  }

  /** Keep how regions are formed: for this detector, and as what is in use everywhere. */
  keepRegionsNow() {
    const { detector, kept } = this.model;
    if (!detector || store.detector(detector.number)?.sha256 !== detector.sha256) return;
    store.keep("regions", kept);
    store.keep("review.regions", { ...store.setting("review.regions", {}), [detector.sha256]: kept });
  }

  keepPositionNow() {
    const { recording, duration, from, to, playhead } = this.place;
    if (!duration) return;
    const anchor = this.model.anchor;
    store.keep("review.position", { recording, from, to, playhead, selected: anchor?.recording === recording ? anchor : null });
  }

  /**
   * What tells that there are new scores of a detector.
   *
   * @param {import("../facts.js").DetectorFacts} detector
   */
  scannedNow(detector) {
    const ended = store.jobs.filter(({ kind, request, state }) => kind === "scan" && request.detector === detector.number && state === "done");
    return `${detector.number} ${detector.scanned} ${ended.length}`;
  }
}
