// @ts-check
/** The list of rows: only those in sight are in the document, however many there are. */

import { h, say } from "../dom.js";
import { clock } from "../format.js";
import { store } from "../store.js";
import { colourOf, signOf, wordOf } from "./row_words.js";

/** @typedef {import("./rows.js").Row} Row */

const ROW = 28; // pixels; the height of a row in review.css
const BEYOND = 8; // rows above and below what is in sight

/**
 * @param {import("./model.js").ReviewModel} model
 * @param {{onSelect: (row: Row) => void}} handlers
 */
export function regionList(model, { onSelect }) {
  const body = h("div", { class: "rows" });
  const list = h("div", { class: "region-list", role: "listbox", tabindex: "0", "aria-label": "Regions" }, body);
  /** @type {ReturnType<typeof oneRow>[]} */
  const pool = [];
  /** @type {Row[]|null} the rows and the selection that the list was last scrolled to */
  let scrolledFor = null;
  /** @type {string} */
  let scrolledTo = "";
  let asked = false;

  const ask = () => {
    if (!asked) requestAnimationFrame(draw);
    asked = true;
  };

  function draw() {
    asked = false;
    if (!list.isConnected || !list.clientHeight) return;
    keepInSight();
    const { shown } = model;
    body.style.setProperty("height", `${shown.length * ROW}px`);
    const first = Math.max(0, Math.floor(list.scrollTop / ROW) - BEYOND);
    const after = Math.min(shown.length, Math.ceil((list.scrollTop + list.clientHeight) / ROW) + BEYOND);
    while (pool.length < after - first) pool.push(added(oneRow(model, pool.length)));
    pool.forEach((made, i) => made.show(first + i < after ? first + i : -1));
    const active = pool.find(({ isSelected }) => isSelected());
    if (active) list.setAttribute("aria-activedescendant", active.element.id);
    else list.removeAttribute("aria-activedescendant");
  }

  /** @param {ReturnType<typeof oneRow>} made */
  function added(made) {
    body.append(made.element);
    return made;
  }

  /** Scroll to the selected row when it was selected or has moved, but not against the reader's own scrolling. */
  function keepInSight() {
    const { selected, shown } = model;
    const at = selected ? shown.indexOf(selected) : -1;
    const now = `${at} ${selected?.start} ${selected?.label}`;
    if (shown === scrolledFor && now === scrolledTo) return;
    scrolledFor = shown;
    const isNew = now !== scrolledTo;
    scrolledTo = now;
    if (at < 0 || !isNew) return;
    const top = at * ROW;
    body.style.setProperty("height", `${shown.length * ROW}px`);
    if (top < list.scrollTop) list.scrollTop = Math.max(0, top - ROW);
    else if (top + ROW > list.scrollTop + list.clientHeight) list.scrollTop = top + 2 * ROW - list.clientHeight;
  }

  list.addEventListener("scroll", ask);
  list.addEventListener("click", (event) => {
    const row = /** @type {HTMLElement} */ (event.target).closest("[data-at]");
    const at = row instanceof HTMLElement ? Number(row.dataset.at) : -1;
    if (model.shown[at]) onSelect(model.shown[at]);
  });
  new ResizeObserver(ask).observe(list);
  model.subscribe(ask);
  return { element: list, draw: ask };
}

/**
 * A row of the document, which shows one after another of the list.
 *
 * @param {import("./model.js").ReviewModel} model
 * @param {number} number
 */
function oneRow(model, number) {
  const verdict = h("span", { class: "row-verdict" });
  const swatch = h("span", { class: "swatch" });
  const label = h("span", { class: "row-label" });
  const time = h("span", { class: "row-time" });
  const length = h("span", { class: "row-length" });
  const score = h("span", { class: "row-score" });
  const element = h("div", { class: "region-row", role: "option", id: `region-row-${number}` }, verdict, swatch, label, time, length, score);
  let selected = false;
  /** Whether the rows are of several recordings, which then are named. */
  const isOfAll = () => model.scope === "all" || model.order === "suggest";

  /** @param {number} at place in the list; -1 for none */
  function show(at) {
    const row = model.shown[at];
    element.hidden = !row;
    selected = row !== undefined && row === model.selected;
    if (!row) return;
    element.dataset.at = String(at);
    element.dataset.verdict = row.relabelled ? "relabelled" : (row.verdict ?? "todo");
    element.style.setProperty("transform", `translateY(${at * ROW}px)`);
    element.setAttribute("aria-selected", String(selected));
    element.setAttribute("aria-posinset", String(at + 1));
    element.setAttribute("aria-setsize", String(model.shown.length));
    swatch.style.setProperty("background", colourOf(row.labelIndex));
    const name = row.relabelled ? `${row.label} → ${row.relabelled}` : row.label;
    const recording = isOfAll() ? (store.recording(row.recording)?.name ?? "") : "";
    say(verdict, signOf(row));
    length.hidden = isOfAll();
    say(label, recording ? `${name} · ${recording}` : name);
    say(time, clock(row.start, 1));
    say(length, `${(row.end - row.start).toFixed(1)} s`);
    say(score, row.score === null ? (row.drawn ? "drawn" : "–") : row.score.toFixed(2));
    element.title = [wordOf(row), name, recording, row.why].filter(Boolean).join(" · ");
    verdict.setAttribute("aria-label", wordOf(row));
  }

  return { element, show, isSelected: () => selected };
}
