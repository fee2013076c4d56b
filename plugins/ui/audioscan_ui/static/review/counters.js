// @ts-check
/** How far the review is, and how precise the detector was so far. */

import { fill, h, say } from "../dom.js";
import { count } from "../format.js";
import { countVerdicts } from "./precision.js";

/** @param {import("./model.js").ReviewModel} model */
export function counters(model) {
  const parts = /** @type {const} */ (["accepted", "rejected", "unsure", "todo"]);
  const words = { accepted: "accepted", rejected: "rejected", unsure: "unsure", todo: "to do" };
  const bars = parts.map((part) => h("span", { class: `bar ${part}` }));
  const numbers = parts.map((part) => h("b", { class: `number ${part}` }));
  const labels = parts.map((part, i) => h("span", { class: "count" }, numbers[i], ` ${words[part]}`));
  const precision = h("span", { class: "precision" });
  const element = h(
    "section",
    { class: "counters", "aria-label": "How far the review is" },
    h("div", { class: "bars", "aria-hidden": "true" }, bars),
    h("div", { class: "counts" }, labels),
    precision,
  );
  let asked = false;

  function draw() {
    asked = false;
    const label = model.filters.label;
    const rows = label ? model.rows.filter((row) => row.label === label) : model.rows;
    const counts = countVerdicts(rows);
    element.hidden = !counts.total;
    parts.forEach((part, i) => {
      say(numbers[i], count(counts[part]));
      bars[i].style.setProperty("flex-grow", String(counts[part]));
    });
    precision.hidden = model.order === "suggest" || !model.detector;
    const share = counts.precision;
    if (!share) {
      fill(precision, h("span", { class: "muted" }, "Precision: no found region is judged yet"));
      return;
    }
    const of = label ? ` of ${label}` : "";
    say(precision, `Precision${of} ${share.value.toFixed(2)} (${share.low.toFixed(2)} to ${share.high.toFixed(2)})`);
    precision.title = "Accepted among the accepted and rejected regions that are found now, with the 95 % interval by Wilson. It holds for all regions only where all were judged, in the order “Mixed” too: what holds before that are the lines for parts of the scores in Results.";
  }

  model.subscribe(() => {
    if (!asked) requestAnimationFrame(draw);
    asked = true;
  });
  return { element };
}
