// @ts-check
/** A field for a time to go to. */

import { h } from "../dom.js";
import { clock } from "../format.js";
import { register } from "../keys.js";

/**
 * The time that was typed: seconds, m:ss or h:mm:ss, each with decimals where wished.
 *
 * @param {string} text
 * @returns {number|null} seconds; null where it is no time
 */
export function secondsOf(text) {
  const parts = text.trim().replace(",", ".").split(":");
  if (parts.length > 3 || parts.some((part) => !/^\d+(\.\d+)?$/.test(part))) return null;
  return parts.reduce((seconds, part) => seconds * 60 + Number(part), 0);
}

/**
 * @param {import("./drawing_types.js").Place} place
 * @param {ReturnType<typeof import("./player.js").player>} player goes on from there where it plays
 */
export function goToTime(place, player) {
  const field = h("input", {
    type: "text",
    class: "go-to-time number",
    "aria-label": "Go to time",
    title: "Go to a time: seconds, m:ss or h:mm:ss (key: G)",
    inputmode: "decimal",
    spellcheck: "false",
  });
  const element = h("label", { class: "go-to" }, "Time", field, h("kbd", { "aria-hidden": "true" }, "G"));

  const show = () => {
    if (document.activeElement !== field) field.value = clock(place.playhead, 1);
  };
  field.addEventListener("focus", () => field.select());
  field.addEventListener("blur", () => {
    field.setCustomValidity("");
    show();
  });
  field.addEventListener("input", () => field.setCustomValidity(""));
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    const time = secondsOf(field.value);
    if (time === null || time > place.duration) {
      field.setCustomValidity(time === null ? "Type seconds, m:ss or h:mm:ss." : `The recording ends at ${clock(place.duration, 1)}.`);
      field.reportValidity();
      return;
    }
    const half = (place.to - place.from) / 2;
    if (time < place.from || time > place.to) place.show(time - half, time + half);
    if (player.playing) player.play(time);
    else place.seek(time);
    field.blur();
  });
  register("G", "Go to a time", () => field.focus(), { group: "Look", when: () => field.getClientRects().length > 0 });
  place.subscribe((what) => (what === "playhead" || what === "recording") && show());
  show();
  return { element };
}
