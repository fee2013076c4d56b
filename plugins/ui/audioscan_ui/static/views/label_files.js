// @ts-check
/** The label files of the session, with what their rows say counted by role. */

import { fill, h } from "../dom.js";
import { count, counted } from "../format.js";
import { store } from "../store.js";

/** What a role says of the sound. @type {Record<string, string>} */
const ROLES = {
  positive: "present",
  negative: "absent",
  absent: "absent",
  soft: "unsure",
  unlabelled: "not labelled",
};

/** @returns {{element: HTMLElement, draw(): void}} */
export function labelFiles() {
  const list = h("div", { class: "stack" });
  const element = h("section", { class: "card" }, h("h2", {}, "Label files"), list);
  return {
    element,
    draw() {
      const files = store.state.label_files;
      if (!files.length) {
        fill(
          list,
          h(
            "p",
            { class: "muted" },
            "None. You can label in Review, or start the program with ",
            h("code", {}, "--labels FILE"),
            ".",
          ),
        );
        return;
      }
      fill(list, files.map(entry));
    },
  };
}

/** @param {import("../facts.js").LabelFileFacts} file */
function entry(file) {
  const roles = Object.entries(file.counts).map(([role, number]) => `${count(number)} ${ROLES[role] ?? role}`);
  return h(
    "div",
    { class: "label-file" },
    h("h3", { title: file.name }, file.name),
    file.problem
      ? h("p", { class: "negative-text" }, file.problem)
      : h(
          "p",
          { class: "muted" },
          roles.join(" · ") || "no labels in it",
          file.labels.length ? ` · ${counted(file.labels.length, "label")}: ${shortened(file.labels)}` : "",
        ),
  );
}

/** @param {string[]} labels */
function shortened(labels) {
  return labels.length > 6 ? `${labels.slice(0, 6).join(", ")} and ${labels.length - 6} more` : labels.join(", ");
}
