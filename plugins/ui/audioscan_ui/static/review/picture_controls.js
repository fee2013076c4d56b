// @ts-check
/** The controls of the spectrogram's look: colours, brightness, contrast, highest frequency. */

import { COLOUR_MAPS } from "./colours.js";
import { PLAIN_PICTURE } from "./spectrogram.js";

/** Highest frequencies to choose from, Hz; 0 for all that the recording has. */
const TOPS = [0, 2000, 4000, 8000, 12000, 16000];
/** A press of a key moves brightness and contrast by this much, of 100. */
const STEP = 10;

/** @typedef {import("./drawing_types.js").Picture} Picture */

/**
 * @param {Picture} look is changed in place
 * @param {() => void} changed
 */
export function pictureControls(look, changed) {
  const element = document.createElement("div");
  element.className = "picture-controls";
  const colours = chooser("Colours", COLOUR_MAPS.map((map) => [map, map]), "Colours of the spectrogram");
  const brightness = slider("Brightness", "How bright the spectrogram is");
  const contrast = slider("Contrast", "How far apart quiet and loud are in the spectrogram");
  const tops = TOPS.map((top) => /** @type {[string, string]} */ ([String(top), top ? `${top / 1000} kHz` : "all"]));
  const highest = chooser("Up to", tops, "Highest frequency of the spectrogram");
  element.append(...[colours, brightness, contrast, highest].map(({ parentElement }) => /** @type {HTMLElement} */ (parentElement)));

  const show = () => {
    colours.value = look.map;
    brightness.value = String(look.brightness);
    contrast.value = String(look.contrast);
    highest.value = String(look.top);
  };
  /** @param {Partial<Picture>} patch */
  const change = (patch) => {
    Object.assign(look, patch);
    show();
    changed();
  };
  const within = (/** @type {number} */ value) => Math.min(Math.max(value, -100), 100);
  /** @template T @param {T[]} all @param {T} one */
  const after = (all, one) => all[(all.indexOf(one) + 1) % all.length];

  colours.addEventListener("change", () => change({ map: colours.value }));
  brightness.addEventListener("input", () => change({ brightness: Number(brightness.value) }));
  contrast.addEventListener("input", () => change({ contrast: Number(contrast.value) }));
  highest.addEventListener("change", () => change({ top: Number(highest.value) }));
  show();

  return {
    element,
    commands: {
      nextColourMap: () => change({ map: after(COLOUR_MAPS, look.map) }),
      nextTopFrequency: () => change({ top: after(TOPS, look.top) }),
      focusBrightness: () => brightness.focus(),
      focusContrast: () => contrast.focus(),
      /** @param {number} steps */
      brighten: (steps) => change({ brightness: within(look.brightness + steps * STEP) }),
      /** @param {number} steps */
      contrast: (steps) => change({ contrast: within(look.contrast + steps * STEP) }),
      /** Brightness and contrast as they are found for the recording. */
      automaticLevels: () => change({ brightness: PLAIN_PICTURE.brightness, contrast: PLAIN_PICTURE.contrast }),
    },
  };
}

/** @param {string} name @param {[string, string][]} choices value and words @param {string} title */
function chooser(name, choices, title) {
  const select = document.createElement("select");
  for (const [value, words] of choices) select.add(new Option(words, value));
  return labelled(name, select, title);
}

/** @param {string} name @param {string} title */
function slider(name, title) {
  const input = document.createElement("input");
  Object.assign(input, { type: "range", min: "-100", max: "100", step: "5" });
  return labelled(name, input, title);
}

/** @template {HTMLElement} T @param {string} name @param {T} control @param {string} title @returns {T} inside its label */
function labelled(name, control, title) {
  const label = document.createElement("label");
  label.title = title;
  label.append(name, " ", control);
  return control;
}
