// @ts-check
/** A lane for each label below the spectrogram: what was found, and under it what was judged. */

import { LEFT, clockTime, timeScale } from "./axis.js";
import { labelColour } from "./colours.js";
import { VERDICT_WORDS, paintVerdict } from "./marks.js";
import { coveredRuns } from "./pooled.js";
import { lanesOf, regionsWithin, selectedSpan } from "./spans.js";
import { createSurface } from "./surface.js";

/** Height of a lane, CSS pixels: found above, judged below. */
export const LANE = 24;
const [FOUND, JUDGED, BAR] = [2, 13, 9];
/** More regions than this are painted by the pixel, not one by one. */
const ONE_BY_ONE = 400;

/** @typedef {import("./drawing_types.js").Span} Span */
/** @typedef {import("./spans.js").Lane} Lane */
/** @typedef {import("./axis.js").TimeScale} TimeScale */

/**
 * @param {HTMLElement} container
 * @param {import("./drawing_types.js").Model} model
 * @param {import("./drawing_types.js").Place} place
 * @returns {import("./surface.js").Surface & {lanesUnder: (y: number) => Lane[]}}
 */
export function lanes(container, model, place) {
  const surface = createSurface(container, (painted) => paint(painted, model, place), "Lanes of found and judged spans, one a label");
  return Object.assign(surface, {
    /** @param {number} y CSS pixels */
    lanesUnder: (y) => lanesOf(model).slice(Math.max(Math.floor(y / LANE), 0)).slice(0, 1),
  });
}

/**
 * @param {import("./surface.js").Surface} surface
 * @param {import("./drawing_types.js").Model} model
 * @param {import("./drawing_types.js").Place} place
 */
function paint({ context, width, height, theme }, model, place) {
  context.fillStyle = theme.surface;
  context.fillRect(0, 0, width, height);
  const scale = timeScale(place.from, place.to, width);
  const all = lanesOf(model);
  all.forEach((lane, index) => {
    paintName(context, theme, lane, index * LANE, lane.labelIndex === (model.current ?? 0));
    context.fillStyle = theme.line;
    context.fillRect(0, (index + 1) * LANE - 1, width, 1);
  });
  context.save();
  context.beginPath();
  context.rect(LEFT, 0, scale.right - LEFT, height);
  context.clip();
  all.forEach((lane, index) => paintLane(context, theme, lane, index * LANE, scale));
  const row = all.findIndex(({ name }) => name === (place.trimmed ?? model.selected)?.label);
  const chosen = place.trimmed ?? selectedSpan(model);
  if (chosen && row >= 0) paintChosen(context, theme, chosen, row * LANE, scale);
  context.restore();
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {import("./colours.js").Theme} theme
 * @param {Lane} lane
 * @param {number} y
 * @param {boolean} front
 */
function paintName(context, theme, lane, y, front) {
  context.fillStyle = labelColour(theme, lane.colour);
  context.fillRect(0, y + 2, front ? 6 : 3, LANE - 5);
  context.fillStyle = theme.text;
  context.font = `${front ? "600 " : ""}11px ${theme.font}`;
  context.textAlign = "left";
  context.textBaseline = "middle";
  context.fillText(shortened(context, lane.name, LEFT - 14), 10, y + LANE / 2);
}

/** @param {CanvasRenderingContext2D} context @param {string} text @param {number} room CSS pixels */
export function shortened(context, text, room) {
  if (context.measureText(text).width <= room) return text;
  const letters = [...text];
  while (letters.length > 1 && context.measureText(`${letters.join("")}…`).width > room) letters.pop();
  return `${letters.join("")}…`;
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {import("./colours.js").Theme} theme
 * @param {Lane} lane
 * @param {number} y
 * @param {TimeScale} scale
 */
function paintLane(context, theme, lane, y, scale) {
  const [from, to] = [scale.time(scale.left), scale.time(scale.right)];
  const [first, after] = regionsWithin(lane.regions, from, to);
  context.fillStyle = labelColour(theme, lane.colour);
  if (lane.regions && after - first > ONE_BY_ONE) {
    coveredRuns(stretches(lane.regions, first, after), scale, (x, wide) => context.fillRect(x, y + FOUND, wide, BAR));
  } else if (lane.regions) {
    for (let index = first; index < after; index++) {
      const x = scale.x(lane.regions.start[index]);
      context.fillRect(x, y + FOUND, Math.max(scale.x(lane.regions.end[index]) - x - 1, 1.5), BAR);
    }
  }
  context.strokeStyle = labelColour(theme, lane.colour);
  context.lineWidth = 1.5;
  context.setLineDash([2, 2]);
  for (const { start, end } of lane.named) {
    if (end < from || start > to) continue;
    context.strokeRect(scale.x(start) + 1, y + FOUND + 0.75, Math.max((end - start) / scale.perPixel - 2, 1), BAR - 1.5);
  }
  context.setLineDash([]);
  for (const { role, start, end } of lane.verdicts) {
    if (end < from || start > to) continue;
    const width = Math.max((end - start) / scale.perPixel - 1, 2);
    paintVerdict(context, theme, role, { x: scale.x(start), y: y + JUDGED, width, height: BAR });
  }
}

/** @param {import("./drawing_types.js").Regions} regions @param {number} first @param {number} after @returns {Iterable<[number, number]>} */
export function* stretches(regions, first, after) {
  for (let index = first; index < after; index++) yield [regions.start[index], regions.end[index]];
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {import("./colours.js").Theme} theme
 * @param {{start: number, end: number}} span
 * @param {number} y
 * @param {TimeScale} scale
 */
function paintChosen(context, theme, { start, end }, y, scale) {
  const width = Math.max((end - start) / scale.perPixel, 3);
  context.lineWidth = 2;
  context.strokeStyle = theme.text;
  context.strokeRect(scale.x(start) - 1, y + 1, width + 2, LANE - 3);
}

/**
 * A span in words, for a tooltip.
 *
 * @param {Span} span
 * @returns {string}
 */
export function spanWords({ label, start, end, score, verdict, origin }) {
  const words = [`${label}, ${clockTime(start, 0.1)} to ${clockTime(end, 0.1)}`];
  if (score !== null) words.push(`probability ${score.toFixed(2)}`);
  if (verdict) words.push(VERDICT_WORDS[verdict.role]);
  else if (origin && origin !== "found") words.push(origin);
  return words.join(", ");
}
