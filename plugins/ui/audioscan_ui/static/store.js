// @ts-check
/** What the page knows, in one place. Views subscribe to parts of it by their keys. */

/** @typedef {import("./facts.js").SessionState} SessionState */
/** @typedef {import("./facts.js").Verdict} Verdict */
/** @typedef {import("./facts.js").JobFacts} JobFacts */

/** @type {SessionState} */
const NOTHING_YET = {
  name: "",
  folder: "",
  seq: 0,
  recordings: [],
  label_files: [],
  labels: [],
  detectors: [],
  verdicts: [],
  undo: 0,
  redo: 0,
  settings: {},
  jobs: [],
  demo: false,
};

class Store {
  constructor() {
    /** The last answer of api/state; its verdicts, settings and jobs are kept up to date beside it, below. */
    this.state = NOTHING_YET;
    /** @type {Map<string, Verdict>} those that stand */
    this.verdicts = new Map();
    /** @type {Record<string, any>} */
    this.settings = {};
    /** @type {JobFacts[]} by number */
    this.jobs = [];
    /** @type {any} the last answer of api/models; null until it was asked for */
    this.models = null;
    /** @type {{recording: number, start?: number, end?: number, label?: string} | null} what Review is to show */
    this.selection = null;
    /** The tab that is shown. */
    this.view = "";
    /** @type {"saved" | "saving" | "not saved"} */
    this.saving = "saved";
    /** How many actions can be undone and redone. */
    this.depth = { undo: 0, redo: 0 };
    /** Whether the server answers. */
    this.connected = true;
    /** @type {{keys: Set<string> | null, fn: (keys: Set<string>) => void}[]} */
    this._subscribers = [];
    /** @type {(name: string, value: any) => void} set by the journal, which sends it */
    this.whenKept = () => {};
  }

  /**
   * Be told when something changes.
   *
   * @param {string | string[] | null} keys which of `state`, `verdicts`, `settings`, `jobs`, `models`, `selection`,
   *   `view`, `saving`, `depth`, `connected`; null for all
   * @param {(keys: Set<string>) => void} fn gets the keys that changed
   * @returns {() => void} ends it
   */
  subscribe(keys, fn) {
    const subscriber = { keys: keys === null ? null : new Set([keys].flat()), fn };
    this._subscribers.push(subscriber);
    return () => {
      this._subscribers = this._subscribers.filter((each) => each !== subscriber);
    };
  }

  /**
   * Take new values and tell those who want to know. An object that was changed in place is given again.
   *
   * @param {Partial<Pick<Store, "state" | "verdicts" | "settings" | "jobs" | "models" | "selection" | "view" | "saving"
   *   | "depth" | "connected">>} patch
   */
  update(patch) {
    Object.assign(this, patch);
    const changed = new Set(Object.keys(patch));
    for (const { keys, fn } of [...this._subscribers]) {
      if (keys === null || [...changed].some((key) => keys.has(key))) fn(changed);
    }
  }

  /**
   * A setting that the session keeps.
   *
   * @template T
   * @param {string} name
   * @param {T} otherwise where it was never set
   * @returns {T extends null ? any : T}
   */
  setting(name, otherwise) {
    return name in this.settings ? this.settings[name] : /** @type {any} */ (otherwise);
  }

  /**
   * Change a setting; it is sent after a pause, so a slider may call this on every movement.
   *
   * @param {string} name
   * @param {any} value plain JSON
   */
  keep(name, value) {
    if (JSON.stringify(this.settings[name]) === JSON.stringify(value)) return;
    this.settings = { ...this.settings, [name]: value };
    this.whenKept(name, value);
    this.update({ settings: this.settings });
  }

  /**
   * @param {number} number
   * @returns {import("./facts.js").RecordingFacts | undefined}
   */
  recording(number) {
    return this.state.recordings.find((each) => each.number === number);
  }

  /**
   * @param {number | null} number
   * @returns {import("./facts.js").DetectorFacts | undefined}
   */
  detector(number) {
    return this.state.detectors.find((each) => each.number === number);
  }
}

export const store = new Store();
