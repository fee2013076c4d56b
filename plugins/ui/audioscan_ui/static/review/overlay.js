// @ts-check
/** Spans over the spectrogram: found ones from above, judged ones from below, the selected one with grips. */

import { labelColour } from "./colours.js";
import { paintVerdicts } from "./marks.js";
import { coveredRuns } from "./pooled.js";
import { lanesOf, regionsWithin, selectedSpan } from "./spans.js";
import { stretches } from "./lanes.js";

/** Height of the bar over a found span and under a judged one, CSS pixels. */
const [FOUND, JUDGED] = [5, 12];
/** With more regions than this in sight only their bars are drawn, by the pixel. */
const ONE_BY_ONE = 300;
/** Narrower spans have no lines at their ends, which would hide the picture. */
const SIDED = 24;

/**
 * @typedef {object} Over
 * @property {import("./drawing_types.js").Model} model
 * @property {import("./drawing_types.js").Place} place
 * @property {import("./axis.js").TimeScale} scale
 * @property {number} height CSS pixels
 */

/**
 * @param {CanvasRenderingContext2D} context
 * @param {import("./colours.js").Theme} theme
 * @param {Over} over
 */
export function paintSpans(context, theme, { model, place, scale, height }) {
  const lanes = lanesOf(model);
  lanes.forEach((lane, row) => {
    const bar = { y: Math.min(row, 7) * (FOUND + 1), colour: labelColour(theme, lane.colour) };
    paintFound(context, lane, bar, scale, height);
  });
  const front = model.current ?? 0;
  const frontLast = [...lanes].sort((one, other) => Number(one.labelIndex === front) - Number(other.labelIndex === front));
  for (const { verdicts } of frontLast) paintVerdicts(context, theme, verdicts, scale, { y: height - JUDGED, height: JUDGED });
  const chosen = place.trimmed ?? selectedSpan(model);
  if (chosen) paintChosen(context, theme, chosen, scale, height);
  if (place.draft) paintDraft(context, place.draft, scale, height);
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {import("./spans.js").Lane} lane
 * @param {{y: number, colour: string}} bar
 * @param {import("./axis.js").TimeScale} scale
 * @param {number} height
 */
function paintFound(context, { regions, named }, { y, colour }, scale, height) {
  const [first, after] = regionsWithin(regions, scale.time(scale.left), scale.time(scale.right));
  if (regions && after - first > ONE_BY_ONE) {
    context.fillStyle = colour;
    coveredRuns(stretches(regions, first, after), scale, (x, width) => context.fillRect(x, y, width, FOUND));
  } else if (regions) {
    for (const [start, end] of stretches(regions, first, after)) {
      paintSides(context, scale.x(start), scale.x(end), y, height, colour);
    }
  }
  const seen = named.filter(({ start, end }) => scale.x(end) >= scale.left && scale.x(start) <= scale.right);
  if (seen.length > ONE_BY_ONE) return; // they are in the lanes
  context.setLineDash([3, 3]);
  for (const { start, end } of seen) paintSides(context, scale.x(start), scale.x(end), y, height, colour);
  context.setLineDash([]);
}

/**
 * A bar with a line at each end. Each line lies on a dark one, so that it shows on every colour.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {number} left
 * @param {number} right
 * @param {number} y of the bar
 * @param {number} height of the picture
 * @param {string} colour
 */
function paintSides(context, left, right, y, height, colour) {
  if (right < 0 || left > context.canvas.width) return;
  const width = Math.max(right - left, 2);
  context.fillStyle = "rgb(0 0 0 / 70%)";
  context.fillRect(left - 1, y, width + 2, FOUND + 1);
  context.fillStyle = colour;
  context.fillRect(left, y, width, FOUND);
  if (width < SIDED) return;
  const light = `color-mix(in srgb, ${colour} 60%, white)`;
  for (const [wide, shade] of /** @type {const} */ ([[3, "rgb(0 0 0 / 55%)"], [1, light]])) {
    context.lineWidth = wide;
    context.strokeStyle = shade;
    context.beginPath();
    for (const x of [left + 0.5, right - 0.5]) {
      context.moveTo(x, y + FOUND);
      context.lineTo(x, height);
    }
    context.stroke();
  }
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {import("./colours.js").Theme} theme
 * @param {{start: number, end: number}} span
 * @param {import("./axis.js").TimeScale} scale
 * @param {number} height
 */
function paintChosen(context, theme, { start, end }, scale, height) {
  const isWide = (end - start) / scale.perPixel >= 14;
  const room = isWide ? 0 : 4; // a narrow span would be hidden by its own frame
  const [left, right] = [scale.x(start) - room, scale.x(end) + room];
  for (const [wide, shade] of /** @type {const} */ ([[5, "#000000"], [2, "#ffffff"]])) {
    context.lineWidth = wide;
    context.strokeStyle = shade;
    context.strokeRect(left, 2.5, right - left, height - 5);
  }
  if (!isWide) return;
  for (const x of [left, right]) {
    context.fillStyle = "#ffffff";
    context.strokeStyle = "#000000";
    context.lineWidth = 1;
    context.beginPath();
    context.roundRect(x - 4, height / 2 - 14, 8, 28, 3);
    context.fill();
    context.stroke();
    context.fillStyle = "#000000";
    for (const line of [-4, 0, 4]) context.fillRect(x - 2, height / 2 + line - 0.5, 4, 1);
  }
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {{start: number, end: number}} draft
 * @param {import("./axis.js").TimeScale} scale
 * @param {number} height
 */
function paintDraft(context, { start, end }, scale, height) {
  const [left, width] = [scale.x(start), Math.max((end - start) / scale.perPixel, 2)];
  context.fillStyle = "rgb(255 255 255 / 22%)";
  context.fillRect(left, 0, width, height);
  context.lineWidth = 2;
  context.strokeStyle = "#000000";
  context.strokeRect(left, 1, width, height - 2);
  context.strokeStyle = "#ffffff";
  context.setLineDash([6, 5]);
  context.strokeRect(left, 1, width, height - 2);
  context.setLineDash([]);
}
