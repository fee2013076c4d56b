// @ts-check
/** A slider for the threshold of each label, and what else forms the regions of the one in front. */

import { fill, h, say } from "../dom.js";
import { count } from "../format.js";
import { register } from "../keys.js";
import { colourOf } from "./row_words.js";

/** @typedef {import("./model.js").ReviewModel} ReviewModel */

const STEP = 0.01;
const LEAP = 0.1;

/**
 * @param {ReviewModel} model
 * @param {{onRegions: (index: number, patch: Partial<import("./regions.js").RegionSettings>) => void}} handlers
 */
export function thresholds(model, handlers) {
  const sliders = h("div", { class: "sliders" });
  const fields = furtherSettings(model, handlers);
  const element = h("section", { class: "thresholds", "aria-label": "Thresholds" }, sliders, fields.element);
  /** @type {ReturnType<typeof oneSlider>[]} */
  let made = [];
  let names = "";
  let asked = false;

  const ask = () => {
    if (!asked) requestAnimationFrame(draw);
    asked = true;
  };

  function draw() {
    asked = false;
    const scored = model.labels.filter((label) => label.scored);
    element.hidden = !model.scan || !scored.length;
    const now = scored.map(({ name }) => name).join("\n");
    if (now !== names) {
      names = now;
      made = scored.map(({ index }) => oneSlider(model, index, handlers));
      fill(sliders, made.map((slider) => slider.element));
    }
    for (const slider of made) slider.draw();
    fields.draw();
  }

  register("T", "Go to the threshold slider of the label in front", () => (made[model.current] ?? made[0])?.focus(), {
    group: "Regions",
    when: () => !element.hidden && element.getClientRects().length > 0,
  });
  model.subscribe(ask);
  return { element };
}

/**
 * @param {ReviewModel} model
 * @param {number} index of the label
 * @param {{onRegions: (index: number, patch: {threshold: number}) => void}} handlers
 */
function oneSlider(model, index, { onRegions }) {
  const { name } = model.labels[index];
  const swatch = h("span", { class: "swatch" });
  swatch.style.setProperty("background", colourOf(index));
  const front = h("button", { class: "plain small label-name", type: "button", title: `Show the score curve of ${name}` }, swatch, h("span", {}, name));
  front.addEventListener("mousedown", (event) => event.preventDefault());
  front.addEventListener("click", () => model.bringForward(name));
  const slider = h("input", { type: "range", min: "0", max: "1", step: String(STEP), "aria-label": `Threshold of ${name}` });
  slider.title = "Regions begin where the probability reaches this (key: T; arrows 0.01, Shift 0.1)";
  const value = h("output", { class: "number threshold-value" });
  const found = h("span", { class: "muted number found-count" });
  const element = h("div", { class: "slider-row" }, front, slider, value, found);

  slider.addEventListener("input", () => onRegions(index, { threshold: Number(slider.value) }));
  slider.addEventListener("focus", () => model.bringForward(name));
  slider.addEventListener("keydown", (event) => {
    const up = event.key === "ArrowUp" || event.key === "ArrowRight";
    if (!event.shiftKey || (!up && event.key !== "ArrowDown" && event.key !== "ArrowLeft")) return;
    event.preventDefault();
    const moved = model.labels[index].settings.threshold + (up ? LEAP : -LEAP);
    onRegions(index, { threshold: Math.min(1, Math.max(0, Math.round(moved * 100) / 100)) });
  });

  function draw() {
    const label = model.labels[index];
    if (!label) return;
    const { threshold } = label.settings;
    if (Number(slider.value) !== Math.round(threshold * 100) / 100) slider.value = String(threshold);
    slider.setAttribute("aria-valuetext", threshold.toFixed(2));
    say(value, threshold.toFixed(2));
    const regions = label.regions;
    say(found, regions ? count(regions.count) : "…");
    found.title = regions ? `${regions.count} regions of ${name} in this recording` : "The scores are on their way";
    element.classList.toggle("is-front", index === model.current);
    front.setAttribute("aria-pressed", String(index === model.current));
  }

  return { element, draw, focus: () => slider.focus() };
}

/**
 * @param {ReviewModel} model
 * @param {{onRegions: (index: number, patch: Partial<import("./regions.js").RegionSettings>) => void}} handlers
 */
function furtherSettings(model, { onRegions }) {
  const low = numberField("0.01", "Regions grow from the threshold down to this probability; empty: to the threshold");
  const gap = numberField("0.1", "Regions with a shorter gap between them become one");
  const least = numberField("0.1", "Regions that are shorter are dropped");
  const element = h(
    "div",
    { class: "further" },
    h("label", {}, "Grow down to", low),
    h("label", {}, "Close gaps, s", gap),
    h("label", {}, "Shortest, s", least),
  );
  low.max = "1";
  low.addEventListener("change", () => onRegions(model.current, { low: low.value === "" ? null : Number(low.value) }));
  gap.addEventListener("change", () => onRegions(model.current, { mergeGap: Number(gap.value) }));
  least.addEventListener("change", () => onRegions(model.current, { minDuration: Number(least.value) }));

  function draw() {
    const label = model.labels[model.current];
    element.hidden = !label?.scored;
    if (!label?.scored) return;
    const { settings, name } = label;
    put(low, settings.low === null ? "" : String(settings.low));
    put(gap, String(settings.mergeGap));
    put(least, String(settings.minDuration));
    low.placeholder = settings.threshold.toFixed(2);
    element.setAttribute("aria-label", `Regions of ${name}`);
  }

  return { element, draw };
}

/** @param {HTMLInputElement} field @param {string} value */
function put(field, value) {
  if (document.activeElement !== field && field.value !== value) field.value = value;
}

/** @param {string} step @param {string} title */
function numberField(step, title) {
  return h("input", { type: "number", min: "0", step, title, class: "short" });
}
