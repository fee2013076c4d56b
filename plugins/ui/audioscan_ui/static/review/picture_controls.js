// @ts-check
/** The controls of the spectrogram's look: colours, brightness, contrast, highest frequency. */

import { COLOUR_MAPS } from "./colours.js";
import { PLAIN_PICTURE } from "./spectrogram.js";

/** Highest frequencies to choose from, Hz; 0 for all that the recording has. */
const TOPS = [0, 2000, 4000, 8000, 12000, 16000];

/** @typedef {import("./drawing_types.js").Picture} Picture */

/**
 * @param {Picture} look is changed in place
 * @param {() => void} changed
 */
export function pictureControls(look, changed) {
  const element = document.createElement("div");
  element.className = "picture-controls";
  const maps = COLOUR_MAPS.map((map) => /** @type {[string, string]} */ ([map, map]));
  const colours = chooser("Colours", maps, "Colours of the spectrogram");
  const brightness = slider("Brightness", "How bright the spectrogram is");
  const contrast = slider("Contrast", "How far apart quiet and loud are in the spectrogram");
  const tops = TOPS.map((top) => /** @type {[string, string]} */ ([String(top), top ? `${top / 1000} kHz` : "all"]));
  const highest = chooser("Up to", tops, "Highest frequency of the spectrogram");
  const controls = [colours, brightness, contrast, highest];
  element.append(...controls.map(({ parentElement }) => /** @type {HTMLElement} */ (parentElement)));
  const reset = document.createElement("button");
  const meaning = "Colours, brightness, contrast and frequencies as at first";
  Object.assign(reset, { type: "button", className: "small", textContent: "As at first", title: meaning });
  element.append(reset);

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

  colours.addEventListener("change", () => change({ map: colours.value }));
  brightness.addEventListener("input", () => change({ brightness: Number(brightness.value) }));
  contrast.addEventListener("input", () => change({ contrast: Number(contrast.value) }));
  highest.addEventListener("change", () => change({ top: Number(highest.value) }));
  reset.addEventListener("click", () => change({ ...PLAIN_PICTURE }));
  show();

  return {
    element,
    commands: {
      nextColourMap: () => change({ map: COLOUR_MAPS[(COLOUR_MAPS.indexOf(look.map) + 1) % COLOUR_MAPS.length] }),
      focusBrightness: () => brightness.focus(),
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
