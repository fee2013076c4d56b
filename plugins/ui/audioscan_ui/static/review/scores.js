// @ts-check
/** The step scores of a scan: fetched once for each recording and label, and kept. */

import { getBytes, getJson } from "../server.js";
import { silentSteps, stepEdges } from "./regions.js";

/**
 * @typedef {object} ScannedRecording
 * @property {number} number
 * @property {number} duration seconds
 * @property {number} steps how many
 * @property {[number, number][]} silent runs of silent steps: the first one, and the one after the last
 * @property {string|null} problem
 */

/**
 * @typedef {object} ScanIndex
 * @property {string[]} labels
 * @property {number} hop seconds
 * @property {number} window seconds
 * @property {ScannedRecording[]} recordings
 */

/** A scan by one detector. */
export class Scan {
  /**
   * @param {number} detector number of the session's
   * @param {ScanIndex} index
   */
  constructor(detector, index) {
    this.detector = detector;
    this.index = index;
    /** @type {Map<number, ScannedRecording>} */
    this.recordings = new Map(index.recordings.filter((one) => !one.problem).map((one) => [one.number, one]));
    /** @type {Map<number, {edges: Float64Array, silent: Uint8Array}>} */
    this.grids = new Map();
    /** @type {Map<string, Float64Array>} recording and label index -> scores */
    this.held = new Map();
    /** @type {Map<string, Promise<void>>} */
    this.coming = new Map();
  }

  /**
   * Where the steps of a recording lie, and which are silence.
   *
   * @param {number} recording one of `recordings`
   */
  grid(recording) {
    let grid = this.grids.get(recording);
    if (!grid) {
      const { duration, silent } = /** @type {ScannedRecording} */ (this.recordings.get(recording));
      const edges = stepEdges(this.index.hop, duration);
      grid = { edges, silent: silentSteps(edges.length - 1, silent) };
      this.grids.set(recording, grid);
    }
    return grid;
  }

  /**
   * The scores of a recording and label as far as they are here.
   *
   * @param {number} recording
   * @param {number} label index from 0
   * @returns {Float64Array|null}
   */
  steps(recording, label) {
    return this.held.get(`${recording} ${label}`) ?? null;
  }

  /**
   * Fetch the scores of a recording and label; does nothing where they are here or on their way.
   *
   * @param {number} recording
   * @param {number} label index from 0
   */
  async load(recording, label) {
    if (!this.recordings.has(recording) || this.steps(recording, label)) return;
    await this.once(`${recording}/${label}`, async (path) => {
      const { bytes } = await getBytes(path);
      this.held.set(`${recording} ${label}`, new Float64Array(bytes));
    });
  }

  /**
   * Fetch the scores of all recordings for a label, as one.
   *
   * @param {number} label index from 0
   */
  async loadAll(label) {
    const here = [...this.recordings.values()];
    if (here.every(({ number }) => this.steps(number, label))) return;
    await this.once(`all/${label}`, async (path) => {
      const all = new Float64Array((await getBytes(path)).bytes);
      let first = 0;
      for (const { number, steps } of this.index.recordings) {
        if (this.recordings.has(number)) this.held.set(`${number} ${label}`, all.slice(first, first + steps));
        first += steps;
      }
    });
  }

  /**
   * @param {string} what
   * @param {(path: string) => Promise<void>} fetch
   */
  async once(what, fetch) {
    let coming = this.coming.get(what);
    if (!coming) {
      coming = fetch(`api/scans/${this.detector}/${what}`).finally(() => this.coming.delete(what));
      this.coming.set(what, coming);
    }
    await coming;
  }
}

/**
 * The scan by a detector, as far as it has scanned.
 *
 * @param {number} detector
 * @returns {Promise<Scan>}
 */
export async function scanBy(detector) {
  return new Scan(detector, await getJson(`api/scans/${detector}`));
}
