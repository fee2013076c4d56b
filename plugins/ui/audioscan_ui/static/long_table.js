// @ts-check
/** A table whose rows exist only while they are in sight, so that thousands cost no more than a screenful. */

import { fill, h } from "./dom.js";

const BEYOND = 6; // rows made above and below what is seen, so that scrolling shows no gap

/**
 * @template Row
 * @typedef {object} Column
 * @property {string} title
 * @property {string} width a track of a CSS grid
 * @property {boolean} [end] whether it is set to the right, as numbers are
 * @property {string} [hint] a tooltip of the title
 * @property {(row: Row) => import("./dom.js").Child} cell
 */

/**
 * @template Row
 * @param {string} label what the table holds, for screen readers
 * @param {Column<Row>[]} columns
 * @returns {{element: HTMLElement, show(rows: Row[]): void}}
 */
export function longTable(label, columns) {
  const head = h(
    "div",
    { class: "long-row head", role: "row" },
    columns.map((column) =>
      h("span", { role: "columnheader", class: column.end && "end", title: column.hint }, column.title),
    ),
  );
  const body = h("div", { class: "long-body", role: "rowgroup" });
  const element = h("div", { class: "long-table", role: "table", "aria-label": label, tabindex: "0" }, head, body);
  const tracks = columns.map((column) => column.width).join(" ");
  head.style.setProperty("grid-template-columns", tracks);
  /** @type {Row[]} */
  let rows = [];
  let frame = 0;

  function draw() {
    frame = 0;
    const height = head.offsetHeight;
    if (!height) return; // hidden; drawn when it is shown
    body.style.setProperty("height", `${rows.length * height}px`);
    const first = Math.max(0, Math.floor(element.scrollTop / height) - BEYOND);
    const after = Math.min(rows.length, Math.ceil((element.scrollTop + element.clientHeight) / height) + BEYOND);
    const made = [];
    for (let index = first; index < after; index++) {
      const row = h(
        "div",
        { class: "long-row", role: "row", "aria-rowindex": index + 2 },
        columns.map((column) => {
          const content = column.cell(rows[index]);
          const title = typeof content === "string" ? content : null;
          return h("span", { role: "cell", class: column.end && "end", title }, content);
        }),
      );
      row.style.setProperty("grid-template-columns", tracks);
      row.style.setProperty("top", `${index * height}px`);
      made.push(row);
    }
    const focused = body.contains(document.activeElement) ? document.activeElement?.textContent : null;
    fill(body, made);
    if (focused) refocus(body, focused);
  }

  const drawSoon = () => {
    frame ||= requestAnimationFrame(draw);
  };
  element.addEventListener("scroll", drawSoon, { passive: true });
  new ResizeObserver(drawSoon).observe(element);
  return {
    element,
    show(next) {
      rows = next;
      element.setAttribute("aria-rowcount", String(rows.length + 1));
      drawSoon();
    },
  };
}

/**
 * Give the focus to the button that stands for the one that was replaced.
 *
 * @param {HTMLElement} body
 * @param {string} text of the button
 */
function refocus(body, text) {
  for (const button of body.querySelectorAll("button")) {
    if (button.textContent === text) button.focus({ preventScroll: true });
  }
}
