// @ts-check
/** The whole recording at a glance: scores, found spans, verdicts, and the shown part as a window to drag. */

import { LEFT, clockTime, paintTimeAxis, timeScale } from "./axis.js";
import { labelColour } from "./colours.js";
import { stretches } from "./lanes.js";
import { ROLES, paintSign, verdictColour } from "./marks.js";
import { coveredRuns, keptPools } from "./pooled.js";
import { lanesOf } from "./spans.js";
import { createSurface, onDrag } from "./surface.js";

/** Heights, CSS pixels: the axis at the bottom, a row of verdicts above it, all lanes together above that. */
const [AXIS, VERDICT, LANES] = [18, 7, 34];
/** Pixels within which a drag is a click. */
const CLICK = 3;
const CURSORS = { start: "ew-resize", end: "ew-resize", inside: "grab", outside: "pointer", nothing: "crosshair" };

/** @typedef {import("./surface.js").Surface} Surface */
/** @typedef {import("./drawing_types.js").Model} Model */
/** @typedef {import("./drawing_types.js").Place} Place */

/**
 * @param {HTMLElement} container
 * @param {Model} model
 * @param {Place} place
 */
export function overview(container, model, place) {
  const pools = keptPools();
  const surface = createSurface(
    container,
    (painted) => paint(painted, model, place, pools),
    "Overview of the whole recording",
  );
  const { canvas } = surface;
  const scale = () => timeScale(0, place.duration || 1, surface.width);
  const grip = (/** @type {PointerEvent|MouseEvent} */ event) => gripAt(event.offsetX, scale(), place);

  onDrag(canvas, (down) => {
    if (!place.duration) return null;
    const { time } = scale();
    const [begun, { from, to }, part] = [time(down.offsetX), { ...place }, grip(down)];
    const shown = to - from;
    if (part === "outside") place.show(begun - shown / 2, begun + shown / 2);
    const moved = part === "outside" ? place.from : from;
    return {
      move(event) {
        const now = time(event.offsetX);
        if (part === "nothing") place.show(Math.min(begun, now), Math.max(begun, now));
        else if (part === "start") place.show(Math.min(now, to), to);
        else if (part === "end") place.show(from, Math.max(now, from));
        else place.pan(moved + now - begun - place.from);
      },
      done(event) {
        if (Math.abs(event.offsetX - down.offsetX) > CLICK) return;
        if (part === "nothing") place.show(from, to);
        place.seek(begun);
      },
      abandoned: () => place.show(from, to),
    };
  });
  canvas.addEventListener("pointermove", (event) => {
    canvas.style.setProperty("cursor", CURSORS[grip(event)]);
    const time = clockTime(scale().time(event.offsetX));
    canvas.title = `${time} of ${clockTime(place.duration)}. Drag to choose what is shown below.`;
  });
  return surface;
}

/**
 * What of the window the pointer is on. A narrow window is moved, not resized.
 *
 * @param {number} x CSS pixels
 * @param {import("./axis.js").TimeScale} scale
 * @param {Place} place
 * @returns {keyof typeof CURSORS} "nothing" while all is shown: a drag chooses a part
 */
function gripAt(x, scale, { from, to, duration }) {
  if (to - from >= duration * 0.999) return "nothing";
  const [left, right] = [scale.x(from), scale.x(to)];
  const reach = 8;
  const isWide = right - left > 3 * reach;
  if (isWide && Math.abs(x - left) <= reach) return "start";
  if (isWide && Math.abs(x - right) <= reach) return "end";
  return x >= left - reach && x <= right + reach ? "inside" : "outside";
}

/**
 * @param {Surface} surface
 * @param {Model} model
 * @param {Place} place
 * @param {ReturnType<typeof keptPools>} pools
 */
function paint(surface, model, place, pools) {
  const { context, width, height, theme } = surface;
  context.fillStyle = theme.surface;
  context.fillRect(0, 0, width, height);
  if (!place.duration) return;
  const scale = timeScale(0, place.duration, width);
  const lanes = lanesOf(model);
  const laneHeight = Math.max(Math.min(LANES / Math.max(lanes.length, 1), 8), 1);
  const verdicts = height - AXIS - 3 * VERDICT - 2;
  const found = verdicts - Math.min(laneHeight * lanes.length, LANES) - 2;
  paintCurves(surface, model, scale, found - 3, pools);
  lanes.forEach(({ regions, named, colour }, row) => {
    context.fillStyle = labelColour(theme, colour);
    const [y, tall] = [found + row * laneHeight, Math.max(laneHeight - 1, 1)];
    const spans = named.map(({ start, end }) => /** @type {const} */ ([start, end]));
    coveredRuns(spans, scale, (x, wide) => context.fillRect(x, y + tall * 0.35, wide, Math.max(tall * 0.3, 1)));
    if (regions) coveredRuns(stretches(regions, 0, regions.count), scale, (x, wide) => context.fillRect(x, y, wide, tall));
  });
  paintVerdicts(surface, model, scale, verdicts);
  context.font = `11px ${theme.font}`;
  context.fillStyle = theme.muted;
  context.textAlign = "left";
  context.textBaseline = "top";
  context.fillText("whole", 4, 4);
  context.fillText("recording", 4, 17);
  context.fillStyle = theme.line;
  context.fillRect(LEFT, verdicts - 2, scale.right - LEFT, 1);
  context.fillRect(LEFT, height - AXIS, scale.right - LEFT, 1);
  paintTimeAxis(context, theme, scale, height - AXIS);
  paintWindow(surface, scale, place, height - AXIS);
}

/**
 * The highest score of each pixel: filled for the label in front, a line for the others.
 *
 * @param {Surface} surface
 * @param {Model} model
 * @param {import("./axis.js").TimeScale} scale
 * @param {number} height
 * @param {ReturnType<typeof keptPools>} pools
 */
function paintCurves({ context, theme }, model, scale, height, pools) {
  const columns = Math.floor(scale.right - scale.left);
  const front = model.current ?? 0;
  const order = [...model.labels.keys()].sort((one, other) => Number(one === front) - Number(other === front));
  for (const index of order) {
    const { steps, edges } = model.labels[index];
    if (!steps || !edges) continue;
    const { high } = pools(index, steps, edges, 0, scale.perPixel, columns);
    context.beginPath();
    context.moveTo(scale.left, height);
    let last = scale.left;
    high.forEach((score, column) => {
      if (Number.isNaN(score)) return;
      context.lineTo(scale.left + column + 0.5, height - score * (height - 3));
      last = scale.left + column + 0.5;
    });
    if (index === front) {
      context.lineTo(last, height);
      context.fillStyle = labelColour(theme, index);
      context.globalAlpha = 0.35;
      context.fill();
      context.globalAlpha = 1;
    }
    context.lineWidth = 1;
    context.strokeStyle = labelColour(theme, index);
    context.globalAlpha = index === front ? 1 : 0.55;
    context.stroke();
    context.globalAlpha = 1;
  }
}

/**
 * A row for each kind of verdict, with its sign at the left: place tells them apart where colour does not.
 *
 * @param {Surface} surface
 * @param {Model} model
 * @param {import("./axis.js").TimeScale} scale
 * @param {number} top
 */
function paintVerdicts({ context, theme }, model, scale, top) {
  ROLES.forEach((role, row) => {
    const y = top + row * VERDICT;
    const colour = verdictColour(theme, role);
    paintSign(context, role, LEFT - 9, y + VERDICT / 2 - 0.5, VERDICT - 2, colour);
    context.fillStyle = colour;
    const spans = (model.verdicts ?? []).filter((verdict) => verdict.role === role);
    coveredRuns(
      spans.map(({ start, end }) => [start, end]),
      scale,
      (x, width) => context.fillRect(x, y, Math.max(width, 2), VERDICT - 2),
    );
  });
}

/**
 * @param {Surface} surface
 * @param {import("./axis.js").TimeScale} scale
 * @param {Place} place
 * @param {number} height
 */
function paintWindow({ context, theme }, scale, { from, to }, height) {
  const [left, right] = [scale.x(from), Math.max(scale.x(to), scale.x(from) + 3)];
  context.fillStyle = theme.muted;
  context.globalAlpha = 0.22;
  context.fillRect(scale.left, 0, left - scale.left, height);
  context.fillRect(right, 0, scale.right - right, height);
  context.globalAlpha = 1;
  context.lineWidth = 2;
  context.strokeStyle = theme.accent;
  context.strokeRect(left, 1, right - left, height - 2);
}
