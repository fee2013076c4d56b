// @ts-check
/** What somebody sees who has nothing yet: the demo, or how to open a folder. */

import { h } from "../dom.js";
import { hasEnded, lastJob, startJob } from "../jobs.js";
import { button } from "../keys.js";
import { attempt, tell } from "../messages.js";
import { store } from "../store.js";

/** @returns {{element: HTMLElement, draw(): void}} */
export function nothingYet() {
  const demo = button("Use the demo's recordings", "M", () => attempt(() => startJob({ kind: "demo" })), {
    className: "primary",
    title: "Make a few short recordings with two made-up sounds and a label file, in this session's folder",
    group: "Data",
  });
  const state = h("p", { class: "hint", role: "status" });
  const element = h(
    "div",
    { class: "first-minute" },
    h("h2", {}, "Find a sound in hours of recordings"),
    h(
      "p",
      { class: "muted" },
      "Show a few examples of the sound. A detector learns it, finds it in the other recordings, and you judge what was found. Each verdict makes the next detector better.",
    ),
    h(
      "div",
      { class: "two-ways" },
      h(
        "section",
        { class: "card" },
        h("h3", {}, "Try it"),
        h(
          "p",
          { class: "muted" },
          "A few short recordings with labels are made for you. It takes seconds, and nothing is downloaded.",
        ),
        h("div", { class: "buttons" }, demo),
        state,
      ),
      h(
        "section",
        { class: "card" },
        h("h3", {}, "Use your recordings"),
        h(
          "p",
          { class: "muted" },
          "Name files or folders when you start the program, sound or video, of any length. They stay where they are. Press Ctrl-C where it runs, then:",
        ),
        commandLine("audioscan-host ui FOLDER"),
        h("p", { class: "muted" }, "With labels that you have already (Audacity, Raven, CSV and others):"),
        commandLine("audioscan-host ui FOLDER --labels LABELS.csv"),
      ),
    ),
  );
  function draw() {
    const job = lastJob("demo");
    const isRunning = Boolean(job && !hasEnded(job));
    demo.disabled = isRunning;
    /** @type {HTMLElement} */ (demo.closest("section")).hidden = !store.state.demo && !isRunning;
    state.textContent = isRunning
      ? "Making the recordings …"
      : job?.state === "failed"
        ? `It failed: ${job.problem}`
        : "";
  }
  store.subscribe("jobs", draw);
  return { element, draw };
}

/**
 * A line for the terminal, and a button that copies it.
 *
 * @param {string} line
 * @returns {HTMLElement}
 */
export function commandLine(line) {
  const copy = async () => {
    await navigator.clipboard.writeText(line);
    tell("Copied.", "done");
  };
  return h(
    "div",
    { class: "command-line" },
    h("code", {}, line),
    navigator.clipboard
      ? h("button", { class: "plain small", title: "Copy this line", onclick: () => attempt(copy) }, "Copy")
      : null,
  );
}
