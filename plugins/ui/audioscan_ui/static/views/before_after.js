// @ts-check
/** Two detectors side by side: regions gained and lost, verdicts found, figures; then one of them is kept. */

import { fill, h, say } from "../dom.js";
import { hasEnded, lastJob, startJob } from "../jobs.js";
import { button } from "../keys.js";
import { attempt, tell } from "../messages.js";
import { store } from "../store.js";
import { changedPlaces } from "./changed_places.js";
import { compareScans } from "./compared_scans.js";
import { comparisonTable } from "./comparison_table.js";
import { drop } from "./detector_list.js";
import { usableDetectors } from "./retraining.js";

/** @typedef {import("./compared_scans.js").Compared} Compared */

/** @returns {{element: HTMLElement, shown(): void, draw(): void}} */
export function beforeAfter() {
  const before = h("select", {
    id: "compare-before",
    title: "The detector that is compared with",
    onchange: () => choose({ before: Number(before.value) }),
  });
  const after = h("select", {
    id: "compare-after",
    title: "The detector that is judged",
    onchange: () => choose({ after: Number(after.value) }),
  });
  const content = h("div", { class: "stack" });
  const state = h("p", { class: "hint", role: "status" });
  const places = changedPlaces();
  const keep = button("Keep", "K", () => decide(true), {
    className: "primary",
    title: "Use the new detector from now on",
    group: "Retrain",
  });
  const dropNew = button("Drop", "X", () => decide(false), {
    title: "Go on with the one before; the file of the new one stays",
    group: "Retrain",
  });
  const scan = button("Scan", "S", () => lacking().forEach((number) => attempt(() => scanAll(number))), {
    title: "Scan all recordings by the detector that has not scanned them",
    group: "Retrain",
  });
  const decision = h(
    "div",
    { class: "buttons" },
    keep,
    dropNew,
    h("span", { class: "hint" }, "No detector file is ever overwritten."),
  );
  const element = h(
    "section",
    { class: "card stack" },
    h("h2", {}, "Before and after"),
    h(
      "div",
      { class: "pair" },
      h("label", { class: "field-name", for: before.id }, "Before"),
      before,
      h("label", { class: "field-name", for: after.id }, "After"),
      after,
    ),
    state,
    content,
    decision,
    places.element,
  );
  /** @type {Record<string, number>} thresholds that were tried here */
  let thresholds = {};
  let turn = 0;
  /** @type {{key: string, compared: Compared} | null} fetched before */
  let known = null;

  function draw() {
    const detectors = usableDetectors();
    const pair = chosenPair(detectors);
    element.hidden = !pair;
    if (!pair) return;
    for (const [select, chosen] of /** @type {[HTMLSelectElement, number][]} */ ([
      [before, pair.before],
      [after, pair.after],
    ])) {
      fill(
        select,
        detectors.map((each) =>
          h("option", { value: each.number, selected: each.number === chosen }, `${each.name} · ${each.model}`),
        ),
      );
    }
    const name = store.detector(pair.after)?.name ?? "";
    say(/** @type {Element} */ (keep.firstElementChild), `Keep ${name}`);
    say(/** @type {Element} */ (dropNew.firstElementChild), `Drop ${name}`);
    compare(pair);
  }

  /** @param {{before: number, after: number}} pair */
  async function compare(pair) {
    const mine = ++turn;
    const scanning = lastJob("scan", (job) => !hasEnded(job));
    decision.hidden = false;
    if (lacking().length) {
      const names = lacking()
        .map((number) => store.detector(number)?.name)
        .join(" and ");
      say(state, scanning ? "The scan is running; see the strip below." : `${names} has not scanned yet.`);
      fill(content, !scanning && h("div", { class: "buttons" }, scan));
      places.show(null);
      return;
    }
    const key = keyOf(pair);
    if (known?.key !== key) {
      say(state, "Fetching the scores …");
      const compared = await attempt(() => compareScans(pair.before, pair.after));
      if (mine !== turn) return;
      known = compared && { key, compared };
    }
    if (known) show(known.compared);
    else say(state, "The scores could not be read.");
  }

  /** @param {Compared} compared */
  function show(compared) {
    const rows = compared.at(thresholds);
    say(
      state,
      `Regions of the same ${compared.recordings} recordings, formed as in Review. A region is gained where the detector before found nothing, lost where the new one does not.`,
    );
    const onThreshold = (/** @type {string} */ label, /** @type {number} */ value) => {
      thresholds = { ...thresholds, [label]: value };
      show(compared);
    };
    comparisonTable(content, rows, store.detector(compared.before), store.detector(compared.after), onThreshold);
    places.show(rows, compared);
  }

  /** @param {boolean} isKept */
  function decide(isKept) {
    const pair = chosenPair(usableDetectors());
    if (!pair) return;
    const [chosen, other] = isKept ? [pair.after, pair.before] : [pair.before, pair.after];
    store.keep("detector", chosen);
    if (!isKept) drop(other, true);
    tell(`From now on ${store.detector(chosen)?.name} is used.`, "done");
  }

  let scans = "";
  store.subscribe("jobs", () => {
    const now = JSON.stringify(store.jobs.filter((job) => job.kind === "scan").map((job) => [job.number, job.state]));
    if (now !== scans && element.isConnected && !element.closest("[hidden]")) draw();
    scans = now;
  });
  return {
    element,
    draw,
    shown() {
      thresholds = {};
    },
  };
}

/**
 * What the scores depend on: scans that have ended since make them others.
 *
 * @param {{before: number, after: number}} pair
 */
function keyOf({ before, after }) {
  const ended = store.jobs.filter((job) => job.kind === "scan" && hasEnded(job)).map((job) => job.number);
  return JSON.stringify([before, store.detector(before)?.scanned, after, store.detector(after)?.scanned, ended]);
}

/** @returns {number[]} detectors of the pair that have scanned nothing */
function lacking() {
  const pair = chosenPair(usableDetectors());
  return pair ? [pair.before, pair.after].filter((number) => !store.detector(number)?.scanned) : [];
}

/** @param {number} detector */
function scanAll(detector) {
  return startJob({ kind: "scan", detector, recordings: "all", rate: null });
}

/** @param {{before?: number, after?: number}} patch */
function choose(patch) {
  const pair = chosenPair(usableDetectors());
  store.keep("comparison", { ...pair, ...patch });
}

/**
 * @param {import("../facts.js").DetectorFacts[]} detectors
 * @returns {{before: number, after: number} | null} null where there are not two
 */
function chosenPair(detectors) {
  if (detectors.length < 2) return null;
  const numbers = detectors.map((each) => each.number);
  const kept = store.setting("comparison", { before: 0, after: 0 });
  const after = numbers.includes(kept.after) ? kept.after : numbers[numbers.length - 1];
  const others = numbers.filter((number) => number !== after);
  return { before: others.includes(kept.before) ? kept.before : others[others.length - 1], after };
}
