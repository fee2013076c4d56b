// @ts-check
/** Axes: where the marks stand, how they read, and how they are painted. */

import { createSurface } from "./surface.js";

/** Room at the left for names and numbers, and at the right, CSS pixels; equal in all drawings so that times line up. */
export const LEFT = 92;
export const RIGHT = 14;
/** @type {number[]} */
const TIME_STEPS = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 36000];
const FREQUENCY_STEPS = [100, 200, 500, 1000, 2000, 4000, 5000, 10000, 20000, 40000];

/** @typedef {{x: (time: number) => number, time: (x: number) => number, left: number, right: number, perPixel: number}} TimeScale */

/**
 * @param {number} from seconds
 * @param {number} to seconds
 * @param {number} width of the whole drawing, CSS pixels
 * @returns {TimeScale}
 */
export function timeScale(from, to, width) {
  const [left, right] = [LEFT, Math.max(width - RIGHT, LEFT + 1)];
  const perPixel = (to - from) / (right - left) || 1e-9;
  return {
    x: (time) => left + (time - from) / perPixel,
    time: (x) => from + (x - left) * perPixel,
    left,
    right,
    perPixel,
  };
}

/**
 * A time as h:mm:ss, with decimals where `step` is below a second.
 *
 * @param {number} seconds
 * @param {number} [step] between two marks, seconds
 * @returns {string}
 */
export function clockTime(seconds, step = 1) {
  const decimals = step >= 1 ? 0 : step >= 0.1 ? 1 : 2;
  const units = Math.round(Math.max(seconds, 0) * 10 ** decimals);
  const whole = Math.floor(units / 10 ** decimals);
  const part = decimals ? `.${String(units % 10 ** decimals).padStart(decimals, "0")}` : "";
  const two = (/** @type {number} */ number) => String(number).padStart(2, "0");
  return `${Math.floor(whole / 3600)}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}${part}`;
}

/**
 * The smallest step whose marks are far enough apart.
 *
 * @param {number[]} steps ascending
 * @param {number} perPixel units a pixel
 * @param {number} apart pixels
 * @returns {number}
 */
export function niceStep(steps, perPixel, apart) {
  return steps.find((step) => step >= perPixel * apart) ?? steps[steps.length - 1];
}

/** @typedef {import("./colours.js").Theme} Theme */

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Theme} theme
 * @param {TimeScale} scale
 * @param {number} top where the marks begin, CSS pixels
 */
export function paintTimeAxis(context, theme, scale, top) {
  const step = niceStep(TIME_STEPS, scale.perPixel, 84);
  context.font = `11px ${theme.font}`;
  context.textBaseline = "top";
  context.textAlign = "left";
  context.fillStyle = theme.muted;
  context.fillText("h:mm:ss", 4, top + 4);
  context.fillStyle = theme.text;
  const first = Math.ceil((scale.time(scale.left) - step * 1e-6) / step);
  for (let number = first; ; number++) {
    const x = scale.x(number * step);
    if (x > scale.right) break;
    context.fillRect(Math.round(x), top, 1, 4);
    const text = clockTime(number * step, step);
    const half = context.measureText(text).width / 2;
    context.fillText(text, Math.min(Math.max(x - half, LEFT - 8), scale.right + RIGHT - 2 * half - 4), top + 4);
  }
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Theme} theme
 * @param {number} top Hz at the upper edge; 0 Hz is at the lower one
 * @param {number} y upper edge, CSS pixels
 * @param {number} height CSS pixels
 */
export function paintFrequencyAxis(context, theme, top, y, height) {
  const step = niceStep(FREQUENCY_STEPS, top / height, 26);
  context.font = `11px ${theme.font}`;
  context.textBaseline = "middle";
  context.textAlign = "right";
  for (let frequency = 0; frequency <= top; frequency += step) {
    const at = y + height * (1 - frequency / top);
    context.fillStyle = theme.text;
    context.fillRect(LEFT - 4, Math.round(Math.min(at, y + height - 1)), 4, 1);
    const number = `${Number((frequency / 1000).toFixed(1))}`;
    context.fillText(number, LEFT - 7, Math.min(Math.max(at, y + 6), y + height - 6));
  }
  paintSideName(context, theme, "kHz", y + height / 2);
}

/**
 * The name of a vertical axis, written upwards at the left edge.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {Theme} theme
 * @param {string} name
 * @param {number} middle CSS pixels
 */
export function paintSideName(context, theme, name, middle) {
  context.save();
  context.font = `11px ${theme.font}`;
  context.fillStyle = theme.muted;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.translate(9, middle);
  context.rotate(-Math.PI / 2);
  context.fillText(name, 0, 0);
  context.restore();
}

/**
 * The time axis of the part that is shown.
 *
 * @param {HTMLElement} container
 * @param {import("./drawing_types.js").Place} place
 */
export function timeAxis(container, place) {
  const surface = createSurface(
    container,
    ({ context, theme, width, height }) => {
      context.fillStyle = theme.surface;
      context.fillRect(0, 0, width, height);
      if (place.duration) paintTimeAxis(context, theme, timeScale(place.from, place.to, width), 0);
    },
    "Time axis of the part that is shown",
  );
  return { draw: surface.draw };
}
