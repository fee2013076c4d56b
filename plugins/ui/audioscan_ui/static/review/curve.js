// @ts-check
/** The probability over time of the shown part, with the threshold as a line to drag. */

import { LEFT, paintSideName, timeScale } from "./axis.js";
import { labelColour, labelDashes } from "./colours.js";
import { keptPools } from "./pooled.js";
import { createSurface, onDrag } from "./surface.js";

/** Room above and below the curve, so that its ends are whole, and the reach of a line for the pointer, CSS pixels. */
const [MARGIN, REACH] = [8, 10];

/** With more labels than this, the curves behind are faint. */
const CROWD = 4;

/** @typedef {import("./surface.js").Surface} Surface */
/** @typedef {import("./drawing_types.js").Model} Model */
/** @typedef {"threshold"|"low"} Line */

/**
 * @param {HTMLElement} container
 * @param {Model} model
 * @param {import("./drawing_types.js").Place} place
 * @param {import("./drawing_types.js").Handlers} handlers
 */
export function curve(container, model, place, handlers) {
  const pools = keptPools();
  /** @type {Line|null} */
  let held = null;
  const surface = createSurface(
    container,
    (painted) => paint(painted, model, place, pools, held),
    "Probability over time of the part that is shown",
  );
  const { canvas } = surface;
  const change = (/** @type {Line} */ line, /** @type {number} */ value) =>
    (line === "threshold" ? handlers.onThreshold : handlers.onLow)?.(value, model.current ?? 0);

  onDrag(canvas, (down) => {
    const line = lineAt(model, down, surface.height);
    if (!line) return null;
    const before = valueOf(model, line);
    held = line;
    return {
      move: (event) => change(line, probability(event.offsetY, surface.height)),
      done() {
        held = null;
        surface.draw();
      },
      abandoned() {
        held = null;
        change(line, before);
      },
    };
  });
  canvas.addEventListener("pointermove", (event) => {
    const line = held ?? lineAt(model, event, surface.height);
    canvas.style.setProperty("cursor", line ? "ns-resize" : "default");
    const { steps, edges } = model.labels[model.current ?? 0] ?? {};
    const time = timeScale(place.from, place.to, surface.width).time(event.offsetX);
    const score = steps && edges ? scoreAt(steps, edges, time) : null;
    if (line) canvas.title = `${line} ${valueOf(model, line).toFixed(2)}: drag it up or down`;
    else canvas.title = score === null ? "" : `probability ${score.toFixed(3)}`;
  });
  return surface;
}

/** @param {Model} model @param {Line} line @returns {number} */
function valueOf(model, line) {
  const { threshold, low } = model.labels[model.current ?? 0].settings;
  return line === "low" ? (low ?? threshold) : threshold;
}

/** @param {Float64Array} steps @param {Float64Array} edges microseconds @param {number} time seconds @returns {number|null} */
function scoreAt(steps, edges, time) {
  const hop = steps.length > 1 ? edges[1] - edges[0] : Infinity;
  return steps[Math.min(Math.floor((time * 1e6) / hop), steps.length - 1)] ?? null;
}

/** @param {number} y CSS pixels @param {number} height @returns {number} of hundredths, 0 to 1 */
function probability(y, height) {
  const value = 1 - (y - MARGIN) / (height - 2 * MARGIN);
  return Math.round(Math.min(Math.max(value, 0), 1) * 100) / 100;
}

/** @param {number} value @param {number} height @returns {number} CSS pixels */
const yOf = (value, height) => MARGIN + (1 - value) * (height - 2 * MARGIN);

/**
 * The line under the pointer, the threshold where both are.
 *
 * @param {Model} model
 * @param {MouseEvent} event
 * @param {number} height
 * @returns {Line|null}
 */
function lineAt(model, event, height) {
  if (!model.labels[model.current ?? 0]?.steps) return null;
  const far = (/** @type {Line} */ line) => Math.abs(event.offsetY - yOf(valueOf(model, line), height));
  const line = far("low") < far("threshold") ? "low" : "threshold";
  return far(line) <= REACH ? line : null;
}

/**
 * @param {Surface} surface
 * @param {Model} model
 * @param {import("./drawing_types.js").Place} place
 * @param {ReturnType<typeof keptPools>} pools
 * @param {Line|null} held
 */
function paint(surface, model, place, pools, held) {
  const { context, theme, width, height } = surface;
  context.fillStyle = theme.surface;
  context.fillRect(0, 0, width, height);
  paintProbabilities(surface);
  if (!place.duration) return;
  const scale = timeScale(place.from, place.to, width);
  const front = model.current ?? 0;
  context.save();
  context.beginPath();
  context.rect(LEFT, 0, scale.right - LEFT, height);
  context.clip();
  model.labels.forEach(({ steps, edges }, index) => {
    if (steps && edges && index !== front) paintCurve(surface, steps, edges, index, false);
  });
  const label = model.labels[front];
  if (label?.steps && label.edges) {
    paintCurve(surface, label.steps, label.edges, front, true);
    const { threshold, low } = label.settings;
    if (low !== null && low !== undefined && low < threshold) paintLine(surface, "low", low, held === "low");
    paintLine(surface, "threshold", threshold, held === "threshold");
  }
  context.restore();

  /**
   * @param {Surface} on
   * @param {Float64Array} steps
   * @param {Float64Array} edges
   * @param {number} index
   * @param {boolean} isFront
   */
  function paintCurve(on, steps, edges, index, isFront) {
    const columns = Math.max(Math.floor(scale.right - scale.left), 1);
    const { high, low } = pools(index, steps, edges, place.from, scale.perPixel, columns);
    on.context.strokeStyle = labelColour(on.theme, index);
    on.context.fillStyle = on.context.strokeStyle;
    if (isFront) paintBelow(on.context, high, low, scale.left, on.height);
    on.context.lineWidth = isFront ? 1.5 : 1;
    on.context.globalAlpha = isFront ? 1 : model.labels.length > CROWD ? 0.35 : 0.75;
    on.context.setLineDash(isFront ? [] : labelDashes(index));
    on.context.beginPath();
    high.forEach((score, column) => {
      if (!Number.isNaN(score)) on.context.lineTo(scale.left + column + 0.5, yOf(score, on.height));
    });
    on.context.stroke();
    on.context.setLineDash([]);
    on.context.globalAlpha = 1;
  }
}

/**
 * What is below the curve: faint, and stronger between the lowest and the highest score of a column.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {Float32Array} high
 * @param {Float32Array} low
 * @param {number} left
 * @param {number} height
 */
function paintBelow(context, high, low, left, height) {
  const floor = yOf(0, height);
  for (const [share, bottoms] of /** @type {const} */ ([[0.18, null], [0.3, low]])) {
    context.globalAlpha = share;
    high.forEach((score, column) => {
      const bottom = bottoms ? yOf(bottoms[column], height) : floor;
      if (!Number.isNaN(score)) context.fillRect(left + column, yOf(score, height), 1, bottom - yOf(score, height));
    });
  }
  context.globalAlpha = 1;
}

/** @param {Surface} surface */
function paintProbabilities({ context, theme, width, height }) {
  context.font = `11px ${theme.font}`;
  context.textAlign = "right";
  context.textBaseline = "middle";
  for (const value of height < 70 ? [0, 1] : [0, 0.5, 1]) {
    const y = Math.round(yOf(value, height));
    context.fillStyle = theme.line;
    context.fillRect(LEFT, y, width - LEFT, 1);
    context.fillStyle = theme.text;
    context.fillRect(LEFT - 4, y, 4, 1);
    context.fillText(String(value), LEFT - 7, Math.min(Math.max(y, 6), height - 6));
  }
  paintSideName(context, theme, "probability", height / 2);
}

/**
 * @param {Surface} surface
 * @param {Line} line
 * @param {number} value
 * @param {boolean} isHeld
 */
function paintLine({ context, theme, width, height }, line, value, isHeld) {
  const y = yOf(value, height);
  context.strokeStyle = theme.text;
  context.lineWidth = isHeld ? 2.5 : 1.5;
  context.setLineDash(line === "low" ? [3, 4] : []);
  context.beginPath();
  context.moveTo(LEFT, y);
  context.lineTo(width, y);
  context.stroke();
  context.setLineDash([]);
  const text = `${line} ${value.toFixed(2)}`;
  context.font = `${isHeld ? "600 " : ""}11px ${theme.font}`;
  context.textAlign = "left";
  context.textBaseline = "middle";
  const room = context.measureText(text).width + 10;
  const middle = Math.min(Math.max(y, 8), height - 8);
  const left = width - room - (line === "low" ? 126 : 18); // side by side, since both may be at one height
  context.fillStyle = theme.text;
  context.beginPath();
  context.roundRect(left, middle - 8, room, 16, 4);
  context.fill();
  context.fillStyle = theme.surface;
  context.fillText(text, left + 5, middle + 0.5);
}
