// @ts-check
/**
 * Sentences that appear in the strip at the foot of the page, are read out, and go by themselves unless something went wrong.
 *
 * The strip shows the newest; those before it show again when it has gone.
 */

import { h } from "./dom.js";

const SECONDS_SHOWN = 6;
const MOST_SHOWN = 3;

const list = h("div", { class: "messages", role: "region", "aria-label": "Messages" });

/** @returns {HTMLElement} where messages appear */
export function messages() {
  return list;
}

/**
 * @param {string} sentence
 * @param {"done" | "problem" | "note"} [kind] a problem stays until it is closed
 */
export function tell(sentence, kind = "note") {
  for (const each of list.children) if (each.firstChild?.textContent === sentence) each.remove();
  const message = h(
    "div",
    { class: `message ${kind}`, role: kind === "problem" ? "alert" : "status" },
    h("span", { title: sentence }, sentence),
    h("button", { class: "plain icon", title: "Close", "aria-label": "Close", onclick: () => message.remove() }, "×"),
  );
  list.append(message);
  while (list.children.length > MOST_SHOWN) list.firstChild?.remove();
  if (kind !== "problem") setTimeout(() => message.remove(), SECONDS_SHOWN * 1000);
}

/**
 * Run something and tell in one sentence where it fails.
 *
 * @template T
 * @param {() => Promise<T>} work
 * @returns {Promise<T | null>} null where it failed
 */
export async function attempt(work) {
  try {
    return await work();
  } catch (problem) {
    tell(problem instanceof Error ? problem.message : String(problem), "problem");
    return null;
  }
}
