// @ts-check
/** The strip at the foot of the page: what the server is working at, how far it is, and how to stop it. */

import { fill, h, say } from "./dom.js";
import { count, counted, span } from "./format.js";
import { button } from "./keys.js";
import { cancelJob, currentWork, hasEnded, shareDone, startJob } from "./jobs.js";
import { attempt } from "./messages.js";
import { store } from "./store.js";

/** @typedef {import("./facts.js").JobFacts} JobFacts */

const QUIET = new Set(["counts"]); // too short to be told of
const STATES = { waiting: "waiting", running: "running", done: "done", failed: "failed", cancelled: "stopped" };
const MOST_LISTED = 30;

/**
 * @returns {HTMLElement}
 */
export function jobStrip() {
  const title = h("span", { class: "job-title" });
  const works = h("span", { class: "job-works" });
  const bar = h("progress", { class: "job-bar", max: "1", "aria-label": "Share done" });
  const action = button("Cancel", "Shift+C", act, { className: "small", group: "Jobs" });
  const others = button("Jobs", "Shift+J", unfold, { className: "plain small", title: "List all jobs", group: "Jobs" });
  others.setAttribute("aria-expanded", "false");
  const list = h("div", { class: "job-list", hidden: true, role: "list", "aria-label": "Jobs" });
  const line = h("div", { class: "job-line" }, title, bar, works, h("span", { class: "grow" }), action, others);
  const strip = h("footer", { class: "job-strip", "aria-label": "Jobs" }, list, line);
  /** @type {JobFacts | null} */
  let shown = null;

  function act() {
    if (shown) (hasEnded(shown) ? goOn : stop)(shown);
  }
  function unfold() {
    list.hidden = !list.hidden;
    others.setAttribute("aria-expanded", String(!list.hidden));
    draw();
  }
  strip.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || list.hidden) return;
    event.stopPropagation();
    unfold();
    others.focus();
  });

  function draw() {
    const jobs = store.jobs.filter((job) => !QUIET.has(job.kind));
    shown =
      jobs.find((job) => job.state === "running") ?? jobs.find((job) => job.state === "waiting") ?? jobs.at(-1) ?? null;
    strip.dataset.state = shown?.state ?? "none";
    strip.classList.toggle("disconnected", !store.connected);
    if (!store.connected) {
      const again = `audioscan-host ui --port ${location.port} --session ${store.state.folder}`;
      say(title, `The server does not answer. If it has ended, start it again: ${again}`);
    } else {
      say(title, shown ? shown.title : "Nothing is running.");
    }
    say(works, shown && store.connected ? sentenceOf(shown) : "");
    works.title = works.textContent ?? "";
    const share = shown && !hasEnded(shown) ? shareDone(shown) : null;
    bar.hidden = !shown || hasEnded(shown);
    if (share === null) bar.removeAttribute("value");
    else bar.value = share;
    const canGoOn = shown && (shown.state === "cancelled" || shown.state === "failed");
    action.hidden = !shown || (hasEnded(shown) && !canGoOn);
    say(/** @type {Element} */ (action.firstElementChild), canGoOn ? "Go on" : "Cancel");
    action.title = `${canGoOn ? "Start it again" : "Stop it"}; what was finished is kept (key: Shift+C)`;
    others.hidden = !jobs.length;
    say(/** @type {Element} */ (others.firstElementChild), `${counted(jobs.length, "job")} ${list.hidden ? "▴" : "▾"}`);
    if (!list.hidden) fill(list, ...jobs.slice(-MOST_LISTED).reverse().map(row));
  }

  store.subscribe(["jobs", "connected"], draw);
  draw();
  return strip;
}

/** @param {JobFacts} job */
function row(job) {
  const canGoOn = job.state === "cancelled" || job.state === "failed";
  return h(
    "div",
    { class: "job-row", role: "listitem", "data-state": job.state },
    h("span", { class: "job-state" }, STATES[job.state]),
    h("span", { class: "job-title" }, job.title),
    h("span", { class: "job-works", title: sentenceOf(job) }, sentenceOf(job)),
    canGoOn && h("button", { class: "small", title: "Start it again", onclick: () => goOn(job) }, "Go on"),
    !hasEnded(job) && h("button", { class: "small", title: "Stop it", onclick: () => stop(job) }, "Cancel"),
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
function goOn(job) {
  return attempt(() => startJob(job.request));
}

/** @param {JobFacts} job */
function stop(job) {
  return attempt(() => cancelJob(job.number));
}
