// @ts-check
/** What people should know of a job's result: its notes, and the recordings that could not be read. */

import { h } from "../dom.js";
import { store } from "../store.js";

const MOST_OPEN = 4;

/**
 * @param {string[]} notes sentences; equal ones are shown once
 * @param {{recording: number | string | null, reason: string}[]} [failures]
 * @returns {HTMLElement | null}
 */
export function notesOf(notes, failures = []) {
  const failed = failures.map(({ recording, reason }) => {
    const name = typeof recording === "number" ? store.recording(recording)?.name : recording;
    return `${name ?? "A recording"} could not be read: ${reason}`;
  });
  const all = [...new Set([...failed, ...notes])];
  if (!all.length) return null;
  const list = (/** @type {string[]} */ sentences) =>
    h(
      "ul",
      { class: "notes" },
      sentences.map((sentence) => h("li", {}, sentence)),
    );
  if (all.length <= MOST_OPEN) return list(all);
  return h("details", { class: "notes-more" }, h("summary", {}, `${all.length} notes`), list(all));
}
