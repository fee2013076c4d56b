// @ts-check
/** What a verdict adds and what it takes away. Pure functions: the journal sends what they return. */

/** @typedef {import("../facts.js").Role} Role */
/** @typedef {import("../facts.js").Verdict} Verdict */
/** @typedef {import("./rows.js").Row} Row */
/** @typedef {import("./rows.js").VerdictIndex} VerdictIndex */
/** @typedef {{add: Verdict[], remove: string[]}} Judgement */

/** Seconds; what is left of an older verdict is dropped where it is shorter. */
const SHORTEST_REST = 0.05;

/**
 * Judge a row. A later verdict wins where it applies: an older one of which half or more lies in the new span goes, of a
 * longer one the rest stays.
 *
 * @param {Row} row
 * @param {Role} role
 * @param {object} how
 * @param {VerdictIndex} how.index of the verdicts that stand
 * @param {() => string} how.newId
 * @param {string|null} how.detector sha256 of the one whose scores are seen
 * @param {string} [how.label] another label: the row is relabelled
 * @param {{start: number, end: number}} [how.span] another span: the row is trimmed
 * @returns {Judgement|null} null where nothing would change
 */
export function judged(row, role, { index, newId, detector, label = row.label, span }) {
  const own = row.verdicts.length === 1 ? row.verdicts[0] : null;
  const found = own?.found ?? (row.origin === "found" ? { start: row.start, end: row.end, label: row.label } : null);
  const { start, end } = span ?? spanOf(row, role, own, found);
  if (own && own.role === role && own.label === label && own.start === start && own.end === end) return null;
  /** @type {Verdict} */
  const verdict = {
    id: newId(),
    recording: row.recording,
    start,
    end,
    label,
    role,
    score: row.score,
    detector: row.origin === "found" ? detector : (own?.detector ?? detector),
    origin: originOf(row, own),
    found,
  };
  const earlier = new Set(row.verdicts);
  for (const name of new Set([row.label, label])) {
    for (const other of index.over(row.recording, name, start, end)) earlier.add(other);
  }
  return replaced([...earlier], own, verdict, newId);
}

/**
 * A span that somebody drew.
 *
 * @param {{recording: number, start: number, end: number, label: string}} span
 * @param {() => string} newId
 * @returns {Judgement}
 */
export function drawn(span, newId) {
  const { recording, start, end, label } = span;
  /** @type {Verdict} */
  const verdict = { id: newId(), recording, start, end, label, role: "positive", score: null, detector: null, origin: "drawn", found: null };
  return { add: [verdict], remove: [] };
}

/**
 * Take the verdicts of a row back.
 *
 * @param {Row} row
 * @returns {Judgement|null} null where it has none
 */
export function cleared(row) {
  return row.verdicts.length ? { add: [], remove: row.verdicts.map(({ id }) => id) } : null;
}

/**
 * A trimmed span stays when it is judged again; a rejection is of the whole region.
 *
 * @param {Row} row
 * @param {Role} role
 * @param {Verdict|null} own
 * @param {{start: number, end: number, label: string}|null} found
 * @returns {{start: number, end: number}}
 */
function spanOf(row, role, own, found) {
  if (!own) return row;
  if (role !== "absent") return own;
  return found ?? own;
}

/**
 * @param {Row} row
 * @param {Verdict|null} own
 * @returns {Verdict["origin"]}
 */
function originOf(row, own) {
  if (own) return own.origin;
  return row.origin === "kept" ? "found" : /** @type {Verdict["origin"]} */ (row.origin);
}

/**
 * @param {Verdict[]} earlier
 * @param {Verdict|null} own the one that is changed: nothing of it stays
 * @param {Verdict} verdict
 * @param {() => string} newId
 * @returns {Judgement}
 */
function replaced(earlier, own, verdict, newId) {
  const add = [verdict];
  const remove = [];
  for (const old of earlier) {
    const shared = Math.min(old.end, verdict.end) - Math.max(old.start, verdict.start);
    if (shared <= 0 && old !== own) continue;
    remove.push(old.id);
    if (old === own || shared >= (old.end - old.start) / 2) continue;
    for (const [start, end] of [
      [old.start, Math.min(old.end, verdict.start)],
      [Math.max(old.start, verdict.end), old.end],
    ]) {
      if (end - start >= SHORTEST_REST) add.push({ ...old, id: newId(), start, end });
    }
  }
  return { add, remove };
}
