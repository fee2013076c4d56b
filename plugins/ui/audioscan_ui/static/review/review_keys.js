// @ts-check
/** The keys of the review that no button shows. */

import { mention, register } from "../keys.js";

const NUDGE = 0.1; // seconds
const STRIDE = 0.05; // share of what is shown that the playhead goes by

/**
 * @param {object} parts
 * @param {import("./drawing_types.js").Place} parts.place
 * @param {ReturnType<typeof import("./timeline.js").timeline>["commands"]} parts.commands
 * @param {ReturnType<typeof import("./movement.js").movement>} parts.movement
 * @param {ReturnType<typeof import("./player.js").player>} parts.player
 * @param {(side: "start"|"end", seconds: number) => void} parts.nudge
 * @param {() => void} parts.clear
 * @param {() => void} parts.openLook
 * @param {() => boolean} when
 */
export function reviewKeys({ place, commands, movement, player, nudge, clear, openLook }, when) {
  const list = { group: "List", when, repeat: true };
  register("J", "Next row", movement.next, list);
  register("Down", "Next row", movement.next, list);
  register("K", "Previous row", movement.previous, list);
  register("Up", "Previous row", movement.previous, list);

  register("Delete", "", clear, { group: "Verdict", when });

  register("Enter", "Play the selected region from its start; keep a span that is being drawn", () => {
    if (place.draft) commands.keepDraft();
    else movement.playSelected();
  }, { group: "Listen", when });
  register("Escape", "Leave a field, drop a span that is being drawn, or pause", () => {
    if (place.draft) commands.dropDraft();
    else player.pause();
  }, { group: "Listen", when });
  const seek = (/** @type {number} */ by) => {
    const time = place.playhead + by * STRIDE * (place.to - place.from);
    place.seek(time);
    place.reveal(place.playhead, place.playhead);
    if (player.playing) player.play(place.playhead);
  };
  register("Left", "Playhead back", () => seek(-1), { group: "Listen", when, repeat: true });
  register("Right", "Playhead forth", () => seek(1), { group: "Listen", when, repeat: true });

  const edges = { group: "Edges", when, repeat: true };
  register("Shift+[", "Start 0.1 s earlier", () => nudge("start", -NUDGE), edges);
  register(",", "Start 0.1 s later", () => nudge("start", NUDGE), edges);
  register(".", "End 0.1 s earlier", () => nudge("end", -NUDGE), edges);
  register("Shift+]", "End 0.1 s later", () => nudge("end", NUDGE), edges);

  const look = { group: "Look", when, repeat: true };
  register("+", "Nearer", commands.zoomIn, look);
  register("-", "Farther", commands.zoomOut, look);
  register("0", "The whole recording", commands.whole, look);
  register("Shift+Left", "Earlier", commands.panLeft, look);
  register("Shift+Right", "Later", commands.panRight, look);
  mention("Drag", "Move the picture", when);
  mention("⇧ drag", "Draw a span", when);
  mention("Edges", "Drag them to trim", when);
  mention("Click", "Select a region, or set the playhead", when);
  mention("2 × click", "Show the region near", when);
  mention("Ctrl wheel", "Nearer, farther", when);
  mention("Line", "Drag the threshold in the curve", when);

  register("C", "Next colours of the spectrogram", commands.nextColourMap, look);
  register("B", "Go to the brightness of the spectrogram", () => {
    openLook();
    commands.focusBrightness();
  }, { group: "Look", when });
}
