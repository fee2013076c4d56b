// @ts-check
/** The spectrogram of the shown part, with its frequency axis and the spans over it. */

import { LEFT, paintFrequencyAxis, timeScale } from "./axis.js";
import { levelColours } from "./colours.js";
import { paintSpans } from "./overlay.js";
import { createSurface } from "./surface.js";
import { createTiles, picture, tileSeconds } from "./tiles.js";

/** More tiles than this are not asked for at once: the reader is told to zoom in. */
const TOO_MANY = 16;

/** @typedef {import("./drawing_types.js").Picture} Picture */

/** @type {Picture} */
export const PLAIN_PICTURE = { map: "viridis", brightness: 0, contrast: 0, top: 0 };

/**
 * @param {HTMLElement} container
 * @param {import("./drawing_types.js").Model} model
 * @param {import("./drawing_types.js").Place} place
 * @param {Picture} look read at every painting
 */
export function spectrogram(container, model, place, look) {
  const tiles = createTiles(() => surface.draw());
  const paletteOf = keptPalette();
  /** Highest frequency of the tiles seen last, Hz. */
  let top = 0;

  const surface = createSurface(
    container,
    ({ context, theme, width, height, ratio }) => {
      context.fillStyle = theme.surface;
      context.fillRect(0, 0, width, height);
      if (place.recording === null || !place.duration) return;
      const scale = timeScale(place.from, place.to, width);
      const wanted = wantedTiles(place, look.top, scale.perPixel / ratio, tiles);
      tiles.want(wanted.length > TOO_MANY ? [] : wanted);
      const colours = paletteOf(look, tiles.low, tiles.high);
      context.save();
      context.beginPath();
      context.rect(LEFT, 0, scale.x(Math.min(place.to, place.duration)) - LEFT, height);
      context.clip();
      context.fillStyle = pixelColour(colours[0]);
      context.fillRect(0, 0, width, height);
      const own = wanted.map(tiles.tile);
      const isAwaited = wanted.length <= TOO_MANY && !tiles.problem && !own.every(Boolean);
      surface.canvas.setAttribute("aria-busy", String(isAwaited));
      const standIns = own.every(Boolean) ? [] : tiles.standIns(place.recording, look.top, place.from, place.to);
      for (const tile of [...standIns, ...own]) {
        if (!tile) continue;
        top = tile.top;
        // Whole device pixels, or a seam would show between two tiles.
        const sharp = (/** @type {number} */ x) => Math.round(x * ratio) / ratio;
        const x = sharp(scale.x(tile.start));
        context.drawImage(picture(tile, colours), x, 0, sharp(scale.x(tile.start + tile.seconds)) - x, height);
      }
      if (wanted.length > TOO_MANY) say(context, theme, "Zoom in to see the spectrogram", width, height);
      else if (tiles.problem && !own.some(Boolean)) say(context, theme, tiles.problem, width, height);
      paintSpans(context, theme, { model, place, scale, height });
      context.restore();
      if (top) paintFrequencyAxis(context, theme, top, 0, height);
    },
    "Spectrogram of the part that is shown",
  );

  place.subscribe((what) => {
    if (what !== "recording") return;
    tiles.open();
    top = 0;
  });

  return Object.assign(surface, {
    /** Frequency at a height, Hz; null before the first tile. @param {number} y CSS pixels */
    frequency: (y) => (top && surface.height ? top * (1 - y / surface.height) : null),
  });
}

/**
 * The tiles of the shown part, those in its middle first; then the one after it, for the next page.
 *
 * @param {import("./drawing_types.js").Place} place
 * @param {number} top Hz
 * @param {number} perPixel seconds a device pixel
 * @param {{finest: number, coarsest: number}} scales
 * @returns {import("./tiles.js").Wanted[]}
 */
function wantedTiles({ recording, duration, from, to }, top, perPixel, { finest, coarsest }) {
  // A column of a tile is 2^scale / 16 s. It may be two device pixels wide, no more.
  const scale = Math.min(Math.max(Math.floor(Math.log2(2 * perPixel * 16)), finest), coarsest);
  const seconds = tileSeconds(scale);
  const first = Math.floor(from / seconds);
  const last = Math.max(Math.ceil(Math.min(to, duration) / seconds) - 1, first);
  const middle = (first + last) / 2;
  const numbers = Array.from({ length: Math.min(last - first + 1, TOO_MANY + 1) }, (_, index) => first + index);
  numbers.sort((one, other) => Math.abs(one - middle) - Math.abs(other - middle));
  if ((last + 1) * seconds < duration && numbers.length < TOO_MANY) numbers.push(last + 1);
  return numbers.map((number) => ({ recording: /** @type {number} */ (recording), scale, number, top }));
}

/** Colours of the levels, made anew only where the look or the levels changed. */
function keptPalette() {
  let name = "";
  /** @type {Uint32Array} */
  let colours = new Uint32Array(256);
  return (/** @type {Picture} */ look, /** @type {number} */ low, /** @type {number} */ high) => {
    const { map, brightness, contrast } = look;
    const wanted = JSON.stringify([map, brightness, contrast, low, high]);
    if (wanted !== name) {
      colours = levelColours({ map, low, high, brightness, contrast });
      name = wanted;
    }
    return colours;
  };
}

/** @param {number} pixel a word of ImageData */
const pixelColour = (pixel) => `rgb(${pixel & 255}, ${(pixel >> 8) & 255}, ${(pixel >> 16) & 255})`;

/**
 * @param {CanvasRenderingContext2D} context
 * @param {import("./colours.js").Theme} theme
 * @param {string} sentence
 * @param {number} width
 * @param {number} height
 */
function say(context, theme, sentence, width, height) {
  context.fillStyle = theme.surface;
  context.fillRect(LEFT, 0, width, height);
  context.fillStyle = theme.muted;
  context.font = `13px ${theme.font}`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillText(sentence, (LEFT + width) / 2, height / 2, width - LEFT - 20);
}
