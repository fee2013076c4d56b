// @ts-check
/** The reliability diagram: observed frequency over predicted probability, and below it how many windows lie where. */

import { count } from "../format.js";
import { colour, sharpCanvas } from "./canvas.js";

/**
 * @typedef {object} Bin Windows whose probability lies from `low` to `high`.
 * @property {number} low
 * @property {number} high
 * @property {number} windows
 * @property {number | null} predicted mean of their probabilities
 * @property {number | null} observed share of them that holds the sound
 * @property {[number, number]} [interval] of the observed share
 */

/** @typedef {{left: number, top: number, size: number, counts: number, countsTop: number}} Frame in CSS pixels */

const FEW = 10; // of which a share says little: the point is hollow

const TICKS = [0, 0.25, 0.5, 0.75, 1];

/** @typedef {{across: string, up: string, unit: string}} Words of the axes, and of what is counted */

/** @type {Words} */
const OF_WINDOWS = { across: "predicted probability", up: "observed frequency", unit: "windows" };

/**
 * @param {string} what the diagram is of
 * @param {Words} [words]
 * @returns {{element: HTMLCanvasElement, show(what: string, bins: Bin[]): void}}
 */
export function reliabilityDiagram(what, words = OF_WINDOWS) {
  /** @type {Bin[]} */
  let bins = [];
  const canvas = sharpCanvas(`Reliability of ${what}`, 0.82, (context, width, height) => {
    const frame = frameOf(width, height);
    context.font = `11px ${getComputedStyle(document.body).fontFamily}`;
    drawGrid(context, frame, words);
    drawCounts(context, frame, bins, words);
    drawPoints(context, frame, bins);
  });
  return {
    element: canvas.element,
    show(next, nextBins) {
      bins = nextBins;
      canvas.draw(`Reliability of ${next}. ${inWords(bins, words)}`);
    },
  };
}

/** @param {number} width @param {number} height @returns {Frame} */
function frameOf(width, height) {
  const left = 44;
  const size = width - left - 10;
  const counts = Math.max(24, height - size - 62);
  return { left, top: 8, size, counts, countsTop: 8 + size + 22 };
}

/** @param {CanvasRenderingContext2D} context @param {Frame} frame @param {Words} words */
function drawGrid(context, { left, top, size }, words) {
  context.lineWidth = 1;
  context.strokeStyle = colour("--line");
  context.fillStyle = colour("--muted");
  for (const tick of TICKS) {
    const x = Math.round(left + tick * size) + 0.5;
    const y = Math.round(top + (1 - tick) * size) + 0.5;
    context.beginPath();
    context.moveTo(x, top);
    context.lineTo(x, top + size);
    context.moveTo(left, y);
    context.lineTo(left + size, y);
    context.stroke();
    context.textAlign = "right";
    context.textBaseline = "middle";
    context.fillText(String(tick), left - 5, y);
    context.textAlign = tick === 1 ? "right" : "center";
    context.textBaseline = "top";
    context.fillText(String(tick), tick === 1 ? x + 8 : x, top + size + 5);
  }
  context.setLineDash([4, 4]);
  context.strokeStyle = colour("--muted");
  context.beginPath();
  context.moveTo(left, top + size);
  context.lineTo(left + size, top);
  context.stroke();
  context.setLineDash([]);
  context.save();
  context.translate(7, top + size / 2);
  context.rotate(-Math.PI / 2);
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillText(words.up, 0, 0);
  context.restore();
}

/** @param {CanvasRenderingContext2D} context @param {Frame} frame @param {Bin[]} bins @param {Words} words */
function drawCounts(context, { left, size, counts, countsTop }, bins, { across, unit }) {
  const most = Math.max(1, ...bins.map((bin) => bin.windows));
  // The square root, as most windows lie near 0: the few at the other end are to be seen too.
  context.fillStyle = colour("--line-strong");
  for (const bin of bins) {
    const height = Math.sqrt(bin.windows / most) * counts;
    context.fillRect(left + bin.low * size + 1, countsTop + counts - height, (bin.high - bin.low) * size - 2, height);
  }
  context.fillStyle = colour("--muted");
  context.textAlign = "center";
  context.textBaseline = "top";
  context.fillText(across, left + size / 2, countsTop + counts + 18);
  context.textAlign = "left";
  context.fillText(`${unit}, up to ${count(most)} (√ scale)`, left, countsTop + counts + 3, size);
}

/** @param {CanvasRenderingContext2D} context @param {Frame} frame @param {Bin[]} bins */
function drawPoints(context, { left, top, size }, bins) {
  const known = bins.filter((bin) => bin.predicted !== null && bin.observed !== null);
  const x = (/** @type {Bin} */ bin) => left + (bin.predicted ?? 0) * size;
  const y = (/** @type {number} */ share) => top + (1 - share) * size;
  context.strokeStyle = colour("--accent");
  context.fillStyle = colour("--accent");
  context.lineWidth = 1.5;
  for (const bin of known) {
    if (!bin.interval) continue;
    context.beginPath();
    context.moveTo(x(bin), y(bin.interval[0]));
    context.lineTo(x(bin), y(bin.interval[1]));
    context.stroke();
  }
  context.beginPath();
  for (const bin of known) context.lineTo(x(bin), y(bin.observed ?? 0));
  context.stroke();
  for (const bin of known) {
    context.beginPath();
    context.arc(x(bin), y(bin.observed ?? 0), 3.5, 0, 2 * Math.PI);
    context.fillStyle = colour(bin.windows < FEW ? "--surface" : "--accent");
    context.fill();
    context.stroke();
  }
}

/** @param {Bin[]} bins @param {Words} words */
function inWords(bins, { across, up, unit }) {
  const known = bins.filter((bin) => bin.predicted !== null && bin.observed !== null);
  return known
    .map((bin) => `${across} ${bin.predicted?.toFixed(2)}: ${up} ${bin.observed?.toFixed(2)}, ${bin.windows} ${unit}.`)
    .join(" ");
}
