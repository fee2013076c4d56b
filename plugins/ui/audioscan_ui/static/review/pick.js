// @ts-check
/** A choice from a list that gives the keyboard back after a choice with the mouse, so that J and A do what they say. */

import { fill, h } from "../dom.js";

/**
 * @param {string} name for screen readers
 * @param {string} title
 * @param {(value: string) => void} onPick
 */
export function pick(name, title, onPick) {
  const select = h("select", { "aria-label": name, title });
  let byMouse = false;
  let offered = "";
  select.addEventListener("pointerdown", () => (byMouse = true));
  select.addEventListener("keydown", () => (byMouse = false));
  select.addEventListener("change", () => {
    onPick(select.value);
    if (byMouse) select.blur();
  });

  /**
   * @param {[string, string][]} choices value and words
   * @param {string} chosen
   */
  function offer(choices, chosen) {
    const now = JSON.stringify(choices);
    if (now !== offered) fill(select, choices.map(([value, words]) => h("option", { value }, words)));
    offered = now;
    choose(chosen);
  }

  /** @param {string} chosen */
  function choose(chosen) {
    if (select.value !== chosen) select.value = chosen;
  }

  return { element: select, offer, choose };
}
