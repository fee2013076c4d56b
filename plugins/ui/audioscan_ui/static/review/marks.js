// @ts-check
/** Marks of verdicts: each has a sign and a filling of its own, so that they differ without colour. */

import { coveredRuns } from "./pooled.js";

/** @typedef {"positive"|"absent"|"soft"} Role */
/** @typedef {import("./colours.js").Theme} Theme */

/** @type {Role[]} */
export const ROLES = ["positive", "absent", "soft"];

/** Words for a screen reader and for tooltips. @type {Record<Role, string>} */
export const VERDICT_WORDS = { positive: "accepted", absent: "rejected", soft: "unsure" };

/** @param {Theme} theme @param {Role} role */
export function verdictColour(theme, role) {
  return { positive: theme.positive, absent: theme.negative, soft: theme.unsure }[role];
}

/**
 * The sign of a verdict: a tick, a cross or a question mark.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {Role} role
 * @param {number} x middle, CSS pixels
 * @param {number} y middle
 * @param {number} size height
 * @param {string} colour
 */
export function paintSign(context, role, x, y, size, colour) {
  const half = size / 2;
  context.strokeStyle = colour;
  context.lineWidth = Math.max(size / 5, 1.4);
  context.beginPath();
  if (role === "positive") {
    context.moveTo(x - half, y);
    context.lineTo(x - half * 0.2, y + half * 0.8);
    context.lineTo(x + half, y - half * 0.8);
  } else if (role === "absent") {
    context.moveTo(x - half * 0.8, y - half * 0.8);
    context.lineTo(x + half * 0.8, y + half * 0.8);
    context.moveTo(x + half * 0.8, y - half * 0.8);
    context.lineTo(x - half * 0.8, y + half * 0.8);
  } else {
    context.arc(x, y - half * 0.4, half * 0.55, Math.PI, Math.PI * 2.4);
    context.lineTo(x, y + half * 0.4);
    context.moveTo(x, y + half * 0.75);
    context.lineTo(x, y + half);
  }
  context.stroke();
}

/**
 * The bars of verdicts in a row.
 *
 * Where there is no room for a sign, they are painted by the pixel: an accepted one fills all of the height, a
 * rejected one its lower third, an unsure one its middle third.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {Theme} theme
 * @param {{role: Role, start: number, end: number}[]} verdicts seconds
 * @param {import("./axis.js").TimeScale} scale
 * @param {{y: number, height: number}} row CSS pixels
 */
export function paintVerdicts(context, theme, verdicts, scale, { y, height }) {
  const seen = verdicts.filter(({ start, end }) => scale.x(end) >= scale.left && scale.x(start) <= scale.right);
  const isNarrow = (/** @type {{start: number, end: number}} */ { start, end }) => (end - start) / scale.perPixel < height + 5;
  for (const role of ROLES) {
    const [top, share] = { positive: [0, 1], absent: [0.66, 0.34], soft: [0.33, 0.34] }[role];
    context.fillStyle = verdictColour(theme, role);
    coveredRuns(
      seen.filter((verdict) => verdict.role === role && isNarrow(verdict)).map(({ start, end }) => [start, end]),
      scale,
      (x, width) => context.fillRect(x, y + top * height, Math.max(width, 2), share * height),
    );
  }
  for (const verdict of seen) {
    if (isNarrow(verdict)) continue;
    const { role, start, end } = verdict;
    paintVerdict(context, theme, role, { x: scale.x(start), y, width: (end - start) / scale.perPixel - 1, height });
  }
}

/**
 * The bar of a verdict: filled and ticked, hatched and crossed, or dotted with a question mark.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {Theme} theme
 * @param {Role} role
 * @param {{x: number, y: number, width: number, height: number}} box CSS pixels
 */
function paintVerdict(context, theme, role, { x, y, width, height }) {
  const colour = verdictColour(theme, role);
  context.fillStyle = colour;
  if (role === "positive") {
    context.fillRect(x, y, width, height);
    paintSign(context, role, x + height * 0.5 + 2, y + height / 2, height * 0.62, theme.surface);
    return;
  }
  context.save();
  context.beginPath();
  context.rect(x, y, width, height);
  context.clip();
  context.fillStyle = theme.surface;
  context.fillRect(x, y, width, height);
  context.strokeStyle = colour;
  context.fillStyle = colour;
  context.lineWidth = 1;
  const [left, right] = [Math.max(x, 0), Math.min(x + width, context.canvas.width)];
  context.beginPath();
  for (let at = left + height + 4; at < right + height; at += 4) {
    if (role === "absent") {
      context.moveTo(at, y);
      context.lineTo(at - height, y + height);
    } else {
      context.rect(at, y + height / 2 - 0.75, 1.5, 1.5);
    }
  }
  context.stroke();
  context.lineWidth = 2;
  context.strokeRect(x, y, width, height);
  context.restore();
  paintSign(context, role, x + height * 0.5 + 3, y + height / 2, height * 0.66, colour);
}
