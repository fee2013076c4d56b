// @ts-check
/** A lane for each label below the spectrogram: what was found, and under it what was judged. */

import { LEFT, clockTime, timeScale } from "./axis.js";
import { labelColour } from "./colours.js";
import { VERDICT_WORDS, paintVerdicts } from "./marks.js";
import { coveredRuns } from "./pooled.js";
import { lanesOf, regionsWithin, selectedSpan } from "./spans.js";
import { createSurface } from "./surface.js";

/** Heights of a lane, CSS pixels; found spans are in its upper half, judged ones in its lower. */
const [ROOMY, TIGHT] = [24, 19];
/** More lanes than this are tight. */
const FEW = 4;
/** More regions than this are painted by the pixel, not one by one. */
const ONE_BY_ONE = 400;

/** @typedef {import("./drawing_types.js").Span} Span */
/** @typedef {import("./spans.js").Lane} Lane */
/** @typedef {import("./axis.js").TimeScale} TimeScale */

/**
 * Height of each lane, CSS pixels.
 *
 * @param {number} count of lanes
 */
export const laneHeight = (count) => (count > FEW ? TIGHT : ROOMY);

/**
 * @param {HTMLElement} container
 * @param {import("./drawing_types.js").Model} model
 * @param {import("./drawing_types.js").Place} place
 * @returns {import("./surface.js").Surface & {lanesUnder: (y: number) => Lane[]}}
 */
export function lanes(container, model, place) {
  const surface = createSurface(
    container,
    (painted) => paint(painted, model, place),
    "Lanes of found and judged spans, one a label",
  );
  return Object.assign(surface, {
    /** @param {number} y CSS pixels */
    lanesUnder(y) {
      const all = lanesOf(model);
      return all.slice(Math.max(Math.floor(y / laneHeight(all.length)), 0)).slice(0, 1);
    },
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
  const tall = laneHeight(all.length);
  all.forEach((lane, index) => {
    paintName(context, theme, lane, { y: index * tall, tall, front: lane.labelIndex === (model.current ?? 0) });
    context.fillStyle = theme.line;
    context.fillRect(0, (index + 1) * tall - 1, width, 1);
  });
  context.save();
  context.beginPath();
  context.rect(LEFT, 0, scale.right - LEFT, height);
  context.clip();
  all.forEach((lane, index) => paintLane(context, theme, lane, { y: index * tall, tall }, scale));
  const row = all.findIndex(({ name }) => name === (place.trimmed ?? model.selected)?.label);
  const chosen = place.trimmed ?? selectedSpan(model);
  if (chosen && row >= 0) paintChosen(context, theme, chosen, { y: row * tall, tall }, scale);
  context.restore();
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {import("./colours.js").Theme} theme
 * @param {Lane} lane
 * @param {{y: number, tall: number, front: boolean}} box
 */
function paintName(context, theme, lane, { y, tall, front }) {
  context.fillStyle = labelColour(theme, lane.colour);
  context.fillRect(0, y + 2, front ? 6 : 3, tall - 5);
  context.fillStyle = theme.text;
  context.font = `${front ? "600 " : ""}11px ${theme.font}`;
  context.textAlign = "left";
  context.textBaseline = "middle";
  context.fillText(shortened(context, lane.name, LEFT - 14), 10, y + tall / 2);
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
 * @param {{y: number, tall: number}} box
 * @param {TimeScale} scale
 */
function paintLane(context, theme, lane, { y, tall }, scale) {
  const bar = (tall - 5) / 2;
  const [found, judged] = [y + 1.5, y + 2.5 + bar];
  const [from, to] = [scale.time(scale.left), scale.time(scale.right)];
  const [first, after] = regionsWithin(lane.regions, from, to);
  context.fillStyle = labelColour(theme, lane.colour);
  if (lane.regions && after - first > ONE_BY_ONE) {
    coveredRuns(stretches(lane.regions, first, after), scale, (x, wide) => context.fillRect(x, found, wide, bar));
  } else if (lane.regions) {
    for (let index = first; index < after; index++) {
      const x = scale.x(lane.regions.start[index]);
      context.fillRect(x, found, Math.max(scale.x(lane.regions.end[index]) - x - 1, 1.5), bar);
    }
  }
  context.strokeStyle = labelColour(theme, lane.colour);
  context.lineWidth = 1.5;
  const named = lane.named.filter(({ start, end }) => end >= from && start <= to);
  if (named.length > ONE_BY_ONE) {
    const spans = named.map(({ start, end }) => /** @type {const} */ ([start, end]));
    coveredRuns(spans, scale, (x, wide) => context.fillRect(x, found + bar / 3, wide, bar / 3));
  } else {
    context.setLineDash([2, 2]);
    for (const { start, end } of named) {
      context.strokeRect(scale.x(start) + 1, found + 0.75, Math.max((end - start) / scale.perPixel - 2, 1), bar - 1.5);
    }
    context.setLineDash([]);
  }
  paintVerdicts(context, theme, lane.verdicts, scale, { y: judged, height: bar });
}

/**
 * Start and end of some regions, seconds.
 *
 * @param {import("./drawing_types.js").Regions} regions
 * @param {number} first
 * @param {number} after
 * @returns {Iterable<[number, number]>}
 */
export function* stretches(regions, first, after) {
  for (let index = first; index < after; index++) yield [regions.start[index], regions.end[index]];
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {import("./colours.js").Theme} theme
 * @param {{start: number, end: number}} span
 * @param {{y: number, tall: number}} box
 * @param {TimeScale} scale
 */
function paintChosen(context, theme, { start, end }, { y, tall }, scale) {
  const width = Math.max((end - start) / scale.perPixel, 3);
  context.lineWidth = 2;
  context.strokeStyle = theme.text;
  context.strokeRect(scale.x(start) - 1, y + 0.5, width + 2, tall - 2);
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
