// @ts-check
/** Follows verdicts that were not given here just now: undo and redo go to the row that they changed. */

import { store } from "../store.js";

/**
 * @param {import("./model.js").ReviewModel} model
 * @param {ReturnType<typeof import("./movement.js").movement>} movement
 * @param {() => boolean} isOwn whether the change comes from a verdict that is being given
 * @param {() => boolean} isShown
 */
export function followVerdicts(model, movement, isOwn, isShown) {
  let before = new Map(store.verdicts);
  store.subscribe("verdicts", () => {
    const now = new Map(store.verdicts);
    const changed = differing(before, now);
    before = now;
    if (!changed) return;
    model.take({ standing: now });
    if (!isOwn() && isShown()) movement.go(changed, false);
  });
}

/**
 * @param {Map<string, import("../facts.js").Verdict>} before
 * @param {Map<string, import("../facts.js").Verdict>} now
 * @returns {import("../facts.js").Verdict|null} one that came, or else one that went
 */
function differing(before, now) {
  let last = null;
  for (const verdict of now.values()) if (!before.has(verdict.id)) last = verdict;
  if (last) return last;
  for (const verdict of before.values()) if (!now.has(verdict.id)) last = verdict;
  return last;
}
