// @ts-check
/** What lies where: the lanes of the labels, and the span or the edge under the pointer. */

import { firstAfter } from "./pooled.js";

/** @typedef {import("./drawing_types.js").Span} Span */
/** @typedef {import("./drawing_types.js").Model} Model */

/**
 * @typedef {object} Lane
 * @property {string} name
 * @property {number} labelIndex in `model.labels`; -1 for a label that the detector does not know
 * @property {number} colour index of the colour, which repeat after eight
 * @property {import("./drawing_types.js").Regions|null} regions
 * @property {import("./drawing_types.js").Verdict[]} verdicts
 * @property {import("./drawing_types.js").Named[]} named
 */

/**
 * The lanes from top to bottom: the detector's labels, then those that only verdicts and label files have.
 *
 * @param {Model} model
 * @returns {Lane[]}
 */
export function lanesOf(model) {
  /** @type {Map<string, Lane>} */
  const lanes = new Map();
  const laneOf = (/** @type {string} */ name, labelIndex = -1) => {
    const regions = model.labels[labelIndex]?.regions ?? null;
    /** @type {Lane} */
    const lane = lanes.get(name) ?? { name, labelIndex, colour: lanes.size, regions, verdicts: [], named: [] };
    lanes.set(name, lane);
    return lane;
  };
  model.labels.forEach(({ name }, index) => laneOf(name, index));
  for (const verdict of model.verdicts ?? []) laneOf(verdict.label).verdicts.push(verdict);
  for (const span of model.spans ?? []) laneOf(span.label).named.push(span);
  return [...lanes.values()];
}

/**
 * The indices of the regions that reach into a stretch.
 *
 * @param {import("./drawing_types.js").Regions|null} regions
 * @param {number} from seconds
 * @param {number} to seconds
 * @returns {[number, number]} the first, and the one after the last
 */
export function regionsWithin(regions, from, to) {
  if (!regions?.count) return [0, 0];
  const first = firstAfter(regions, from);
  let after = firstAfter(regions, to);
  if (after < regions.count && regions.start[after] < to) after++;
  return [first, Math.max(after, first)];
}

/** @param {Lane} lane @param {number} index @returns {Span} */
function regionSpan(lane, index) {
  const regions = /** @type {import("./drawing_types.js").Regions} */ (lane.regions);
  const [start, end, score] = [regions.start[index], regions.end[index], regions.score[index]];
  return { label: lane.name, labelIndex: lane.labelIndex, start, end, score, verdict: null, origin: null };
}

/** @param {Lane} lane @param {import("./drawing_types.js").Verdict} verdict @returns {Span} */
function verdictSpan({ labelIndex }, verdict) {
  const { label, start, end, score = null, origin = null } = verdict;
  return { label, labelIndex, start, end, score, verdict, origin };
}

/**
 * All spans of a lane at a time, regions first.
 *
 * @param {Lane} lane
 * @param {number} time seconds
 * @param {number} near seconds by which the pointer may miss
 * @returns {Span[]}
 */
function spansAt(lane, time, near) {
  const [first, after] = regionsWithin(lane.regions, time - near, time + near);
  const reaches = (/** @type {{start: number, end: number}} */ { start, end }) => start - near <= time && time <= end + near;
  return [
    ...Array.from({ length: after - first }, (_, number) => regionSpan(lane, first + number)),
    ...lane.verdicts.filter(reaches).map((verdict) => verdictSpan(lane, verdict)),
    ...lane.named.filter(reaches).map((named) => ({ ...named, labelIndex: lane.labelIndex, score: null, verdict: null })),
  ];
}

/** @param {{label: string, start: number, end: number}|null|undefined} one @param {{label: string, start: number, end: number}} other */
const isSame = (one, other) => one?.label === other.label && one.start === other.start && one.end === other.end;

/**
 * The span under the pointer: the selected one before that of the label in front, the closest before others.
 *
 * @param {Model} model
 * @param {Lane[]} lanes those that the pointer can mean
 * @param {number} time seconds
 * @param {number} near seconds by which the pointer may miss
 * @returns {Span|null}
 */
export function spanAt(model, lanes, time, near) {
  const found = lanes.flatMap((lane) => spansAt(lane, time, near));
  const selected = selectedSpan(model);
  const rank = (/** @type {Span} */ span) => {
    const missed = Math.max(span.start - time, time - span.end, 0);
    const preferred = isSame(selected, span) ? 2 : span.labelIndex === (model.current ?? 0) ? 1 : 0;
    return missed / (near || 1) - preferred * 2 - (span.verdict ? 0.5 : 0);
  };
  return found.sort((one, other) => rank(one) - rank(other))[0] ?? null;
}

/**
 * The edges that a trim of a row moves: those of its verdict, which may have been trimmed already, or else its own.
 *
 * @param {{start: number, end: number, verdicts?: {start: number, end: number}[]}} row
 * @returns {{start: number, end: number}}
 */
export function edgesOf(row) {
  return row.verdicts?.length === 1 ? row.verdicts[0] : row;
}

/**
 * The selected row as a span, with the edges that a trim of it moves; null where it is of another recording.
 *
 * @param {Model} model
 * @returns {Span|null}
 */
export function selectedSpan(model) {
  const row = /** @type {any} */ (model.selected);
  if (!row || (model.recording !== undefined && row.recording !== model.recording)) return null;
  const { label, score = null, origin = null } = row;
  const { start, end } = edgesOf(row);
  const same = (/** @type {any} */ verdict) => isSame(verdict, { ...row, start, end });
  const verdict = (model.verdicts ?? []).find(same) ?? null;
  return { label, labelIndex: model.labels.findIndex(({ name }) => name === label), start, end, score, verdict, origin };
}

/**
 * The edge under the pointer. That of the selected span is caught from further away.
 *
 * @param {Model} model
 * @param {Lane[]} lanes
 * @param {number} time seconds
 * @param {number} perPixel seconds
 * @returns {{span: Span, side: "start"|"end"}|null}
 */
export function edgeAt(model, lanes, time, perPixel) {
  const selected = selectedSpan(model);
  const chosen = selected && lanes.some(({ name }) => name === selected.label) && edgeOf(selected, time, 12 * perPixel);
  if (selected && chosen) return { span: selected, side: chosen };
  const span = spanAt(model, lanes, time, 6 * perPixel);
  if (!span || span.end - span.start < 10 * perPixel) return null; // too narrow to tell its edges from itself
  const side = edgeOf(span, time, 6 * perPixel);
  return side && { span, side };
}

/** @param {{start: number, end: number}} span @param {number} time @param {number} near @returns {"start"|"end"|null} */
function edgeOf({ start, end }, time, near) {
  const inside = Math.min(near, (end - start) / 3); // the middle third stays free for a click
  if (time >= start - near && time <= start + inside) return "start";
  return time >= end - inside && time <= end + near ? "end" : null;
}
