// @ts-check
/** Retrain: what the verdicts add, a new detector from them, what it gains and loses, and whether it is kept. */

import { fill, h, say } from "../dom.js";
import { counted } from "../format.js";
import { finished, hasEnded, lastJob, startJob } from "../jobs.js";
import { button } from "../keys.js";
import { attempt } from "../messages.js";
import { store } from "../store.js";
import { show } from "../tabs.js";
import { beforeAfter } from "./before_after.js";
import { detectorInUse, retrainRequest, usableDetectors } from "./retraining.js";
import { windowCounts } from "./window_counts.js";

/** @param {HTMLElement} container */
export function view(container) {
  const from = h("select", {
    id: "retrain-from",
    title: "The detector whose model, labels and settings are taken",
    onchange: () => store.keep("detector", Number(from.value)),
  });
  const counts = windowCounts({
    request: () => {
      const base = detectorInUse();
      return base ? retrainRequest(base) : {};
    },
    why: () => (detectorInUse() ? "" : "Train a detector first."),
    difference: true,
  });
  const comparison = beforeAfter();
  const told = h("p", { class: "muted" });
  const hint = h("p", { class: "hint", role: "status" });
  const run = button("Train again and scan", "T", () => attempt(retrain), {
    title: "Learn a new detector with your verdicts, then scan with it, so that both can be compared",
    className: "primary",
    group: "Retrain",
  });
  const first = button("Train a detector", "Enter", () => show("train"), { className: "primary", group: "Retrain" });
  const empty = h(
    "div",
    { class: "empty stack" },
    h(
      "p",
      {},
      "Train a detector first; then judge what it finds in Review. What you accept and reject is learnt here.",
    ),
    h("div", {}, first),
  );
  const page = h(
    "div",
    { class: "page retrain-page" },
    h(
      "section",
      { class: "card stack" },
      h("h2", {}, "What your verdicts add"),
      told,
      h("div", { class: "field" }, h("label", { class: "field-name", for: from.id }, "Start from"), from),
      counts.element,
      h("div", { class: "buttons" }, run, hint),
    ),
    comparison.element,
  );
  fill(container, empty, page);
  let isShown = false;

  function draw() {
    if (!isShown) return;
    const detectors = usableDetectors();
    const base = detectorInUse();
    empty.hidden = Boolean(base);
    page.hidden = !base;
    if (!base) return;
    fill(
      from,
      detectors.map((each) =>
        h(
          "option",
          { value: each.number, selected: each.number === base.number },
          `${each.name} · ${each.model} · ${each.labels.join(", ")}`,
        ),
      ),
    );
    const roles = { positive: 0, absent: 0, soft: 0 };
    for (const verdict of store.verdicts.values()) roles[verdict.role] += 1;
    say(
      told,
      store.verdicts.size
        ? `${counted(store.verdicts.size, "verdict")}: ${roles.positive} of the sound, ${roles.absent} that it is not there, ${roles.soft} unsure.`
        : "There are no verdicts yet: judge some regions in Review first.",
    );
    comparison.draw();
    drawButton();
  }
  function drawButton() {
    const running = lastJob("train", (job) => !hasEnded(job));
    const last = lastJob("train");
    run.disabled = Boolean(running) || !store.verdicts.size;
    say(
      hint,
      running
        ? "Training; see the strip below."
        : last?.state === "failed"
          ? `The last training failed: ${last.problem}`
          : "",
    );
  }
  store.subscribe(["state", "settings", "verdicts"], draw);
  store.subscribe("jobs", () => isShown && drawButton());
  return {
    shown() {
      isShown = true;
      counts.shown();
      comparison.shown();
      draw();
    },
    hidden() {
      isShown = false;
      counts.hidden();
    },
  };
}

/** Train from the detector in use, then scan with the new one; the page need not stay on this view. */
async function retrain() {
  const base = detectorInUse();
  if (!base) return;
  const job = await finished((await startJob({ ...retrainRequest(base), kind: "train" })).number);
  if (job.state !== "done") return;
  const { detector } = job.result;
  store.keep("comparison", { before: base.number, after: detector });
  for (const number of [base.number, detector]) {
    const scanned = store.detector(number)?.scanned ?? 0;
    if (number === detector || !scanned)
      await startJob({ kind: "scan", detector: number, recordings: "all", rate: null });
  }
}
