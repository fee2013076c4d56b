// @ts-check
/** Puts the page together: the bar on top, the views, the job strip, and what keeps them up to date. */

import { fill, h, say } from "./dom.js";
import { heardJob } from "./jobs.js";
import { journal, redo, undo } from "./journal.js";
import { jobStrip } from "./job_strip.js";
import { sheetButton } from "./key_sheet.js";
import { button } from "./keys.js";
import { messages, tell } from "./messages.js";
import { getJson, listen } from "./server.js";
import { store } from "./store.js";
import { show, tabs } from "./tabs.js";

const PAUSE_OF_STATE = 300; // milliseconds between two fetches of the state, which may change in bursts

let refreshing = false;
let again = false;

/** Fetch the state; calls while it is being fetched make one more fetch. */
async function refresh() {
  if (refreshing) {
    again = true;
    return;
  }
  refreshing = true;
  try {
    journal.rebase(await getJson("api/state"));
  } finally {
    await new Promise((resolve) => setTimeout(resolve, PAUSE_OF_STATE));
    refreshing = false;
    if (again) {
      again = false;
      refreshAndTell();
    }
  }
}

function refreshAndTell() {
  refresh().catch((problem) => tell(problem.message, "problem"));
}

/** @param {any} event */
function heard(event) {
  if (event.kind === "change") journal.heard(event);
  else if (event.kind === "job") heardJob(event.job);
  else if (event.kind === "state") refreshAndTell();
}

function topBar(/** @type {HTMLElement} */ tabBar) {
  const name = h("span", { class: "session-name" });
  const saved = h("span", { class: "saved", role: "status", "aria-live": "polite" });
  const back = button("Undo", "Ctrl+Z", undo, { title: "Take the last verdict back", className: "plain small" });
  const forth = button("Redo", "Ctrl+Shift+Z", redo, { title: "Do it again", className: "plain small" });
  const keys = sheetButton();
  keys.classList.add("plain", "small");
  const words = {
    saved: ["✓ Saved", "Everything is in the session's folder."],
    saving: ["Saving …", "On its way to the session's folder."],
    "not saved": ["Not saved", "The server does not answer. It is sent again until it is saved; leave the page open."],
  };
  const draw = () => {
    say(name, store.state.name);
    name.title = store.state.folder;
    const [text, hint] = words[store.saving];
    say(saved, text);
    saved.title = hint;
    saved.dataset.state = store.saving;
    back.disabled = !store.depth.undo;
    forth.disabled = !store.depth.redo;
  };
  store.subscribe(["state", "saving", "depth"], draw);
  draw();
  return h("header", { class: "top" }, name, tabBar, h("span", { class: "grow" }), back, forth, keys, saved);
}

async function begin() {
  const { bar, panels } = tabs();
  journal.refresh = refreshAndTell;
  try {
    journal.rebase(await getJson("api/state"));
  } catch (problem) {
    fill(document.body, h("p", { class: "empty" }, problem instanceof Error ? problem.message : String(problem)));
    return;
  }
  document.title = `${store.state.name} – review`;
  fill(document.body, topBar(bar), panels, messages(), jobStrip());
  listen(heard, (connected) => connected !== store.connected && store.update({ connected }));
  window.addEventListener("pagehide", () => journal.flush());
  window.addEventListener("beforeunload", (event) => {
    journal.flush();
    if (store.saving === "not saved") event.preventDefault();
  });
  await show(store.setting("tab", "data"));
}

begin();
