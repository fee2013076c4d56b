// @ts-check
/** The drawings one above the other: overview, spectrogram, lanes, probability, time; and what keys can do with them. */

import { LEFT, clockTime, timeAxis, timeScale } from "./axis.js";
import { curve } from "./curve.js";
import { gestures, withEdge, zoomByWheel } from "./gestures.js";
import { LANE, lanes } from "./lanes.js";
import { overview } from "./overview.js";
import { pictureControls } from "./picture_controls.js";
import { PLAIN_PICTURE, spectrogram } from "./spectrogram.js";
import { lanesOf } from "./spans.js";

/** Seconds that a span has when a key begins it. */
const DRAFT = 1;

/**
 * @param {HTMLElement} container a box with a height; it is filled
 * @param {import("./drawing_types.js").Model} model
 * @param {import("./drawing_types.js").Place} place
 * @param {import("./drawing_types.js").Handlers} [handlers]
 */
export function timeline(container, model, place, handlers = {}) {
  const look = { ...PLAIN_PICTURE, ...handlers.picture };
  const part = (/** @type {string} */ name, /** @type {HTMLElement} */ within = container) => {
    const element = document.createElement("div");
    element.className = name;
    within.append(element);
    return element;
  };
  container.classList.add("timeline");
  const whole = part("timeline-overview");
  const shown = part("timeline-shown");
  const laneRoom = () => {
    const height = `${Math.max(lanesOf(model).length, 1) * LANE}px`;
    if (laneBox.style.getPropertyValue("height") !== height) laneBox.style.setProperty("height", height);
  };
  const overviewSurface = overview(whole, model, place);
  const picture = spectrogram(part("timeline-spectrogram", shown), model, place, look);
  const laneBox = part("timeline-lanes", part("timeline-lanes-scrolled", shown));
  const lanesSurface = lanes(laneBox, model, place);
  const curveSurface = curve(part("timeline-curve", shown), model, place, handlers);
  const axis = timeAxis(part("timeline-axis", shown), place);
  const readout = part("timeline-readout", shown);
  const heads = [part("timeline-playhead", whole), part("timeline-playhead", shown), part("timeline-cursor", shown)];

  const controls = pictureControls(look, () => {
    picture.draw();
    handlers.onPicture?.({ ...look });
  });
  gestures(picture, model, place, handlers, () => lanesOf(model));
  gestures(lanesSurface, model, place, handlers, lanesSurface.lanesUnder);
  zoomByWheel(shown, place);
  zoomByWheel(whole, place);
  /** @type {number|null} */
  let height = null;
  picture.canvas.addEventListener("pointermove", ({ offsetY }) => void (height = offsetY));
  lanesSurface.canvas.addEventListener("pointermove", () => void (height = null));

  let pending = 0;
  /** Moving the heads repaints no canvas. */
  const moveHeads = () => {
    pending ||= requestAnimationFrame(() => {
      pending = 0;
      const scales = [timeScale(0, place.duration, whole.clientWidth), timeScale(place.from, place.to, shown.clientWidth)];
      const [overviewHead, playhead, cursor] = heads;
      put(overviewHead, scales[0], place.duration ? place.playhead : null);
      put(playhead, scales[1], place.duration ? place.playhead : null);
      put(cursor, scales[1], place.cursor);
      readout.textContent = place.cursor === null ? "" : pointed(place.cursor, height === null ? null : picture.frequency(height));
      readout.hidden = !readout.textContent;
    });
  };
  const draw = () => {
    laneRoom();
    for (const surface of [overviewSurface, picture, lanesSurface, curveSurface, axis]) surface.draw();
    moveHeads();
  };
  place.subscribe((what) => {
    if (what === "range" || what === "recording") draw();
    else if (what === "draft") [picture, lanesSurface].forEach((surface) => surface.draw());
    else moveHeads();
    container.classList.toggle("is-drawing", place.draft !== null);
  });
  model.subscribe(draw);
  new ResizeObserver(moveHeads).observe(shown);
  draw();

  const edit = (/** @type {"start"|"end"} */ side, /** @type {number} */ time) => {
    if (place.draft) place.sketch(withEdge(place.draft, side, time, place.duration));
  };
  return {
    draw,
    controls: controls.element,
    commands: {
      ...controls.commands,
      zoomIn: () => place.zoom(2),
      zoomOut: () => place.zoom(0.5),
      whole: () => place.whole(),
      panLeft: () => place.page(-0.5),
      panRight: () => place.page(0.5),
      /** Begin a span at the playhead, which a drag or the keys then give its edges. */
      beginDraft() {
        const seen = place.playhead >= place.from && place.playhead < place.to;
        const start = Math.min(seen ? place.playhead : (place.from + place.to) / 2, Math.max(place.duration - DRAFT, 0));
        place.sketch({ start, end: Math.min(start + DRAFT, place.duration) });
      },
      draftEdge: edit,
      /** @param {"start"|"end"} side @param {number} seconds */
      nudgeDraft: (side, seconds) => place.draft && edit(side, place.draft[side] + seconds),
      keepDraft() {
        const { draft } = place;
        place.sketch(null);
        if (draft) handlers.onDrawn?.(draft.start, draft.end);
      },
      dropDraft: () => place.sketch(null),
      /** @param {import("./drawing_types.js").Span} span @param {"start"|"end"} side @param {number} time seconds */
      trim(span, side, time) {
        const { start, end } = withEdge(span, side, time, place.duration);
        if (start !== span.start || end !== span.end) handlers.onEdge?.(span, start, end);
      },
    },
  };
}

/** @param {HTMLElement} element @param {import("./axis.js").TimeScale} scale @param {number|null} time */
function put(element, scale, time) {
  const x = time === null ? NaN : scale.x(time);
  element.hidden = !(x >= LEFT - 1 && x <= scale.right + 1);
  if (!element.hidden) element.style.setProperty("transform", `translateX(${x}px)`);
}

/** @param {number} time seconds @param {number|null} frequency Hz @returns {string} */
function pointed(time, frequency) {
  const clock = clockTime(time, 0.01);
  return frequency === null ? clock : `${clock}  ${(frequency / 1000).toFixed(1)} kHz`;
}
