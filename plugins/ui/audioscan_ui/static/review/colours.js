// @ts-check
/** Colours: those of the page's style, and those that loudness has in the spectrogram. */

/**
 * 33 of the 256 colours of each of matplotlib's maps (CC0), hexadecimal; what lies between is interpolated (at most 2 of 255 off).
 *
 * @type {Record<string, string>}
 */
const ANCHORS = {
  viridis:
    "440154470d6048186a482374472d7b4537814240863e49893b528b375b8d33638d2f6b8e2c728e297a8e26828e23898e21918c" +
    "1f978b1f9f8821a68527ad8131b57b3dbc744cc26c5cc8636ece5881d34d95d840aadc32c0df25d5e21aeae51afde725",
  magma:
    "0000040303120a0822130d341d114729115a36106b440f7651127c5d177f6a1c81762181832681902a819c2e7faa337db73779" +
    "c23b75cf4070db476ae55064ee5b5ef4695cf9785dfb8761fd9668fea571feb47bfec287fed194fde0a1fceeb0fcfdbf",
  grey: "000000ffffff",
  ink: "ffffff000000",
};

/** Names of the colour maps, in the order in which a key goes through them. */
export const COLOUR_MAPS = Object.keys(ANCHORS);

/** @param {string} map @returns {[number, number, number][]} */
const anchorsOf = (map) =>
  [...(ANCHORS[map] ?? ANCHORS.viridis).matchAll(/(..)(..)(..)/g)].map(([, ...parts]) => [
    parseInt(parts[0], 16),
    parseInt(parts[1], 16),
    parseInt(parts[2], 16),
  ]);

/**
 * The colour of each of the 256 levels of a tile, as ImageData holds them in a little-endian word.
 *
 * @param {object} look
 * @param {string} look.map
 * @param {number} look.low level that becomes the darkest colour
 * @param {number} look.high level that becomes the brightest colour
 * @param {number} look.brightness -100 to 100: moves the levels
 * @param {number} look.contrast -100 to 100: spreads them around their middle, four-fold at most
 * @returns {Uint32Array} (256,)
 */
export function levelColours({ map, low, high, brightness, contrast }) {
  const anchors = anchorsOf(map);
  const last = anchors.length - 1;
  const spread = 4 ** (contrast / 100);
  return Uint32Array.from({ length: 256 }, (_, level) => {
    const share = (level - low) / Math.max(high - low, 1);
    const value = Math.min(Math.max((share - 0.5) * spread + 0.5 + brightness / 100, 0), 1) * last;
    const before = Math.min(Math.floor(value), last - 1);
    const mix = (/** @type {number} */ channel) =>
      Math.round(anchors[before][channel] + (value - before) * (anchors[before + 1][channel] - anchors[before][channel]));
    return ((255 << 24) | (mix(2) << 16) | (mix(1) << 8) | mix(0)) >>> 0;
  });
}

/** Used where the style names no such colour: Okabe and Ito's, which the colour-blind tell apart. */
const PLAIN = {
  background: "#ffffff",
  surface: "#f4f4f4",
  text: "#1a1a1a",
  muted: "#5a5a5a",
  line: "#c8c8c8",
  accent: "#0072b2",
  focus: "#d55e00",
  positive: "#0072b2",
  negative: "#d55e00",
  unsure: "#7a7a7a",
  "label-1": "#0072b2",
  "label-2": "#d55e00",
  "label-3": "#009e73",
  "label-4": "#cc79a7",
  "label-5": "#e69f00",
  "label-6": "#56b4e9",
  "label-7": "#b8a800",
  "label-8": "#7a7a7a",
};

/** @typedef {keyof typeof PLAIN} ColourName */
/** @typedef {Record<ColourName, string> & {font: string}} Theme */

/**
 * The colours and the font of the page as they are now.
 *
 * @returns {Theme}
 */
export function readTheme() {
  const style = getComputedStyle(document.documentElement);
  const colours = Object.entries(PLAIN).map(([name, plain]) => [name, style.getPropertyValue(`--${name}`).trim() || plain]);
  return { ...Object.fromEntries(colours), font: getComputedStyle(document.body).fontFamily };
}

/**
 * @param {Theme} theme
 * @param {number} index of the label, from 0; negative for what stands apart
 * @returns {string}
 */
export function labelColour(theme, index) {
  return index < 0 ? theme.muted : theme[/** @type {ColourName} */ (`label-${(index % 8) + 1}`)];
}

/** Dashes of the curve of a label, so that labels differ without colour. @param {number} index @returns {number[]} */
export function labelDashes(index) {
  return [[], [6, 3], [2, 2], [8, 3, 2, 3], [12, 4], [4, 4], [1, 3], [10, 3, 2, 3, 2, 3]][Math.max(index, 0) % 8];
}
