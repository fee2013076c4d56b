// @ts-check
/** A canvas that stays sharp: it is drawn anew when its size, the screen's density or the colour scheme changes. */

import { h } from "../dom.js";

/**
 * @param {string} name what it shows, for screen readers
 * @param {number} ratio width to height
 * @param {(context: CanvasRenderingContext2D, width: number, height: number) => void} draw in CSS pixels
 * @returns {{element: HTMLCanvasElement, draw(name?: string): void}}
 */
export function sharpCanvas(name, ratio, draw) {
  const element = h("canvas", { class: "chart", role: "img", "aria-label": name });
  element.style.setProperty("aspect-ratio", String(ratio));
  const context = /** @type {CanvasRenderingContext2D} */ (element.getContext("2d"));
  let frame = 0;

  function now() {
    frame = 0;
    const { clientWidth: width, clientHeight: height } = element;
    if (!width || !height) return;
    const density = window.devicePixelRatio || 1;
    element.width = Math.round(width * density);
    element.height = Math.round(height * density);
    context.setTransform(density, 0, 0, density, 0, 0);
    context.clearRect(0, 0, width, height);
    draw(context, width, height);
  }
  const soon = () => {
    frame ||= requestAnimationFrame(now);
  };
  new ResizeObserver(soon).observe(element);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", soon);
  return {
    element,
    draw(next) {
      if (next) element.setAttribute("aria-label", next);
      soon();
    },
  };
}

/**
 * @param {string} name of a custom property, such as `--text`
 * @returns {string} its colour now
 */
export function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}
