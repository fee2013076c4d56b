// @ts-check
/** The buttons and keys of a verdict: hear it, judge it, name it, trim it, draw what was missed. */

import { fill, h } from "../dom.js";
import { button, register } from "../keys.js";
import { colourOf } from "./row_words.js";

/** The labels that have a key. */
const MOST_KEYS = 9;

/**
 * @typedef {object} Actions what the buttons do
 * @property {() => void} toggle
 * @property {() => void} loop
 * @property {() => boolean} isLooping
 * @property {(role: import("../facts.js").Role, label?: string) => void} give
 * @property {(label: string) => void} label the selected row gets it, or what is drawn next
 * @property {() => void} typeLabel
 * @property {() => void} clear
 * @property {() => void} next
 * @property {() => void} draw
 * @property {(side: "start"|"end") => void} trim to the playhead
 * @property {() => void} similar
 */

/**
 * @param {import("./model.js").ReviewModel} model
 * @param {() => string[]} names of the labels that can be given, in the order of their keys
 * @param {Actions} actions
 * @param {() => boolean} when the keys do something
 */
export function verdictBar(model, names, actions, when) {
  const sound = { group: "Listen", when };
  const verdicts = { group: "Verdict", when };
  const play = button("Play", "Space", actions.toggle, { ...sound, title: "Play or pause", className: "play" });
  const loop = button("Loop", "R", actions.loop, { ...sound, title: "Play the selected region again and again" });
  const chips = h("span", { class: "chips", role: "group", "aria-label": "Labels" });
  const judged = [
    button("Accept", "A", () => actions.give("positive"), { ...verdicts, title: "The sound is here", className: "positive" }),
    button("Reject", "X", () => actions.give("absent"), { ...verdicts, title: "The sound is not here", className: "negative" }),
    button("Unsure", "S", () => actions.give("soft"), { ...verdicts, title: "It cannot be told", className: "unsure" }),
  ];
  const clear = button("Clear", "Backspace", actions.clear, { ...verdicts, title: "Take the verdict of this row back" });
  const next = button("Next", "N", actions.next, { group: "List", when, title: "Go to the next row that is to do" });
  const edges = [
    button("Start", "[", () => actions.trim("start"), { group: "Edges", when, repeat: true, title: "Let the region start at the playhead; Shift+[ moves the start 0.1 s earlier, a comma 0.1 s later" }),
    button("End", "]", () => actions.trim("end"), { group: "Edges", when, repeat: true, title: "Let the region end at the playhead; Shift+] moves the end 0.1 s later, a full stop 0.1 s earlier" }),
    button("Draw", "D", actions.draw, { group: "Edges", when, title: "Draw a span that was missed: press D, set its edges with [ and ] or a drag, and press Enter; or hold Shift and drag over the picture" }),
  ];
  const alike = button("Alike", "F", actions.similar, { group: "List", when, title: "Find what sounds like the selected span" });
  const other = button("Other label", "L", actions.typeLabel, { ...verdicts, title: "Give a label that you type", className: "small" });

  for (let digit = 1; digit <= MOST_KEYS; digit++) {
    const label = digit === 1 ? "Give the label with this number" : "";
    register(String(digit), label, () => names()[digit - 1] !== undefined && actions.label(names()[digit - 1]), { ...verdicts, shown: `1 … ${MOST_KEYS}` });
  }

  let offered = "";
  function draw() {
    const here = names().slice(0, MOST_KEYS);
    const front = model.labels[model.current]?.name;
    const now = JSON.stringify([here, front]);
    if (now !== offered) fill(chips, here.map((name, i) => chip(name, i + 1, name === front)), other);
    offered = now;
    const row = model.selected;
    for (const made of judged) made.disabled = !row;
    judged.forEach((made, i) => made.setAttribute("aria-pressed", String(row?.verdict === ["positive", "absent", "soft"][i] && !row.relabelled)));
    clear.disabled = !row?.verdicts.length;
    alike.disabled = !row;
    loop.setAttribute("aria-pressed", String(actions.isLooping()));
  }

  /** @param {string} name @param {number} digit @param {boolean} isFront */
  function chip(name, digit, isFront) {
    const made = h("button", { type: "button", class: "small chip", "aria-pressed": String(isFront) });
    const swatch = h("span", { class: "swatch" });
    swatch.style.setProperty("background", colourOf(model.indexOf(name)));
    made.append(swatch, h("span", { class: "chip-name" }, name), h("kbd", { "aria-hidden": "true" }, String(digit)));
    made.title = `Give the selected row the label ${name}, or draw spans with it where none is selected (key: ${digit})`;
    made.addEventListener("mousedown", (event) => event.preventDefault());
    made.addEventListener("click", () => actions.label(name));
    return made;
  }

  /** @param {boolean} isPlaying */
  function showPlaying(isPlaying) {
    const text = play.firstElementChild;
    if (text) text.textContent = isPlaying ? "Pause" : "Play";
  }

  const element = h(
    "section",
    { class: "verdict-bar", "aria-label": "Verdict" },
    h("div", { class: "buttons" }, play, loop),
    h("div", { class: "buttons" }, judged, clear, next),
    h("div", { class: "buttons" }, edges, alike),
    chips,
  );
  model.subscribe(draw);
  return { element, draw, showPlaying };
}
