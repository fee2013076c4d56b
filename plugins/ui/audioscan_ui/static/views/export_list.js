// @ts-check
/** What was judged, written as files into the session's folder for other programs. */

import { h, fill } from "../dom.js";
import { button } from "../keys.js";
import { attempt } from "../messages.js";
import { postJson } from "../server.js";
import { store } from "../store.js";

/** @type {{kind: string, key: string, title: string, about: string}[]} */
const KINDS = [
  {
    kind: "labels",
    key: "L",
    title: "Label file",
    about: "labels.csv with roles: what is there, what is not, what is unsure. Trains a detector here or elsewhere.",
  },
  {
    kind: "audacity",
    key: "U",
    title: "Audacity",
    about: "A label track for each recording, to see and hear in Audacity.",
  },
  { kind: "raven", key: "R", title: "Raven", about: "A selection table for each recording, for Raven." },
  {
    kind: "found_corrected",
    key: "F",
    title: "Found and corrected",
    about: "What the detector found and what you made of it, of the reviewed regions only.",
  },
  {
    kind: "precision",
    key: "P",
    title: "Precision table",
    about: "How often the detector was right, by score and label, with 95 % intervals; for a spreadsheet.",
  },
];

/** @returns {{element: HTMLElement, draw(): void}} */
export function exportList() {
  const where = h("p", { class: "hint" });
  const rows = KINDS.map(exportRow);
  const element = h(
    "section",
    { class: "card" },
    h("h2", {}, "Files for other programs"),
    where,
    h(
      "div",
      { class: "exports" },
      rows.map((row) => row.element),
    ),
  );
  return {
    element,
    draw() {
      const some = store.verdicts.size > 0;
      fill(
        where,
        some
          ? [
              "They are written into ",
              h("code", {}, `${store.state.folder}/results`),
              "; a file that you changed is kept.",
            ]
          : "There is nothing to write yet: judge or draw something in Review first.",
      );
      for (const row of rows) row.button.disabled = !some;
    },
  };
}

/** @param {{kind: string, key: string, title: string, about: string}} about */
function exportRow({ kind, key, title, about }) {
  const told = h("p", { class: "export-told", role: "status", hidden: true });
  const write = button("Write", key, () => attempt(run), {
    className: "small",
    title: `Write: ${title}`,
    name: `Write ${title}`,
    group: "Results",
  });
  async function run() {
    const { files, sentence } = await postJson("api/results", { kind });
    told.hidden = false;
    const shown = files.slice(0, 4).map((/** @type {string} */ file) => [h("code", {}, file), " "]);
    fill(
      told,
      h("span", { class: "positive-text" }, "✓ "),
      shown.flat(),
      files.length > 4 && `and ${files.length - 4} more. `,
      sentence,
    );
  }
  return {
    button: write,
    element: h(
      "div",
      { class: "export" },
      h("div", {}, h("h3", {}, title), h("p", { class: "hint" }, about), told),
      write,
    ),
  };
}
