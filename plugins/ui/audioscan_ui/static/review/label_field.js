// @ts-check
/** Asks for a label: one that is known, or a new one. */

import { fill, h } from "../dom.js";

/**
 * @param {() => string[]} known names of labels
 */
export function labelField(known) {
  const names = h("datalist", { id: "known-labels" });
  const field = h("input", { type: "text", list: "known-labels", id: "label-field", autocomplete: "off", spellcheck: "false", maxlength: "200" });
  const question = h("label", { for: "label-field" });
  const form = h(
    "form",
    { method: "dialog" },
    question,
    field,
    names,
    h("div", { class: "buttons" }, h("button", { type: "submit", class: "primary", title: "Give this label (key: Enter)" }, "Give", h("kbd", {}, "Enter")), close()),
  );
  const dialog = h("dialog", { class: "label-dialog" }, form);
  /** @type {(label: string) => void} */
  let whenGiven = () => {};

  function close() {
    const made = h("button", { type: "button", title: "Give no label (key: Escape)", onclick: () => dialog.close() }, "Cancel", h("kbd", {}, "Esc"));
    return made;
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const label = field.value.trim();
    if (!label) return;
    dialog.close();
    whenGiven(label);
  });

  /**
   * @param {string} asked what is asked
   * @param {(label: string) => void} given called with what was typed, not where it was cancelled
   */
  function ask(asked, given) {
    question.textContent = asked;
    fill(names, known().map((name) => h("option", { value: name })));
    field.value = "";
    whenGiven = given;
    document.body.append(dialog);
    dialog.showModal();
    field.focus();
  }

  return { ask };
}
