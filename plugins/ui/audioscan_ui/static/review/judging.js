// @ts-check
/** What the verdict keys do to the selected row. */

import { judge, newId } from "../journal.js";
import { tell } from "../messages.js";
import { store } from "../store.js";
import { cleared, drawn, judged } from "./verdicts.js";

/** @typedef {import("../facts.js").Role} Role */
/** @typedef {import("./rows.js").Row} Row */
/** @typedef {import("./verdicts.js").Judgement} Judgement */

const HEARD_AFTER_TRIM = 1; // seconds that are played at an edge that was moved

/**
 * @param {import("./model.js").ReviewModel} model
 * @param {ReturnType<typeof import("./movement.js").movement>} movement
 * @param {ReturnType<typeof import("./player.js").player>} player
 */
export function judging(model, movement, player) {
  /** Whether a verdict of this page is on its way through the store. */
  let own = false;

  /** @param {Judgement|null} judgement */
  function send(judgement) {
    if (!judgement) return;
    own = true;
    judge(judgement.add, judgement.remove);
    own = false;
  }

  /** @param {{label?: string, span?: {start: number, end: number}}} [how] */
  const told = (how = {}) => ({ index: model.index, newId, detector: model.detector?.sha256 ?? null, ...how });

  /**
   * Judge the selected row, and go on to the next one that is to do.
   *
   * @param {Role} role
   * @param {string} [label] another one than its own
   */
  function give(role, label) {
    const row = model.selected;
    if (!row) {
      tell("Select a row first: J and K go through the list.");
      return;
    }
    const goesOn = store.setting("review.advance", true);
    const next = goesOn ? model.nextToDo() : null;
    send(judged(row, role, told({ label })));
    if (next) movement.go(next);
    else if (goesOn && row.verdict === null) tell("That was the last one to do in this list.", "done");
  }

  /**
   * Move the edges of the selected row: what it was judged stays, and what was not judged counts as accepted.
   *
   * @param {number} start
   * @param {number} end
   */
  function trim(start, end) {
    const row = model.selected;
    if (!row || !(end > start)) return;
    const label = row.relabelled ?? row.label;
    const isStartMoved = start !== (row.verdicts[0]?.start ?? row.start);
    send(judged(row, row.verdict ?? "positive", told({ label, span: { start, end } })));
    // A region stays the row that it is while its verdict is about it; a row that shows a verdict moves with it.
    const stays = row.origin === "found" && start < row.end && end > row.start;
    model.select(stays ? row : { recording: row.recording, label, start, end });
    const from = isStartMoved ? start : Math.max(start, end - HEARD_AFTER_TRIM);
    if (store.setting("review.play", true)) player.play(from, Math.min(end, from + HEARD_AFTER_TRIM));
  }

  /**
   * @param {number} start
   * @param {number} end
   * @param {string} label
   */
  function draw(start, end, label) {
    if (model.recording === null) return;
    const span = { recording: model.recording, start, end, label };
    send(drawn(span, newId));
    model.select(span);
  }

  return {
    give,
    trim,
    draw,
    /** Take the verdict of the selected row back. */
    clear: () => model.selected && send(cleared(model.selected)),
    isOwn: () => own,
  };
}
