// @ts-check
/** A canvas that fills its container, is sharp on every screen, and paints only in animation frames. */

import { readTheme } from "./colours.js";

/**
 * @typedef {object} Surface
 * @property {HTMLCanvasElement} canvas
 * @property {CanvasRenderingContext2D} context scaled so that one unit is one CSS pixel
 * @property {number} width CSS pixels
 * @property {number} height CSS pixels
 * @property {number} ratio device pixels a CSS pixel
 * @property {import("./colours.js").Theme} theme
 * @property {() => void} draw paints in the next frame, once however often it is called
 * @property {() => void} close
 */

/**
 * @param {HTMLElement} container
 * @param {(surface: Surface) => void} paint
 * @param {string} name what a screen reader calls it
 * @returns {Surface}
 */
export function createSurface(container, paint, name) {
  const canvas = document.createElement("canvas");
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", name);
  canvas.className = "drawing";
  container.append(canvas);
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", { alpha: false }));
  let pending = 0;

  const frame = () => {
    pending = 0;
    const { clientWidth: width, clientHeight: height } = container;
    if (!width || !height) return; // the view is hidden; the observer calls when it is shown
    const ratio = window.devicePixelRatio || 1;
    const [columns, rows] = [Math.round(width * ratio), Math.round(height * ratio)];
    if (canvas.width !== columns || canvas.height !== rows) {
      canvas.width = columns;
      canvas.height = rows;
    }
    Object.assign(surface, { width, height, ratio, theme: readTheme() });
    context.setTransform(columns / width, 0, 0, rows / height, 0, 0);
    paint(surface);
  };

  const surface = {
    canvas,
    context,
    width: 0,
    height: 0,
    ratio: 1,
    theme: readTheme(),
    draw() {
      pending ||= requestAnimationFrame(frame);
    },
    close() {
      cancelAnimationFrame(pending);
      observer.disconnect();
      schemes.forEach((scheme) => scheme.removeEventListener("change", surface.draw));
      window.removeEventListener("resize", surface.draw);
      canvas.remove();
    },
  };
  const schemes = ["(prefers-color-scheme: dark)", "(prefers-contrast: more)", "(forced-colors: active)"].map(
    (query) => window.matchMedia(query),
  );
  schemes.forEach((scheme) => scheme.addEventListener("change", surface.draw));
  window.addEventListener("resize", surface.draw); // zooming changes the ratio without changing the size
  const observer = new ResizeObserver(surface.draw);
  observer.observe(container);
  surface.draw();
  return surface;
}

/**
 * @typedef {object} Drag What to do while the pointer is dragged.
 * @property {(event: PointerEvent) => void} [move]
 * @property {(event: PointerEvent) => void} [done]
 * @property {() => void} [abandoned]
 */

/**
 * Follow a drag of the pointer. Escape, and losing the pointer, give up.
 *
 * @param {HTMLElement} element
 * @param {(event: PointerEvent) => (Drag|null|undefined)} begin returns what to do, or nothing where no drag begins
 */
export function onDrag(element, begin) {
  element.addEventListener("pointerdown", (down) => {
    if (down.button !== 0) return;
    const drag = begin(down);
    if (!drag) return;
    down.preventDefault(); // no text is selected; the focus stays where the keys work
    element.setPointerCapture(down.pointerId);
    const ends = new AbortController();
    const over = (/** @type {boolean} */ kept, /** @type {PointerEvent|null} */ event) => {
      ends.abort();
      if (kept && event) drag.done?.(event);
      else drag.abandoned?.();
    };
    const { signal } = ends;
    element.addEventListener("pointermove", (event) => drag.move?.(event), { signal });
    element.addEventListener("pointerup", (event) => over(true, event), { signal });
    element.addEventListener("pointercancel", () => over(false, null), { signal });
    window.addEventListener(
      "keydown",
      (event) => {
        if (event.key !== "Escape") return;
        event.stopPropagation();
        over(false, null);
      },
      { signal, capture: true },
    );
  });
}
