// @ts-check
/** Rows of the list: regions that are found now, spans that were judged, and spans that were proposed. */

/** @typedef {import("../facts.js").Role} Role */
/** @typedef {import("../facts.js").Verdict} Verdict */

/**
 * @typedef {object} Row
 * @property {number} recording
 * @property {string} label
 * @property {number} labelIndex place among the labels of the model, for its colour
 * @property {number} start seconds
 * @property {number} end seconds
 * @property {number|null} score
 * @property {Role|null} verdict null where it is still to do
 * @property {string|null} relabelled the label that it was given instead
 * @property {Verdict[]} verdicts that cover it
 * @property {boolean} drawn whether somebody drew it
 * @property {string} origin as of verdicts; "kept" for a judged region that the threshold no longer reaches
 * @property {string} why of a proposal; empty otherwise
 */

/** A row counts as reviewed where verdicts cover at least this share of it. */
const REVIEWED = 0.5;

/**
 * What was looked at for a verdict: its span, and the region that it was about, of which it may be a part.
 *
 * @param {Verdict} verdict
 * @returns {{start: number, end: number}}
 */
function lookedAt({ start, end, found }) {
  if (!found || found.start >= end || found.end <= start) return { start, end };
  return { start: Math.min(start, found.start), end: Math.max(end, found.end) };
}

/** Spans that were judged, by recording and label, so that those over a row are found at once. */
export class VerdictIndex {
  /** @param {Iterable<Verdict>} verdicts */
  constructor(verdicts) {
    /** @type {Map<string, {start: number, end: number, verdict: Verdict}[]>} */
    this.places = new Map();
    /** @type {Map<string, number>} the longest of a place, seconds */
    this.longest = new Map();
    for (const verdict of verdicts) {
      this.put(verdict.label, verdict);
      if (verdict.found && verdict.found.label !== verdict.label) this.put(verdict.found.label, verdict);
    }
    for (const [key, list] of this.places) {
      list.sort((a, b) => a.start - b.start);
      this.longest.set(key, list.reduce((most, { start, end }) => Math.max(most, end - start), 0));
    }
  }

  /**
   * @param {string} label
   * @param {Verdict} verdict
   */
  put(label, verdict) {
    const key = `${verdict.recording} ${label}`;
    const entry = { ...lookedAt(verdict), verdict };
    const list = this.places.get(key);
    if (list) list.push(entry);
    else this.places.set(key, [entry]);
  }

  /**
   * The verdicts for which a part of a span was looked at, for its label or of a region of that label.
   *
   * @param {number} recording
   * @param {string} label
   * @param {number} start
   * @param {number} end
   * @returns {Verdict[]} by the start of what was looked at
   */
  over(recording, label, start, end) {
    const key = `${recording} ${label}`;
    const list = this.places.get(key);
    if (!list) return [];
    const earliest = start - (this.longest.get(key) ?? 0);
    let from = 0;
    let after = list.length;
    while (from < after) {
      const middle = (from + after) >> 1;
      if (list[middle].start < earliest) from = middle + 1;
      else after = middle;
    }
    const found = [];
    for (let i = from; i < list.length && list[i].start < end; i++) if (list[i].end > start) found.push(list[i].verdict);
    return found;
  }
}

/**
 * How much of a span verdicts cover, and the one that covers most of it.
 *
 * @param {Verdict[]} verdicts by the start of what was looked at
 * @param {number} start
 * @param {number} end
 * @returns {{share: number, best: Verdict|null}}
 */
export function coverage(verdicts, start, end) {
  let covered = 0;
  let reached = start;
  let most = 0;
  /** @type {Verdict|null} */
  let best = null;
  for (const verdict of verdicts) {
    const looked = lookedAt(verdict);
    const from = Math.max(looked.start, start);
    const to = Math.min(looked.end, end);
    if (to > reached) {
      covered += to - Math.max(from, reached);
      reached = to;
    }
    if (to - from > most) [most, best] = [to - from, verdict];
  }
  return { share: end > start ? covered / (end - start) : 0, best };
}

/**
 * A row with what was judged about it.
 *
 * @param {{recording: number, label: string, labelIndex: number, start: number, end: number, score: number|null,
 *   origin: string, why?: string}} span
 * @param {VerdictIndex} index
 * @returns {Row}
 */
export function rowOf(span, index) {
  const over = index.over(span.recording, span.label, span.start, span.end);
  const { share, best } = over.length ? coverage(over, span.start, span.end) : { share: 0, best: null };
  const reviewed = best !== null && share >= REVIEWED - 1e-9;
  return {
    recording: span.recording,
    label: span.label,
    labelIndex: span.labelIndex,
    start: span.start,
    end: span.end,
    score: span.score,
    verdict: reviewed ? best.role : null,
    relabelled: reviewed && best.label !== span.label ? best.label : null,
    verdicts: reviewed ? over : [],
    drawn: span.origin === "drawn",
    origin: span.origin,
    why: span.why ?? "",
  };
}

/**
 * Rows of the judged spans that no other row shows: drawn ones, and those that the threshold no longer reaches.
 *
 * @param {Iterable<Verdict>} verdicts
 * @param {Row[]} rows that are shown already
 * @param {(label: string) => number} indexOf place of a label
 * @returns {Row[]}
 */
export function rowsOfVerdicts(verdicts, rows, indexOf) {
  const shown = new Set();
  for (const row of rows) for (const verdict of row.verdicts) shown.add(verdict.id);
  const left = [];
  for (const verdict of verdicts) {
    if (shown.has(verdict.id)) continue;
    left.push({
      recording: verdict.recording,
      label: verdict.label,
      labelIndex: indexOf(verdict.label),
      start: verdict.start,
      end: verdict.end,
      score: verdict.score,
      verdict: verdict.role,
      relabelled: null,
      verdicts: [verdict],
      drawn: verdict.origin === "drawn",
      origin: verdict.origin === "found" ? "kept" : verdict.origin,
      why: "",
    });
  }
  return left;
}

/**
 * @param {Row[]} rows
 * @param {{recording: number, label: string, start: number, end: number}} place
 * @returns {Row|null} the one that shares most with it, for what both cover together
 */
export function nearest(rows, place) {
  let most = 0;
  let best = null;
  for (const row of rows) {
    if (row.recording !== place.recording || (row.label !== place.label && row.relabelled !== place.label)) continue;
    const shared = Math.min(row.end, place.end) - Math.max(row.start, place.start);
    const share = shared / (Math.max(row.end, place.end) - Math.min(row.start, place.start));
    if (share > most) [most, best] = [share, row];
  }
  return best;
}
