// @ts-check
/** How many windows would be learnt from, counted anew whenever the labels or the settings change. */

import { afterPause, fill, h, say } from "../dom.js";
import { count, signed } from "../format.js";
import { hasEnded, startJob } from "../jobs.js";
import { store } from "../store.js";
import { titleOfFigures, titleOfWords, wideTable } from "../wide_table.js";
import { chosenModel } from "./model_choice.js";
import { trainingRequest, whyNot } from "./training_settings.js";

const PAUSE = 400; // milliseconds; typing a number is one change

/**
 * @typedef {object} Asked
 * @property {() => Record<string, any>} request what would be learnt
 * @property {() => string} why nothing can be counted; empty where it can
 * @property {boolean} difference whether to show what the verdicts change
 */

/** @type {Asked} */
const AS_THE_FORM_SAYS = { request: () => trainingRequest(chosenModel()?.name), why: whyNot, difference: false };

/**
 * @param {Asked} [asked]
 * @returns {{element: HTMLElement, shown(): void, hidden(): void}}
 */
export function windowCounts({ request, why, difference } = AS_THE_FORM_SAYS) {
  const state = h("p", { class: "hint", role: "status" });
  const table = h("div", { class: "table-scroll" });
  const windowing = h("p", { class: "hint" });
  const element = h("div", { class: "stack window-counts" }, table, windowing, state);
  let isShown = false;
  let asked = "";
  /** @type {number | null} */
  let job = null;

  const ask = afterPause(PAUSE, async () => {
    if (!isShown) return;
    const reason = why();
    if (reason) {
      asked = "";
      job = null;
      fill(table);
      say(windowing, "");
      say(state, reason);
      return;
    }
    const wanted = request();
    const key = JSON.stringify([wanted, store.state.label_files, [...store.verdicts.values()]]);
    if (key === asked) return;
    asked = key;
    element.classList.add("out-of-date");
    say(state, "Counting …");
    try {
      job = (await startJob({ ...wanted, kind: "counts" })).number;
      take();
    } catch (problem) {
      say(state, problem instanceof Error ? problem.message : String(problem));
    }
  });

  function take() {
    const facts = store.jobs.find((each) => each.number === job);
    if (!facts || !hasEnded(facts)) return;
    job = null;
    if (facts.state !== "done") {
      say(state, facts.problem ?? "The count was stopped.");
      if (facts.state === "cancelled") asked = "";
      return;
    }
    element.classList.remove("out-of-date");
    say(state, whatIsMissing(facts.result.labels));
    fill(table, difference ? differenceTable(facts.result.labels) : countsTable(facts.result.labels));
    const { window, hop, why } = facts.result.windowing;
    say(windowing, `Windows of ${window} s every ${hop} s${why ? `: ${why}` : ""}.`);
  }

  store.subscribe("jobs", take);
  store.subscribe(["settings", "state", "models", "verdicts"], ask);
  return {
    element,
    shown() {
      isShown = true;
      ask();
    },
    hidden() {
      isShown = false;
    },
  };
}

/**
 * @param {any[]} labels
 * @returns {string} what has to be labelled before anything can be learnt; empty where nothing is missing
 */
function whatIsMissing(labels) {
  const without = labels.filter((each) => each.positive && !each.negative).map((each) => each.label);
  if (!without.length) return "";
  return `Show places without ${without.join(" and without ")} too: in Review, draw a stretch where it is not heard and press X.`;
}

const TITLES = [
  ["With the sound", "Windows that hold the sound"],
  ["Without", "Windows that do not hold it"],
  ["Left out", "Windows of which it is not known, or that are too near to a label"],
];

/** @param {any[]} labels */
function countsTable(labels) {
  return wideTable(
    [titleOfWords("Label"), ...TITLES.map(([title, hint]) => titleOfFigures(title, hint))],
    labels.map((each) =>
      h(
        "tr",
        {},
        h("th", { scope: "row", class: "wrap" }, each.label),
        h("td", { class: each.positive ? "end" : "end negative-text" }, count(each.positive)),
        h("td", { class: each.negative ? "end" : "end negative-text" }, count(each.negative)),
        h("td", { class: "end muted" }, count(each.left_out)),
      ),
    ),
  );
}

/** @param {any[]} labels with `with_review` and `without_review` */
function differenceTable(labels) {
  const none = { positive: 0, negative: 0, left_out: 0 };
  const titles = TITLES.slice(0, 2).flatMap(([title, hint]) => [
    titleOfFigures(title, `${hint}, by the label files alone`),
    titleOfFigures("with verdicts", `${hint}, with your verdicts`),
  ]);
  return wideTable(
    [titleOfWords("Label"), ...titles],
    labels.map((each) => {
      const before = each.without_review ?? none;
      const after = each.with_review ?? before;
      return h(
        "tr",
        {},
        h("th", { scope: "row", class: "wrap" }, each.label),
        ["positive", "negative"].flatMap((name) => [
          h("td", { class: "end muted" }, count(before[name])),
          h(
            "td",
            { class: "end" },
            `${count(after[name])} `,
            h("span", { class: "change" }, `(${signed(after[name] - before[name])})`),
          ),
        ]),
      );
    }),
  );
}
