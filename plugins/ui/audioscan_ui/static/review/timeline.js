// @ts-check
/** The drawings one above the other: overview, spectrogram, lanes, probability, time; and what keys can do with them. */

import { LEFT, clockTime, timeAxis, timeScale } from "./axis.js";
import { curve } from "./curve.js";
import { gestures, withEdge, zoomByWheel } from "./gestures.js";
import { laneHeight, lanes } from "./lanes.js";
import { overview } from "./overview.js";
import { pictureControls } from "./picture_controls.js";
import { PLAIN_PICTURE, spectrogram } from "./spectrogram.js";
import { lanesOf } from "./spans.js";

/** Seconds that a span has when a key begins it, if they are no more than a quarter of what is shown. */
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
  let frontRow = -1;
  const laneRoom = () => {
    const all = lanesOf(model);
    const height = `${all.length * laneHeight(all.length)}px`;
    if (laneBox.style.getPropertyValue("height") !== height) laneBox.style.setProperty("height", height);
    const row = all.findIndex(({ labelIndex }) => labelIndex === (model.current ?? 0));
    if (row === frontRow) return;
    frontRow = row; // the lane of the label in front is scrolled into sight
    const scrolled = /** @type {HTMLElement} */ (laneBox.parentElement);
    const [top, tall] = [Math.max(row, 0) * laneHeight(all.length), laneHeight(all.length)];
    scrolled.scrollTop = Math.min(Math.max(scrolled.scrollTop, top + tall - scrolled.clientHeight), top);
  };
  const overviewSurface = overview(whole, model, place);
  const picture = spectrogram(part("timeline-spectrogram", shown), model, place, look);
  const laneBox = part("timeline-lanes", part("timeline-lanes-scrolled", shown));
  const lanesSurface = lanes(laneBox, model, place);
  const curveBox = part("timeline-curve", shown);
  const curveSurface = curve(curveBox, model, place, handlers);
  const axis = timeAxis(part("timeline-axis", shown), place);
  const tags = [part("timeline-tag timeline-tag-time", shown), part("timeline-tag timeline-tag-frequency", shown)];
  const hint = part("timeline-hint", shown);
  hint.textContent = "Drag over the sound, or set its edges with [ and ] at the playhead. Enter keeps it, Escape ends.";
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
      const frequency = place.cursor === null || height === null ? null : picture.frequency(height);
      tag(tags[0], place.cursor === null ? "" : clockTime(place.cursor, 0.01), scales[1].x(place.cursor ?? 0), 0);
      tag(tags[1], frequency === null ? "" : `${(frequency / 1000).toFixed(1)} kHz`, 0, height ?? 0);
    });
  };
  const draw = () => {
    laneRoom();
    curveBox.hidden = !model.labels.some(({ steps }) => steps);
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
        const length = Math.min(DRAFT, (place.to - place.from) / 4);
        const start = Math.min(seen ? place.playhead : (place.from + place.to) / 2, place.duration - length);
        place.sketch({ start, end: start + length });
      },
      /** @param {"start"|"end"} side @param {number} time seconds */
      draftEdge(side, time) {
        if (place.draft) place.sketch(withEdge(place.draft, side, time, place.duration));
      },
      keepDraft() {
        const { draft } = place;
        place.sketch(null);
        if (draft) handlers.onDrawn?.(draft.start, draft.end);
      },
      dropDraft: () => place.sketch(null),
    },
  };
}

/** @param {HTMLElement} element @param {import("./axis.js").TimeScale} scale @param {number|null} time */
function put(element, scale, time) {
  const x = time === null ? NaN : scale.x(time);
  element.hidden = !(x >= LEFT - 1 && x <= scale.right + 1);
  if (!element.hidden) element.style.setProperty("transform", `translateX(${x}px)`);
}

/** @param {HTMLElement} element @param {string} text empty to hide it @param {number} x @param {number} y CSS pixels */
function tag(element, text, x, y) {
  element.textContent = text;
  element.hidden = !text;
  element.style.setProperty("translate", `${x}px ${y}px`);
}
