// @ts-check
/** The strip at the foot of the page: what the server is working at, how far it is, and how to stop it. */

import { h, say } from "./dom.js";
import { counted } from "./format.js";
import { goOn, jobList, sentenceOf, stop } from "./job_list.js";
import { button } from "./keys.js";
import { hasEnded, shareDone } from "./jobs.js";
import { store } from "./store.js";

/** @typedef {import("./facts.js").JobFacts} JobFacts */

const QUIET = new Set(["counts"]); // too short to be told of

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
  for (const each of [action, others])
    say(/** @type {Element} */ (each.lastElementChild), `⇧${each === action ? "C" : "J"}`);
  const rows = jobList();
  const list = rows.element;
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
      say(
        title,
        `The server does not answer. If it has ended, start it again and open the address that it prints: ${again}`,
      );
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
    if (!list.hidden) rows.show(jobs);
  }

  store.subscribe(["jobs", "connected"], draw);
  draw();
  return strip;
}
