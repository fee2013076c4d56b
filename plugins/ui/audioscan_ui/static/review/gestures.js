// @ts-check
/** What the mouse does on the spectrogram, the lanes and the curve: choose, move, trim, draw, zoom. */

import { LEFT, timeScale } from "./axis.js";
import { spanWords } from "./lanes.js";
import { edgeAt, spanAt } from "./spans.js";
import { onDrag } from "./surface.js";

/** Pixels within which a drag is a click; pixels by which a click may miss a span. */
const [CLICK, NEAR] = [4, 3];
/** Shortest span that can be made, seconds. */
export const SHORTEST = 0.01;

/** @typedef {import("./drawing_types.js").Place} Place */
/** @typedef {import("./drawing_types.js").Model} Model */
/** @typedef {import("./drawing_types.js").Handlers} Handlers */

/**
 * The wheel: with Ctrl it zooms, with Shift or sideways it moves; alone it is left to the page.
 *
 * @param {HTMLElement} element
 * @param {Place} place
 */
export function zoomByWheel(element, place) {
  element.addEventListener(
    "wheel",
    (event) => {
      const sideways = event.deltaX || (event.shiftKey ? event.deltaY : 0);
      if (!event.ctrlKey && !event.metaKey && !sideways) return;
      event.preventDefault();
      const scale = timeScale(place.from, place.to, element.clientWidth);
      const x = event.clientX - element.getBoundingClientRect().left;
      if (event.ctrlKey || event.metaKey) place.zoom(2 ** (-event.deltaY / 200), scale.time(x));
      else place.pan(sideways * scale.perPixel);
    },
    { passive: false },
  );
}

/**
 * @param {import("./surface.js").Surface} surface
 * @param {Model} model
 * @param {Place} place
 * @param {Handlers} handlers
 * @param {(y: number) => import("./spans.js").Lane[]} lanesUnder which lanes the pointer can mean at a height
 */
export function gestures(surface, model, place, handlers, lanesUnder) {
  const { canvas } = surface;
  const scale = () => timeScale(place.from, place.to, surface.width);
  const within = (/** @type {number} */ time) => Math.min(Math.max(time, 0), place.duration);

  /** Whether a drag draws without being asked to: before anything is scanned, people label. Later it moves the view. */
  const isLabelling = () => !model.labels.some(({ steps }) => steps);

  onDrag(canvas, (down) => {
    if (!place.duration || down.offsetX < LEFT) return null;
    const { time, perPixel } = scale();
    const begun = time(down.offsetX);
    const timeOf = (/** @type {PointerEvent} */ event) => time(event.offsetX);
    if (place.draft || down.shiftKey) return drawn(within(begun), (event) => within(timeOf(event)));
    const under = lanesUnder(down.offsetY);
    const edge = edgeAt(model, under, begun, perPixel);
    if (edge) return trimmed(edge, begun, timeOf);
    const drag = isLabelling() ? drawn(within(begun), (event) => within(timeOf(event))) : moved(begun, timeOf);
    return unlessClicked(down, drag, () => clicked(under, begun, perPixel));
  });

  /** @param {number} begun @param {(event: PointerEvent) => number} timeOf by the scale in which the drag began */
  function moved(begun, timeOf) {
    const from = place.from;
    return {
      move: (/** @type {PointerEvent} */ event) => place.pan(from + begun - timeOf(event) - place.from),
      abandoned: () => place.pan(from - place.from),
    };
  }

  /** @param {import("./spans.js").Lane[]} under @param {number} time @param {number} perPixel */
  function clicked(under, time, perPixel) {
    const span = spanAt(model, under, time, NEAR * perPixel);
    place.seek(time);
    if (span) handlers.onSelect?.(span, time);
    else handlers.onSeek?.(time);
  }

  /** @param {number} begun @param {(event: PointerEvent) => number} timeOf */
  function drawn(begun, timeOf) {
    const before = place.draft;
    const sketch = (/** @type {number} */ now) => place.sketch({ start: Math.min(begun, now), end: Math.max(begun, now) });
    return {
      move: (/** @type {PointerEvent} */ event) => sketch(timeOf(event)),
      done(/** @type {PointerEvent} */ event) {
        const now = timeOf(event);
        place.sketch(null);
        if (Math.abs(now - begun) >= SHORTEST) handlers.onDrawn?.(Math.min(begun, now), Math.max(begun, now));
        else place.sketch(before);
      },
      abandoned: () => place.sketch(before),
    };
  }

  /**
   * @param {{span: import("./drawing_types.js").Span, side: "start"|"end"}} edge
   * @param {number} begun
   * @param {(event: PointerEvent) => number} timeOf
   */
  function trimmed({ span, side }, begun, timeOf) {
    const missed = begun - span[side]; // the edge stays as far from the pointer as it was caught
    const changed = (/** @type {PointerEvent} */ event) => withEdge(span, side, timeOf(event) - missed, place.duration);
    return {
      move: (/** @type {PointerEvent} */ event) => place.trim({ ...changed(event), was: span, label: span.label }),
      done(/** @type {PointerEvent} */ event) {
        place.trim(null);
        const { start, end } = changed(event);
        if (start !== span.start || end !== span.end) handlers.onEdge?.(span, start, end);
      },
      abandoned: () => place.trim(null),
    };
  }

  canvas.addEventListener("pointermove", (event) => {
    const { time, perPixel } = scale();
    const now = time(event.offsetX);
    const isInside = event.offsetX >= LEFT && place.duration > 0;
    place.hover(isInside ? within(now) : null);
    const under = lanesUnder(event.offsetY);
    const isAsked = place.draft !== null || event.shiftKey;
    const edge = isInside && !isAsked && edgeAt(model, under, now, perPixel);
    const drawing = isInside && (isAsked || isLabelling());
    canvas.style.setProperty("cursor", edge ? "ew-resize" : drawing ? "crosshair" : "default");
    const span = isInside ? spanAt(model, under, now, NEAR * perPixel) : null;
    canvas.title = span ? spanWords(span) : !isInside && under.length === 1 ? under[0].name : "";
  });
  canvas.addEventListener("pointerleave", () => place.hover(null));
  canvas.addEventListener("dblclick", (event) => {
    const { time, perPixel } = scale();
    const span = spanAt(model, lanesUnder(event.offsetY), time(event.offsetX), NEAR * perPixel);
    if (span) place.show(span.start - (span.end - span.start), span.end + (span.end - span.start));
    else place.zoom(2, time(event.offsetX));
  });
}

/**
 * A drag that begins after some pixels; what ends before is a click.
 *
 * @param {PointerEvent} down
 * @param {import("./surface.js").Drag} drag
 * @param {() => void} clicked
 * @returns {import("./surface.js").Drag}
 */
function unlessClicked(down, drag, clicked) {
  let isClick = true;
  return {
    move(event) {
      isClick &&= Math.abs(event.offsetX - down.offsetX) < CLICK;
      if (!isClick) drag.move?.(event);
    },
    done: (event) => (isClick ? clicked() : drag.done?.(event)),
    abandoned: drag.abandoned,
  };
}

/**
 * A span with one edge moved. It stays in the recording and longer than nothing.
 *
 * @param {{start: number, end: number}} span
 * @param {"start"|"end"} side
 * @param {number} time seconds
 * @param {number} duration seconds
 * @returns {{start: number, end: number}}
 */
export function withEdge({ start, end }, side, time, duration) {
  return side === "start"
    ? { start: Math.min(Math.max(time, 0), end - SHORTEST), end }
    : { start, end: Math.max(Math.min(time, duration), start + SHORTEST) };
}
