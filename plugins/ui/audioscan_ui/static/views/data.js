// @ts-check
/** Data: the recordings and label files of the session, what is missing, and what to do next. */

import { fill, h, say } from "../dom.js";
import { clock, count, counted, span } from "../format.js";
import { longTable } from "../long_table.js";
import { store } from "../store.js";
import { show } from "../tabs.js";
import { commandLine, nothingYet } from "./first_minute.js";
import { nextSteps } from "./next_steps.js";
import { labelFiles } from "./label_files.js";

/** @typedef {import("../facts.js").RecordingFacts} RecordingFacts */

/** @param {HTMLElement} container */
export function view(container) {
  const empty = nothingYet();
  const summary = h("p", { class: "muted" });
  const missing = h("ul", { class: "missing" });
  const table = longTable("Recordings", columns());
  const steps = nextSteps();
  const files = labelFiles();
  const more = h(
    "details",
    { class: "add-more" },
    h("summary", {}, "Add recordings or labels"),
    h("div", { class: "stack" }),
  );
  const page = h(
    "div",
    { class: "page data-page" },
    h(
      "section",
      { class: "card data-recordings" },
      h("div", { class: "card-head" }, h("h2", {}, "Recordings"), summary),
      missing,
      table.element,
    ),
    h("div", { class: "data-side" }, steps.element, files.element, h("section", { class: "card" }, more)),
  );
  fill(container, empty.element, page);
  let isShown = false;

  function draw() {
    if (!isShown) return;
    const { recordings, folder } = store.state;
    empty.element.hidden = recordings.length > 0;
    page.hidden = recordings.length === 0;
    empty.draw();
    if (!recordings.length) return;
    const known = recordings.filter((each) => each.duration !== null);
    const total = known.reduce((sum, each) => sum + (each.duration ?? 0), 0);
    const rest = recordings.filter((each) => each.duration === null && !each.problem).length;
    say(
      summary,
      `${count(recordings.length)} · ${span(total)} · ${count(judged())} of ${count(recordings.length)} reviewed${rest ? ` · ${counted(rest, "recording")} still being read` : ""}`,
    );
    const lacks = whatIsMissing(recordings);
    missing.hidden = !lacks.length;
    fill(
      missing,
      lacks.map((sentence) => h("li", {}, sentence)),
    );
    table.show(recordings);
    steps.draw();
    files.draw();
    fill(
      /** @type {Element} */ (more.lastElementChild),
      h(
        "p",
        { class: "hint" },
        "Files stay where they are. End the program with Ctrl-C and name the new ones; this session goes on:",
      ),
      commandLine(`audioscan-host ui NEW_FILES --labels LABELS.csv --session ${quoted(folder)}`),
    );
  }

  store.subscribe(["state", "settings"], draw);
  let frame = 0;
  store.subscribe("verdicts", () => {
    if (isShown) frame ||= requestAnimationFrame(() => ((frame = 0), draw()));
  });
  return {
    shown() {
      isShown = true;
      draw();
    },
    hidden() {
      isShown = false;
    },
  };
}

/** @returns {import("../long_table.js").Column<RecordingFacts>[]} */
function columns() {
  return [
    { title: "Recording", width: "minmax(9rem, 3fr)", cell: nameOf },
    {
      title: "Length",
      width: "4.5rem",
      end: true,
      cell: (each) => (each.duration === null ? "…" : clock(each.duration)),
    },
    {
      title: "Labels",
      width: "3.5rem",
      end: true,
      hint: "Labels of this recording in the label files",
      cell: (each) => (each.annotated === null ? "…" : each.annotated ? count(each.annotated) : "–"),
    },
    {
      title: "Verdicts",
      width: "4rem",
      end: true,
      hint: "Verdicts given here",
      cell: (each) => String(reviewed(each) || "–"),
    },
    {
      title: "Embedded by",
      width: "minmax(6.5rem, 1fr)",
      hint: "Models whose embeddings are in the cache: training and scanning with them is quick",
      cell: (each) =>
        each.problem
          ? h("span", { class: "negative-text", title: each.problem }, each.problem)
          : each.embedded.join(", ") || "–",
    },
  ];
}

/** @param {RecordingFacts} recording */
function nameOf(recording) {
  if (recording.problem) return recording.name;
  return h(
    "button",
    {
      class: "link",
      title: `${recording.name}: open in Review`,
      onclick: () => {
        store.update({ selection: { recording: recording.number } });
        show("review");
      },
    },
    recording.name,
  );
}

/** @returns {number} recordings with a verdict */
function judged() {
  return new Set([...store.verdicts.values()].map((verdict) => verdict.recording)).size;
}

/** @param {RecordingFacts} recording */
function reviewed(recording) {
  let sum = 0;
  for (const verdict of store.verdicts.values()) if (verdict.recording === recording.number) sum += 1;
  return sum;
}

/**
 * @param {RecordingFacts[]} recordings
 * @returns {string[]} sentences
 */
function whatIsMissing(recordings) {
  const sentences = [];
  const unread = recordings.filter((each) => each.problem);
  if (unread.length === 1) sentences.push(`${unread[0].name} cannot be used: ${unread[0].problem}.`);
  else if (unread.length)
    sentences.push(`${counted(unread.length, "recording")} cannot be used; the reason stands in the row.`);
  const labelled = store.state.label_files.some((file) => Object.keys(file.counts).length);
  const isCounted = recordings.every((each) => each.annotated !== null || each.problem);
  if (labelled && isCounted && recordings.every((each) => !each.annotated)) {
    sentences.push(
      "No label belongs to any of these recordings: the names of files in the label files must be those of the recordings.",
    );
  }
  return sentences;
}

/** @param {string} path */
function quoted(path) {
  return /^[\w./-]+$/.test(path) ? path : `"${path}"`;
}
