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

  onDrag(canvas, (down) => {
    if (!place.duration || down.offsetX < LEFT) return null;
    const { time, perPixel } = scale();
    const begun = time(down.offsetX);
    if (place.draft || down.shiftKey) return drawn(begun, (event) => within(time(event.offsetX)));
    const under = lanesUnder(down.offsetY);
    const edge = edgeAt(model, under, begun, perPixel);
    if (edge) return trimmed(edge, begun, (event) => time(event.offsetX));
    const from = place.from;
    let isClick = true;
    return {
      move(event) {
        isClick &&= Math.abs(event.offsetX - down.offsetX) < CLICK;
        if (!isClick) place.pan(from + (down.offsetX - event.offsetX) * perPixel - place.from);
      },
      done() {
        if (!isClick) return;
        const span = spanAt(model, under, begun, NEAR * perPixel);
        place.seek(begun);
        if (span) handlers.onSelect?.(span, begun);
        else handlers.onSeek?.(begun);
      },
      abandoned: () => place.pan(from - place.from),
    };
  });

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
    const edge = isInside && !place.draft && edgeAt(model, under, now, perPixel);
    canvas.style.setProperty("cursor", place.draft || event.shiftKey ? "crosshair" : edge ? "ew-resize" : "default");
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
