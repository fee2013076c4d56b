// @ts-check
/** Goes from row to row: opens its recording, shows it, plays it. */

import { store } from "../store.js";

/** @typedef {import("./rows.js").Row} Row */
/** @typedef {import("./model.js").Place} Span */

const SHOWN_AROUND = 10; // seconds that are shown at least where a row would be too small to be seen
const TOO_SMALL = 0.02; // share of the width

/**
 * What of a row is heard: what it was trimmed to, or else all of it.
 *
 * @param {Row|Span} row
 * @returns {{start: number, end: number}}
 */
export function heardOf(row) {
  const own = "verdicts" in row && row.verdicts.length === 1 ? row.verdicts[0] : null;
  const isTrimmed = own?.found && (own.start !== own.found.start || own.end !== own.found.end);
  return own && isTrimmed ? own : row;
}

/**
 * @param {import("./model.js").ReviewModel} model
 * @param {import("./drawing_types.js").Place} place
 * @param {ReturnType<typeof import("./player.js").player>} player
 * @param {import("./opening.js").Opening} opening
 */
export function movement(model, place, player, opening) {
  /** @param {Row|Span} row */
  function show(row) {
    const heard = heardOf(row);
    const [start, end] = [Math.min(row.start, heard.start), Math.max(row.end, heard.end)];
    const length = end - start;
    const shown = place.to - place.from;
    if (length > shown || length < TOO_SMALL * shown) {
      const room = Math.max(SHOWN_AROUND - length, length) / 2;
      place.show(start - room, end + room);
    } else place.reveal(start, end);
    place.seek(heard.start);
  }

  /** @param {Row|Span} row */
  function play(row) {
    const { start, end } = heardOf(row);
    player.play(start, end);
  }

  /**
   * Select a row, show it, and play it where that is wished.
   *
   * @param {Row|Span|null} row
   * @param {boolean} [withSound]
   */
  function go(row, withSound = store.setting("review.play", true)) {
    if (!row) return;
    if (row.recording !== model.recording) opening.openRecording(row.recording);
    model.select(row);
    show(row);
    if (withSound) play(row);
    else player.pause();
  }

  return {
    go,
    show,
    play,
    next: () => go(model.beside(1)),
    previous: () => go(model.beside(-1)),
    nextToDo: () => go(model.nextToDo()),
    /** Play the selected row from its start. */
    playSelected: () => model.selected && play(model.selected),
  };
}
