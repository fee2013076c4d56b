// @ts-check
/** Above the list: in which order it is, and what of it is shown. */

import { h } from "../dom.js";
import { button } from "../keys.js";
import { store } from "../store.js";
import { VERDICTS } from "./filters.js";
import { ORDERS } from "./orders.js";
import { pick } from "./pick.js";

/** @param {import("./model.js").ReviewModel} model */
export function listHead(model) {
  const order = pick("Order of the list", "The order of the list (key: O for the next one)", changeOrder);
  const verdict = pick("Which verdicts are listed", "Show only rows with this verdict", (name) => changeFilters({ verdict: name }));
  const label = pick("Which label is listed", "Show only rows of this label", (name) => changeFilters({ label: name }));
  const next = button("", "O", () => {
    const names = ORDERS.map(({ name }) => name);
    changeOrder(names[(names.indexOf(model.order) + 1) % names.length]);
  }, { title: "Next order of the list", name: "Next order of the list", className: "plain small", group: "List" });

  /** @param {string} name */
  function changeOrder(name) {
    store.keep("review.order", name);
    model.take({ order: name });
  }

  /** @param {Partial<import("./filters.js").Filters>} patch */
  function changeFilters(patch) {
    const filters = { ...model.filters, ...patch };
    store.keep("review.filters", filters);
    model.take({ filters });
  }

  function draw() {
    order.offer(ORDERS.map(({ name, label: words }) => [name, words]), model.order);
    verdict.offer(VERDICTS.map(({ name, label: words }) => [name, words]), model.filters.verdict);
    const names = model.labels.map(({ name }) => name);
    if (model.filters.label && !names.includes(model.filters.label)) names.push(model.filters.label);
    label.offer([["", "All labels"], ...names.map((name) => /** @type {[string, string]} */ ([name, name]))], model.filters.label);
  }

  model.subscribe(draw);
  draw();
  const element = h("div", { class: "list-head" }, order.element, next, verdict.element, label.element);
  const foot = h(
    "div",
    { class: "list-foot" },
    check("Play each", "review.play", "Play a row when it is selected"),
    check("Go on after a verdict", "review.advance", "After a verdict, go to the next row that is to do"),
  );
  return {
    foot,
    element,
    showAll: () => changeFilters({ verdict: "all", label: "" }),
    changeOrder,
  };
}

/** @param {string} text @param {string} name of the setting @param {string} title */
function check(text, name, title) {
  const box = h("input", { type: "checkbox", checked: store.setting(name, true), onchange: () => store.keep(name, box.checked) });
  return h("label", { class: "check", title }, box, text);
}
