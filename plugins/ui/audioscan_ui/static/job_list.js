// @ts-check
/** The jobs of the session as a list, and what is told of each in one line. */

import { h } from "./dom.js";
import { count, counted, span } from "./format.js";
import { cancelJob, currentWork, hasEnded, startJob } from "./jobs.js";
import { attempt } from "./messages.js";

/** @typedef {import("./facts.js").JobFacts} JobFacts */

const STATES = { waiting: "waiting", running: "running", done: "done", failed: "failed", cancelled: "stopped" };
const MOST_LISTED = 30;

/** @returns {{element: HTMLElement, show(jobs: JobFacts[]): void}} the newest on top */
export function jobList() {
  const element = h("div", { class: "job-list", hidden: true, role: "list", "aria-label": "Jobs" });
  /** @type {Map<number, {job: JobFacts, element: HTMLElement}>} */
  const made = new Map();
  return {
    element,
    show(jobs) {
      const rows = jobs
        .slice(-MOST_LISTED)
        .reverse()
        .map((job) => rowOf(made, job));
      for (const child of [...element.children]) if (!rows.includes(/** @type {HTMLElement} */ (child))) child.remove();
      rows.forEach((row, index) => {
        if (element.children[index] !== row) element.insertBefore(row, element.children[index] ?? null);
      });
    },
  };
}

/**
 * The row of a job; where nothing has changed the one that is there, so that the focus and opened notes stay.
 *
 * @param {Map<number, {job: JobFacts, element: HTMLElement}>} made
 * @param {JobFacts} job
 */
function rowOf(made, job) {
  const known = made.get(job.number);
  if (known?.job === job) return known.element;
  const canGoOn = job.state === "cancelled" || job.state === "failed";
  const sentence = sentenceOf(job);
  const element = h(
    "div",
    { class: "job-row", role: "listitem", "data-state": job.state },
    h("span", { class: "job-state" }, STATES[job.state]),
    h("span", { class: "job-title", title: job.title }, job.title),
    job.notes.length
      ? h("details", { class: "job-works" }, h("summary", {}, sentence), notesOf(job.notes))
      : h("span", { class: "job-works", title: sentence }, sentence),
    canGoOn && h("button", { class: "small", title: "Start it again", onclick: () => goOn(job) }, "Go on"),
    !hasEnded(job) && h("button", { class: "small", title: "Stop it", onclick: () => stop(job) }, "Cancel"),
  );
  made.set(job.number, { job, element });
  return element;
}

/** @param {string[]} notes */
function notesOf(notes) {
  return h(
    "ul",
    { class: "notes" },
    notes.map((note) => h("li", {}, note)),
  );
}

/**
 * How far it is, or how it ended, as one line.
 *
 * @param {JobFacts} job
 * @returns {string}
 */
export function sentenceOf(job) {
  if (job.state === "failed") return job.problem ?? "failed";
  if (job.state === "cancelled") return "stopped; what was finished is kept";
  if (job.state === "waiting") return "waits for the job before it";
  if (job.state === "done") {
    const took = job.started && job.ended ? ` in ${span(job.ended - job.started)}` : "";
    return `done${took}${job.notes.length ? `, ${counted(job.notes.length, "note")}` : ""}`;
  }
  const work = currentWork(job);
  if (!work) return "starting";
  const parts = [work.what];
  if (work.total !== null) parts.push(`${amount(work.done)} of ${amount(work.total)} ${work.unit}`);
  else if (work.done) parts.push(`${amount(work.done)} ${work.unit}`);
  if (work.rate) parts.push(`${amount(work.rate)} ${work.unit}/s`);
  if (work.seconds_left !== null && work.total !== null) parts.push(`${span(work.seconds_left)} left`);
  return parts.join(" · ");
}

/** @param {number} number */
function amount(number) {
  return number >= 10 || Number.isInteger(number) ? count(number) : number.toFixed(1);
}

/** @param {JobFacts} job */
export function goOn(job) {
  return attempt(() => startJob(job.request));
}

/** @param {JobFacts} job */
export function stop(job) {
  return attempt(() => cancelJob(job.number));
}
