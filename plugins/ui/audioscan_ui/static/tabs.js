// @ts-check
/** The views of the page, one at a time, each made when it is first shown. */

import { fill, h } from "./dom.js";
import { register } from "./keys.js";
import { store } from "./store.js";

/** @typedef {{shown(): void, hidden(): void}} View */
/** @typedef {{name: string, title: string, hint: string, load: () => Promise<{view: (container: HTMLElement) => View}>}} Tab */

/** @type {Tab[]} */
export const TABS = [
  { name: "data", title: "Data", hint: "Recordings and labels", load: () => import("./views/data.js") },
  { name: "train", title: "Train", hint: "Learn a detector from labels", load: () => import("./views/train.js") },
  { name: "review", title: "Review", hint: "Look, listen and judge", load: () => import("./views/review.js") },
  { name: "retrain", title: "Retrain", hint: "Learn from your verdicts", load: () => import("./views/retrain.js") },
  { name: "results", title: "Results", hint: "Labels, clips and tables", load: () => import("./views/results.js") },
];

/** @type {Map<string, {tab: Tab, button: HTMLElement, panel: HTMLElement, view: View | null}>} */
const made = new Map();

/**
 * @returns {{bar: HTMLElement, panels: HTMLElement}} the row of tabs, and where views are shown
 */
export function tabs() {
  const bar = h("div", { class: "tabs", role: "tablist", "aria-label": "Views" });
  const panels = h("main", { class: "panels" });
  TABS.forEach((tab, index) => {
    const key = `Shift+${index + 1}`;
    const button = h(
      "button",
      {
        class: "tab",
        role: "tab",
        id: `tab-${tab.name}`,
        title: `${tab.hint} (key: ${key})`,
        "aria-controls": `panel-${tab.name}`,
        "aria-keyshortcuts": key,
        onclick: () => show(tab.name),
      },
      tab.title,
      h("kbd", { "aria-hidden": "true" }, `⇧${index + 1}`),
    );
    const panel = h("section", {
      class: `panel ${tab.name}`,
      role: "tabpanel",
      id: `panel-${tab.name}`,
      "aria-labelledby": button.id,
      hidden: true,
    });
    register(key, `Show ${tab.title}`, () => show(tab.name), { group: "Views" });
    made.set(tab.name, { tab, button, panel, view: null });
    bar.append(button);
    panels.append(panel);
  });
  bar.addEventListener("keydown", moveAlong);
  return { bar, panels };
}

/**
 * @param {string} name of a tab
 */
export async function show(name) {
  const next = made.get(name) ?? made.get("data");
  if (!next || store.view === next.tab.name) return;
  const before = made.get(store.view);
  before?.view?.hidden();
  for (const { tab, button, panel } of made.values()) {
    const isShown = tab.name === next.tab.name;
    panel.hidden = !isShown;
    button.setAttribute("aria-selected", String(isShown));
    button.tabIndex = isShown ? 0 : -1;
  }
  store.update({ view: next.tab.name });
  store.keep("tab", next.tab.name);
  next.view ??= await make(next);
  if (store.view === next.tab.name) next.view?.shown();
}

/**
 * @param {{tab: Tab, panel: HTMLElement}} entry
 * @returns {Promise<View | null>}
 */
async function make({ tab, panel }) {
  try {
    return (await tab.load()).view(panel);
  } catch (problem) {
    console.error(problem);
    fill(panel, h("p", { class: "empty" }, `This view could not be shown: ${problem}. Reload the page to try again.`));
    return null;
  }
}

/** @param {KeyboardEvent} event */
function moveAlong(event) {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!step) return;
  const names = TABS.map((tab) => tab.name);
  const name = names[(names.indexOf(store.view) + step + names.length) % names.length];
  event.preventDefault();
  event.stopPropagation();
  show(name);
  made.get(name)?.button.focus();
}
