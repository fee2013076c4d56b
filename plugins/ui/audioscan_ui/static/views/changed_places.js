// @ts-check
/** The list of regions gained and lost; each opens in Review, where it can be judged. */

import { fill, h } from "../dom.js";
import { clock, counted } from "../format.js";
import { longTable } from "../long_table.js";
import { store } from "../store.js";
import { show as showTab } from "../tabs.js";

/** @typedef {import("./compared_scans.js").ChangedLabel} ChangedLabel */
/** @typedef {import("../region_changes.js").Place & {label: string, isGained: boolean}} ChangedPlace */

/** @returns {{element: HTMLElement, show(rows: ChangedLabel[] | null, pair?: {before: number, after: number}): void}} */
export function changedPlaces() {
  const which = h("select", {
    title: "Which regions are listed",
    "aria-label": "Which regions are listed",
    onchange: () => draw(),
  });
  fill(
    which,
    [
      ["all", "gained and lost"],
      ["gained", "gained"],
      ["lost", "lost"],
    ].map(([value, text]) => h("option", { value }, text)),
  );
  const heading = h("h3", {});
  let pair = { before: 0, after: 0 };
  const table = longTable(
    "Regions gained and lost",
    columns((place) => open(place, place.isGained ? pair.after : pair.before)),
  );
  table.element.classList.add("changed-places");
  const element = h("div", { class: "stack" }, h("div", { class: "buttons" }, heading, which), table.element);
  /** @type {ChangedPlace[]} */
  let places = [];

  function draw() {
    const shown = places.filter((place) => which.value === "all" || place.isGained === (which.value === "gained"));
    fill(heading, counted(shown.length, "region"));
    table.element.hidden = !shown.length;
    table.show(shown);
  }
  return {
    element,
    show(rows, next) {
      element.hidden = !rows;
      pair = next ?? pair;
      places = (rows ?? []).flatMap((row) => [
        ...row.gained.map((place) => ({ ...place, label: row.label, isGained: true })),
        ...row.lost.map((place) => ({ ...place, label: row.label, isGained: false })),
      ]);
      places.sort((one, other) => one.recording - other.recording || one.start - other.start);
      draw();
    },
  };
}

/**
 * @param {(place: ChangedPlace) => void} openPlace
 * @returns {import("../long_table.js").Column<ChangedPlace>[]}
 */
function columns(openPlace) {
  return [
    {
      title: "Change",
      width: "4.5rem",
      cell: (place) =>
        h(
          "span",
          { class: place.isGained ? "positive-text" : "negative-text" },
          place.isGained ? "+ gained" : "− lost",
        ),
    },
    {
      title: "Recording",
      width: "minmax(7rem, 2fr)",
      cell: (place) =>
        h(
          "button",
          { class: "link", title: "Look at it in Review", onclick: () => openPlace(place) },
          `${store.recording(place.recording)?.name ?? place.recording}`,
        ),
    },
    { title: "Start", width: "5.5rem", end: true, cell: (place) => clock(place.start, 1) },
    { title: "Length", width: "4rem", end: true, cell: (place) => `${(place.end - place.start).toFixed(1)} s` },
    { title: "Label", width: "minmax(5rem, 1fr)", cell: (place) => place.label },
    { title: "Score", width: "3.5rem", end: true, cell: (place) => place.score.toFixed(2) },
  ];
}

/** @param {ChangedPlace} place @param {number} detector the one that finds it */
function open({ recording, start, end, label }, detector) {
  store.keep("detector", detector);
  store.update({ selection: { recording, start, end, label } });
  showTab("review");
}
