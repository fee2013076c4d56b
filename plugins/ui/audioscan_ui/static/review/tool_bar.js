// @ts-check
/** What is reviewed: the detector, the recording, one or all of them; and where to listen next. */

import { h } from "../dom.js";
import { button } from "../keys.js";
import { store } from "../store.js";
import { pick } from "./pick.js";

/**
 * @param {import("./model.js").ReviewModel} model
 * @param {import("./opening.js").Opening} opening
 * @param {{suggest: () => void, controls: HTMLElement, time: HTMLElement}} parts
 */
export function toolBar(model, opening, { suggest, controls, time }) {
  const detector = pick("Detector", "The detector whose regions are shown", (number) => opening.openDetector(Number(number)));
  const recording = pick("Recording", "The recording that is open (keys: Shift+Up and Shift+Down)", (number) => opening.openRecording(Number(number)));
  const all = h("input", { type: "checkbox", onchange: () => opening.openScope(all.checked ? "all" : "recording") });
  const look = h("details", { class: "look" }, h("summary", { title: "Colours, brightness, contrast, highest frequency (keys: C, B)" }, "Picture"), controls);
  document.addEventListener("pointerdown", (event) => {
    if (event.target instanceof Node && !look.contains(event.target)) look.open = false;
  });
  look.addEventListener("keydown", (event) => {
    if (event.key === "Escape") look.open = false;
  });
  const proposals = button("Suggest", "U", suggest, { title: "Choose spans whose verdicts would teach the detector most", className: "small", group: "List" });

  /** @param {number} by */
  function beside(by) {
    const numbers = store.state.recordings.filter(({ problem }) => !problem).map(({ number }) => number);
    const at = numbers.indexOf(model.recording ?? -1);
    const next = numbers[at + by];
    if (next !== undefined) opening.openRecording(next);
  }

  const previous = button("‹", "Shift+Up", () => beside(-1), { name: "Previous recording", title: "Previous recording", className: "plain small", group: "List" });
  const next = button("›", "Shift+Down", () => beside(1), { name: "Next recording", title: "Next recording", className: "plain small", group: "List" });

  /** @type {import("../facts.js").SessionState|null} that the choices were made of */
  let offered = null;

  function draw() {
    all.checked = model.scope === "all";
    proposals.disabled = !model.detector;
    if (offered === store.state) {
      detector.choose(String(model.detector?.number ?? ""));
      recording.choose(String(model.recording ?? ""));
      return;
    }
    offered = store.state;
    const detectors = store.state.detectors.filter(({ dropped, problem }) => !dropped && !problem);
    detector.offer(
      detectors.map(({ number, name, model: under }) => [String(number), `${name} · ${under}`]),
      String(model.detector?.number ?? ""),
    );
    detector.element.hidden = !detectors.length;
    recording.offer(
      store.state.recordings.map(({ number, name, problem }) => [String(number), problem ? `${name} (cannot be read)` : name]),
      String(model.recording ?? ""),
    );
  }

  model.subscribe(draw);
  const element = h(
    "div",
    { class: "tool-bar" },
    detector.element,
    h("span", { class: "recording-pick" }, previous, recording.element, next),
    h("label", { class: "check", title: "List the regions of all recordings that were scanned" }, all, "All recordings"),
    h("span", { class: "grow" }),
    time,
    proposals,
    look,
  );
  return { element, draw, openLook: () => (look.open = true) };
}
