// @ts-check
/** What stands in place of the list where it is empty, and what to do then. */

import { fill, h } from "../dom.js";
import { counted } from "../format.js";
import { button } from "../keys.js";
import { store } from "../store.js";

/** Examples of a label from which on a detector can be learnt and judged. */
const ENOUGH = 5;

/**
 * @typedef {object} Ways what can be done about it
 * @property {(recordings: number[]|"all") => void} scan
 * @property {() => void} train
 * @property {() => void} showAll
 * @property {(index: number, threshold: number) => void} lower
 * @property {() => void} suggest
 */

/**
 * @param {import("./model.js").ReviewModel} model
 * @param {import("./opening.js").Opening} opening
 * @param {Ways} ways
 */
export function emptyList(model, opening, ways) {
  const element = h("div", { class: "empty-list", role: "status" });
  let drawn = "";

  /** @param {string} key says whether it is the same as before @param {() => (Node|string|null)[]} make */
  function show(key, make) {
    if (key === drawn) return;
    drawn = key;
    fill(element, make());
    element.hidden = !key;
  }

  function draw() {
    if (!model.detector) return show(`label ${JSON.stringify(labelCounts())}`, withoutDetector);
    const { scan, recording, scope, order } = model;
    const job = store.jobs.findLast(({ kind, state }) => kind === "scan" && (state === "running" || state === "waiting"));
    const isScanned = scan !== null && (scope === "all" ? scan.recordings.size > 0 : scan.recordings.has(recording ?? -1));
    if (order === "suggest" && !model.rows.length) return show("suggest", nothingSuggested);
    if (!isScanned && job) return show("scanning", () => [h("p", {}, "The scan is under way: the strip at the bottom shows how far it is.")]);
    if (!isScanned && opening.state !== "loading") return show(`scan ${recording}`, withoutScan);
    if (opening.state === "loading" && !model.shown.length) return show("loading", () => [h("p", {}, "The scores are on their way …")]);
    const found = model.rows.some(({ origin }) => origin === "found");
    if (model.shown.length && (found || order === "suggest")) return show("", () => []);
    if (model.rows.length && !model.shown.length) return show("filtered", allFiltered);
    const peaks = model.labels.filter(({ steps }) => steps?.length).map(({ index, steps }) => ({ index, peak: highest(steps) }));
    show(`low ${peaks.map(({ peak }) => peak).join()}`, () => nothingReached(peaks));
  }

  /** How often each label was accepted or drawn, how many stretches are without a sound, what label files have. */
  function labelCounts() {
    /** @type {Record<string, number>} */
    const counts = {};
    let without = 0;
    for (const { label, role } of store.verdicts.values()) {
      if (role === "positive") counts[label] = (counts[label] ?? 0) + 1;
      if (role === "absent") without++;
    }
    const inFiles = store.state.label_files.reduce((sum, { counts: roles }) => sum + (roles.positive ?? 0), 0);
    return { counts, without, inFiles };
  }

  function withoutDetector() {
    const { counts, without, inFiles } = labelCounts();
    const most = Math.max(0, ...Object.values(counts));
    const here = Object.entries(counts).map(([label, n]) => `${label} ${n}`);
    if (without) here.push(`without it ${without}`);
    if (inFiles) here.push(`in label files ${inFiles}`);
    /** @type {HTMLElement[]} */
    const todo = [
      h("h3", {}, "No detector yet: label first"),
      h("p", {}, "Drag over the sound in the picture, or press D at its start and Enter, and name it."),
      h("p", {}, "Then draw a stretch of some seconds without it and press X: a detector learns from both. Some ten of each will do."),
    ];
    if (here.length) todo.push(h("p", {}, `Labels so far: ${here.join(", ")}.`));
    if ((most >= ENOUGH && without > 0) || inFiles >= ENOUGH) {
      todo.push(h("p", {}, "That is enough to begin with."));
      todo.push(button("Train a detector", "Shift+T", ways.train, { className: "primary", title: "Learn a detector from these labels" }));
    }
    return todo;
  }

  function withoutScan() {
    const { recording } = model;
    const name = store.recording(recording ?? -1)?.name ?? "this recording";
    const many = store.state.recordings.filter(({ problem }) => !problem).length;
    return [
      h("h3", {}, "Not scanned yet"),
      h("p", {}, `${model.detector?.name} has not been through ${name}.`),
      h(
        "div",
        { class: "buttons" },
        button("Scan this recording", "Shift+S", () => recording !== null && ways.scan([recording]), { className: many > 1 ? "" : "primary", title: "Find its sounds in this recording" }),
        many > 1 ? button(`Scan all ${many}`, "Shift+A", () => ways.scan("all"), { className: "primary", title: "Find its sounds in all recordings" }) : null,
      ),
    ];
  }

  /** @param {{index: number, peak: number}[]} peaks */
  function nothingReached(peaks) {
    const best = peaks.reduce((a, b) => (b.peak > a.peak ? b : a), { index: -1, peak: 0 });
    if (best.index < 0) return [h("p", {}, "Nothing was found.")];
    const { name, settings } = model.labels[best.index];
    const threshold = Math.floor(best.peak * 100) / 100;
    const said = [h("h3", {}, "Nothing reaches the threshold"), h("p", {}, `The highest probability of ${name} here is ${best.peak.toFixed(2)}.`)];
    if (threshold >= settings.threshold) return [h("h3", {}, "Nothing is long enough"), h("p", {}, `Regions of ${name} are shorter than ${settings.minDuration} s.`)];
    return [...said, button(`Lower it to ${threshold.toFixed(2)}`, "Shift+L", () => ways.lower(best.index, threshold), { className: "primary", title: `Lower the threshold of ${name}` })];
  }

  const allFiltered = () => [
    h("p", {}, `None of ${counted(model.rows.length, "row")} fits what you chose to see.`),
    button("Show all", "Shift+X", ways.showAll, { title: "Show all rows" }),
  ];

  const nothingSuggested = () => [
    h("p", {}, "Nothing was suggested yet. Suggestions are the spans whose verdicts would teach the detector most; F finds what sounds like the selected span."),
    button("Suggest", "U", ways.suggest, { className: "primary", title: "Choose such spans now" }),
  ];

  model.subscribe(draw);
  return { element, draw };
}

/** @param {Float64Array|null} steps */
function highest(steps) {
  let most = 0;
  for (const step of steps ?? []) if (step > most) most = step;
  return most;
}
