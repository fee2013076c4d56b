// @ts-check
/** Results: what was judged as files for other programs, clips, and how often the detector was right. */

import { fill, h } from "../dom.js";
import { store } from "../store.js";
import { clipCutter } from "./clip_cutter.js";
import { exportList } from "./export_list.js";
import { precisionTable } from "./precision_table.js";

/** @param {HTMLElement} container */
export function view(container) {
  const files = exportList();
  const clips = clipCutter();
  const precision = precisionTable();
  fill(
    container,
    h(
      "div",
      { class: "page results-page" },
      h("div", { class: "stack column" }, files.element, clips.element),
      precision.element,
    ),
  );
  let isShown = false;
  let timer = 0;
  const draw = () => {
    if (!isShown) return;
    files.draw();
    clips.draw();
  };
  store.subscribe(["state", "settings", "verdicts"], draw);
  store.subscribe("verdicts", () => {
    clearTimeout(timer);
    if (isShown) timer = setTimeout(precision.load, 500);
  });
  return {
    shown() {
      isShown = true;
      draw();
      precision.load();
    },
    hidden() {
      isShown = false;
    },
  };
}
