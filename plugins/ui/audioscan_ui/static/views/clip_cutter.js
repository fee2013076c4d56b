// @ts-check
/** Regions cut out of their recordings as sound files. */

import { fill, h, say, whenNew } from "../dom.js";
import { counted } from "../format.js";
import { foundRegions, regionSettings } from "../found_regions.js";
import { hasEnded, lastJob, startJob } from "../jobs.js";
import { button } from "../keys.js";
import { attempt } from "../messages.js";
import { scanBy } from "../review/scores.js";
import { store } from "../store.js";
import { notesOf } from "./notes_list.js";
import { detectorInUse } from "./retraining.js";

/** @typedef {"accepted" | "regions" | "selection"} What */

/** @type {Record<What, string>} */
const WHAT = {
  accepted: "what you accepted or drew",
  regions: "all regions that the detector finds, at the thresholds of Review",
  selection: "the region that is selected in Review",
};

/** @returns {{element: HTMLElement, draw(): void}} */
export function clipCutter() {
  const what = chooser("clips-what", WHAT);
  const format = chooser("clips-format", { wav: "WAV, 16 bits", flac: "FLAC, 16 bits" });
  const pad = seconds("clips-pad", "0", "Seconds before and after each region");
  const length = seconds("clips-length", "its own", "All clips of the same length, around the middle of each region");
  const sheet = h("input", { type: "checkbox", checked: true });
  const told = h("div", { class: "stack", role: "status" });
  const hint = h("span", { class: "hint" });
  const cut = button("Cut out", "C", () => attempt(run), {
    title: "Write each region as a sound file into the session's folder",
    group: "Results",
  });
  length.oninput = () => {
    pad.disabled = length.value !== "";
  };
  const element = h(
    "section",
    { class: "card stack" },
    h("h2", {}, "Clips"),
    field("Cut out", what),
    field("Format", format),
    h(
      "div",
      { class: "field" },
      h("label", { class: "field-name", for: pad.id }, "Around it"),
      h("span", { class: "with-unit" }, pad, "s before and after"),
    ),
    h(
      "div",
      { class: "field" },
      h("label", { class: "field-name", for: length.id }, "Length"),
      h("span", { class: "with-unit" }, length, "s for every clip"),
    ),
    h("label", { class: "check", title: "Pictures of all clips on one page" }, sheet, "a page with their spectrograms"),
    h("div", { class: "buttons" }, cut, hint),
    told,
  );

  async function run() {
    const chosen = /** @type {What} */ (what.value);
    say(hint, "Collecting the regions …");
    const places = await placesOf(chosen).finally(() => say(hint, ""));
    if (chosen !== "accepted" && !places.length)
      throw new Error(
        chosen === "selection"
          ? "No region is selected in Review."
          : "The detector finds no region at these thresholds.",
      );
    await startJob({
      kind: "clips",
      what: chosen,
      detector: detectorInUse()?.number ?? null,
      places,
      format: format.value,
      pad: length.value === "" ? pad.valueAsNumber || 0 : 0,
      length: length.value === "" ? null : length.valueAsNumber,
      sheet: sheet.checked,
    });
  }
  const drawResult = whenNew(
    () => [lastJob("clips")?.number, lastJob("clips")?.state],
    () => {
      const job = lastJob("clips");
      cut.disabled = Boolean(job && !hasEnded(job));
      if (!job || !hasEnded(job)) fill(told);
      else if (job.state === "done") {
        const { folder, clips, sheet: hasSheet, notes, failures } = job.result;
        fill(
          told,
          h(
            "p",
            {},
            `✓ ${counted(clips, "clip")} in `,
            h("code", {}, `${store.state.folder}/${folder}`),
            hasSheet && " with a page of their spectrograms",
          ),
          notesOf(notes ?? [], failures),
        );
      } else fill(told, job.problem && h("p", { class: "negative-text" }, job.problem));
    },
  );
  store.subscribe("jobs", drawResult);
  drawResult();
  return { element, draw: drawResult };
}

/**
 * @param {What} what
 * @returns {Promise<{recording: number, start: number, end: number, label: string, score: number | null}[]>} the server knows
 *   what was accepted by itself
 */
async function placesOf(what) {
  if (what === "accepted") return [];
  if (what === "selection") {
    /** @type {{selected: any}} */
    const { selected } = store.setting("review.position", { selected: null });
    if (!selected) return [];
    const { recording, start, end, label } = selected;
    return [{ recording, start, end, label, score: selected.score ?? null }];
  }
  const detector = detectorInUse();
  if (!detector?.scanned) throw new Error("Scan the recordings first.");
  const scan = await scanBy(detector.number);
  const places = [];
  for (const [index, label] of scan.index.labels.entries()) {
    await scan.loadAll(index);
    for (const [recording, { start, end, score, count }] of foundRegions(
      scan,
      label,
      regionSettings(detector, label),
    )) {
      for (let i = 0; i < count; i++) places.push({ recording, start: start[i], end: end[i], label, score: score[i] });
    }
  }
  return places;
}

/** @param {string} id @param {Record<string, string>} choices */
function chooser(id, choices) {
  return h(
    "select",
    { id },
    Object.entries(choices).map(([value, text]) => h("option", { value }, text)),
  );
}

/** @param {string} id @param {string} placeholder @param {string} title */
function seconds(id, placeholder, title) {
  return h("input", { type: "number", id, min: "0", step: "any", placeholder, title });
}

/** @param {string} title @param {HTMLElement} control */
function field(title, control) {
  return h("div", { class: "field" }, h("label", { class: "field-name", for: control.id }, title), control);
}
