// @ts-check
/** Verdicts and settings on their way to the session: shown at once, sent in order, sent again until acknowledged. */

import { postJson, ServerProblem } from "./server.js";
import { store } from "./store.js";
import { tell } from "./messages.js";
import { keepUnsent, takeUnsent } from "./unsent.js";

/** @typedef {import("./facts.js").Verdict} Verdict */
/** @typedef {import("./facts.js").Change} Change */
/** @typedef {import("./facts.js").SessionState} SessionState */

/**
 * @typedef {{id: string, kind: "judge", add: Verdict[], remove: string[]}
 *   | {id: string, kind: "undo"} | {id: string, kind: "redo"}
 *   | {id: string, kind: "settings", patch: Record<string, any>}} Action
 */

const PAUSE_OF_SETTINGS = 300; // milliseconds; a slider that is dragged is one action
const LONGEST_WAIT = 10_000; // milliseconds between two tries
const WAIT_FOR_A_GAP = 500; // milliseconds until an action of another page is taken for missed

/** @returns {string} 32 hexadecimal digits, drawn at random */
export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

class Journal {
  constructor() {
    /** @type {Action[]} in order; not acknowledged yet */
    this.waiting = [];
    this.seq = 0;
    /** @type {Map<number, Change>} those that came before one that is still missing */
    this.early = new Map();
    /** @type {Record<string, any>} settings that were changed and are not sent yet */
    this.patch = {};
    this.patchTimer = 0;
    this.sending = false;
    this.gapTimer = 0;
    /** Fetches the state anew; set by the page. */
    this.refresh = () => {};
  }

  /**
   * Take what the server has; what was not acknowledged stays on top of it.
   *
   * @param {SessionState} state
   */
  rebase(state) {
    const isFirst = store.state.folder === "";
    if (isFirst) {
      this.waiting = takeUnsent(state.folder);
      store.whenKept = (name, value) => this.keep(name, value);
    }
    const patch = { state, jobs: state.jobs };
    if (isFirst || state.seq >= this.seq) {
      this.seq = state.seq;
      this.early.clear();
      Object.assign(patch, {
        verdicts: this._withWaiting(new Map(state.verdicts.map((verdict) => [verdict.id, verdict]))),
        settings: { ...state.settings, ...this._settingsOnTheWay() },
        depth: { undo: state.undo, redo: state.redo },
      });
    }
    store.update(patch);
    if (this.waiting.length) this._send();
  }

  /**
   * Do something that is kept. Verdicts are shown before the server has them.
   *
   * @param {Action} action
   */
  act(action) {
    this.waiting.push(action);
    keepUnsent(store.state.folder, this.waiting);
    if (action.kind === "judge") {
      applyTo(store.verdicts, action);
      store.update({ verdicts: store.verdicts });
    }
    if (store.saving === "saved") store.update({ saving: "saving" });
    this._send();
  }

  /**
   * @param {string} name
   * @param {any} value
   */
  keep(name, value) {
    this.patch[name] = value;
    clearTimeout(this.patchTimer);
    this.patchTimer = setTimeout(() => this.flush(), PAUSE_OF_SETTINGS);
  }

  /** Send settings that wait for a pause. */
  flush() {
    if (!Object.keys(this.patch).length) return;
    const patch = this.patch;
    this.patch = {};
    this.act({ id: newId(), kind: "settings", patch });
  }

  /**
   * A change that the server made, by an answer or by the stream of events; each is told by both.
   *
   * @param {Change} change
   */
  heard(change) {
    if (change.seq <= this.seq) return;
    this.early.set(change.seq, change);
    let next = this.early.get(this.seq + 1);
    while (next) {
      this.early.delete(next.seq);
      this.seq = next.seq;
      this._take(next);
      next = this.early.get(this.seq + 1);
    }
    clearTimeout(this.gapTimer);
    if (this.early.size) this.gapTimer = setTimeout(() => this.early.size && this.refresh(), WAIT_FOR_A_GAP);
  }

  /** @param {Change} change */
  _take(change) {
    applyTo(store.verdicts, change);
    const patch = { verdicts: store.verdicts, depth: { undo: change.undo, redo: change.redo } };
    if (change.settings) {
      Object.assign(patch, { settings: { ...store.settings, ...change.settings, ...this._settingsOnTheWay() } });
    }
    this.waiting = this.waiting.filter((action) => action.id !== change.id);
    if (change.settings && !change.add.length && !change.remove.length) {
      store.update(/** @type {any} */ ({ settings: /** @type {any} */ (patch).settings, depth: patch.depth }));
      return;
    }
    this._withWaiting(store.verdicts);
    store.update(patch);
  }

  /**
   * Put what is not acknowledged on top, before anybody sees the verdicts without it.
   *
   * @param {Map<string, Verdict>} verdicts changed in place
   */
  _withWaiting(verdicts) {
    for (const action of this.waiting) if (action.kind === "judge") applyTo(verdicts, action);
    return verdicts;
  }

  _settingsOnTheWay() {
    const sent = this.waiting.map((action) => (action.kind === "settings" ? action.patch : {}));
    return Object.assign({}, ...sent, this.patch);
  }

  async _send() {
    if (this.sending) return;
    this.sending = true;
    let wait = 500;
    while (this.waiting.length) {
      const action = this.waiting[0];
      try {
        const change = await postJson("api/actions", action);
        this.waiting = this.waiting.filter((each) => each.id !== action.id);
        this.heard(change);
        wait = 500;
      } catch (problem) {
        if (!(problem instanceof ServerProblem)) throw problem;
        if (isRefused(problem)) {
          this.waiting = this.waiting.filter((each) => each.id !== action.id);
          tell(`Not saved: ${problem.message}`, "problem");
          this.refresh();
        } else {
          store.update({ saving: "not saved" });
          await new Promise((resolve) => setTimeout(resolve, wait));
          wait = Math.min(wait * 2, LONGEST_WAIT);
        }
      }
      keepUnsent(store.state.folder, this.waiting);
    }
    this.sending = false;
    if (store.saving !== "saved") store.update({ saving: "saved" });
  }
}

/**
 * Whether sending it again would be refused again. 404 is the answer of a server that was started anew, which has another
 * token: the action is kept.
 *
 * @param {ServerProblem} problem
 */
function isRefused(problem) {
  return problem.status === 400 || problem.status === 422;
}

/**
 * @param {Map<string, Verdict>} verdicts
 * @param {{add: Verdict[], remove: string[]}} change
 */
function applyTo(verdicts, change) {
  for (const id of change.remove) verdicts.delete(id);
  for (const verdict of change.add) verdicts.set(verdict.id, verdict);
}

export const journal = new Journal();

/** @param {Action} action */
export function act(action) {
  journal.act(action);
}

/**
 * Give verdicts and take others back, as one action that one undo takes back.
 *
 * @param {Verdict[]} add
 * @param {string[]} [remove] ids
 */
export function judge(add, remove = []) {
  journal.act({ id: newId(), kind: "judge", add, remove });
}

/** Take the last action back; nothing happens where there is none. */
export function undo() {
  if (store.depth.undo > 0 || journal.waiting.length) journal.act({ id: newId(), kind: "undo" });
}

/** Do again what was taken back. */
export function redo() {
  if (store.depth.redo > 0 || journal.waiting.length) journal.act({ id: newId(), kind: "redo" });
}
