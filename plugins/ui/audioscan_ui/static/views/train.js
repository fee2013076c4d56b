// @ts-check
/** In preparation. */

import { h } from "../dom.js";

/** @param {HTMLElement} container */
export function view(container) {
  container.append(h("p", { class: "empty" }, "train"));
  return { shown() {}, hidden() {} };
}
