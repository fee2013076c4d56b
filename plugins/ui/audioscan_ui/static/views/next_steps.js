// @ts-check
/** How far the session is, from recordings to a better detector, and which step comes next. */

import { fill, h, say, whenNew } from "../dom.js";
import { counted } from "../format.js";
import { hasEnded, lastJob, startJob } from "../jobs.js";
import { button } from "../keys.js";
import { attempt } from "../messages.js";
import { store } from "../store.js";
import { show } from "../tabs.js";

/** @typedef {{title: string, sentence: string, done: boolean, action: string, key: string, go: () => void}} Step */

/** @returns {{element: HTMLElement, draw(): void}} */
export function nextSteps() {
  const list = h("ol", { class: "steps" });
  const element = h("section", { class: "card" }, h("h2", {}, "What comes next"), list);
  let go = () => {};
  const first = button("", "Enter", () => go(), {
    title: "Do the next step",
    className: "primary small",
    group: "Data",
  });
  const draw = whenNew(steps, () => {
    const all = steps();
    const next = all.findIndex((step) => !step.done);
    if (next >= 0) {
      go = all[next].go;
      say(/** @type {Element} */ (first.firstElementChild), all[next].action);
      first.title = `${all[next].title} (key: Enter)`;
    }
    fill(
      list,
      all.map((step, index) =>
        h(
          "li",
          {
            class: `step ${step.done ? "done" : index === next ? "next" : ""}`,
            "aria-current": index === next ? "step" : null,
          },
          h("span", { class: "step-mark", "aria-hidden": "true" }, step.done ? "✓" : String(index + 1)),
          h("div", {}, h("h3", {}, step.title), h("p", { class: "muted" }, step.sentence)),
          index === next ? first : step.done && again(step),
        ),
      ),
    );
  });
  store.subscribe("jobs", draw);
  return { element, draw };
}

/** @param {Step} step that is done, and may be done again */
function again(step) {
  return h(
    "button",
    { class: "small", title: step.key ? `${step.title} (key: ${step.key})` : step.title, onclick: step.go },
    step.action,
    step.key && h("kbd", { "aria-hidden": "true" }, step.key.replace("Shift+", "⇧")),
  );
}

/** @returns {Step[]} */
function steps() {
  const { recordings, label_files, detectors } = store.state;
  const verdicts = store.verdicts.size;
  const positive = label_files.reduce((sum, file) => sum + (file.counts.positive ?? 0), 0);
  const usable = detectors.filter((each) => !each.dropped && !each.problem);
  const detector = usable.find((each) => each.number === store.setting("detector", null)) ?? usable.at(-1);
  const toScan = recordings.filter((each) => !each.problem).length;
  const scanning = lastJob("scan", (job) => !hasEnded(job));
  const scanned = detector?.scanned ?? 0;
  return [
    {
      title: "Label the sound",
      sentence: positive
        ? `${counted(positive, "example")} in ${counted(label_files.length, "label file")}.`
        : verdicts
          ? `${counted(verdicts, "span")} judged or drawn here.`
          : "There are no examples yet. Mark some in Review: play, press D where the sound is.",
      done: positive > 0 || verdicts > 0,
      action: "Label",
      key: "Shift+3",
      go: () => show("review"),
    },
    {
      title: "Train a detector",
      sentence: detector
        ? `${detector.name} knows ${detector.labels.join(", ")}.`
        : "Choose a model and the sounds to learn.",
      done: Boolean(detector),
      action: "Train",
      key: "Shift+2",
      go: () => show("train"),
    },
    {
      title: "Scan the recordings",
      sentence: scanning
        ? "The scan is running."
        : detector
          ? `${Math.min(scanned, toScan)} of ${counted(toScan, "recording")} scanned by ${detector.name}.`
          : "The detector looks for the sound in all recordings.",
      done: Boolean(detector) && scanned >= toScan,
      action: "Scan",
      key: "",
      go: () => {
        if (detector)
          attempt(() => startJob({ kind: "scan", detector: detector.number, recordings: "all", rate: null }));
        else show("train");
      },
    },
    {
      title: "Review what was found",
      sentence: verdicts ? `${counted(verdicts, "verdict")} so far.` : "Listen and accept or reject: one key each.",
      done: verdicts > 0 && scanned > 0,
      action: "Review",
      key: "Shift+3",
      go: () => show("review"),
    },
    {
      title: "Train again with your verdicts",
      sentence: "What you accepted and rejected is learnt, and you see what gets better.",
      done: Boolean(detector?.made_by?.review),
      action: "Retrain",
      key: "Shift+4",
      go: () => show("retrain"),
    },
  ];
}
