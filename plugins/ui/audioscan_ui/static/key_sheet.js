// @ts-check
/** The sheet of keys: what every key does on the page that is shown. */

import { button, keysInUse } from "./keys.js";

/** The button of the page's head that shows the sheet. @returns {HTMLButtonElement} */
export function sheetButton() {
  return button("Keys", "?", showSheet, { title: "Show what every key does", group: "Page" });
}

/** Show the sheet; Escape, ? or a click closes it. */
export function showSheet() {
  const sheet = document.createElement("dialog");
  sheet.className = "key-sheet";
  sheet.setAttribute("aria-label", "What every key does");
  const heading = document.createElement("h2");
  heading.textContent = "Keys";
  const groups = document.createElement("div");
  groups.className = "key-groups";
  for (const [name, keys] of keysInUse()) groups.append(group(name, keys));
  const note = document.createElement("p");
  note.textContent = "Keys do nothing while you type into a field. Escape leaves the field.";
  const close = document.createElement("button");
  close.type = "button";
  close.textContent = "Close";
  close.title = "Close (key: Escape)";
  close.addEventListener("click", () => sheet.close());
  const head = document.createElement("div");
  head.className = "key-sheet-head";
  head.append(heading, note, close);
  sheet.append(head, groups);
  sheet.addEventListener("keydown", (event) => {
    if (event.key === "?") sheet.close();
  });
  sheet.addEventListener("click", (event) => {
    if (event.target === sheet) sheet.close();
  });
  sheet.addEventListener("close", () => sheet.remove());
  document.body.append(sheet);
  sheet.showModal();
}

/**
 * @param {string} name
 * @param {Map<string, string[]>} done what is done -> its keys
 * @returns {HTMLElement}
 */
function group(name, done) {
  const section = document.createElement("section");
  const heading = document.createElement("h3");
  heading.textContent = name;
  const list = document.createElement("dl");
  for (const [label, keys] of done) {
    const term = document.createElement("dt");
    for (const key of keys) {
      const cap = document.createElement("kbd");
      cap.textContent = key;
      term.append(cap, " ");
    }
    const meaning = document.createElement("dd");
    meaning.textContent = label;
    list.append(term, meaning);
  }
  section.append(heading, list);
  return section;
}
