// @ts-check
/** What differs between the regions of two detectors: which are gained, which are lost. Nothing here knows the page. */

/** @typedef {import("./review/regions.js").Regions} Regions */
/** @typedef {{recording: number, start: number, end: number, score: number}} Place */

/** Share of a verdict's span that regions cover where it counts as found; the same from which a region counts as reviewed. */
const COVERED = 0.5;

/**
 * The regions of one that no region of the other overlaps.
 *
 * @param {Map<number, Regions>} these
 * @param {Map<number, Regions>} others
 * @returns {Place[]} in order of recording and time
 */
export function onlyIn(these, others) {
  const places = [];
  for (const [recording, regions] of these) {
    const other = others.get(recording);
    if (!other) continue; // it was not scanned by both, so nothing was gained or lost in it
    let next = 0;
    for (let i = 0; i < regions.count; i++) {
      while (next < other.count && other.end[next] <= regions.start[i]) next++;
      if (next < other.count && other.start[next] < regions.end[i]) continue;
      places.push({ recording, start: regions.start[i], end: regions.end[i], score: regions.score[i] });
    }
  }
  return places;
}

/**
 * How many spans are found: regions cover at least half of them.
 *
 * @param {Map<number, Regions>} regions
 * @param {{recording: number, start: number, end: number}[]} spans
 * @returns {number}
 */
export function countFound(regions, spans) {
  return spans.filter((span) => {
    const found = regions.get(span.recording);
    return found && coverage(found, span.start, span.end) >= COVERED * (span.end - span.start);
  }).length;
}

/**
 * @param {Map<number, Regions>} regions
 * @param {Iterable<number>} recordings those that are counted
 * @returns {number}
 */
export function countRegions(regions, recordings) {
  let sum = 0;
  for (const recording of recordings) sum += regions.get(recording)?.count ?? 0;
  return sum;
}

/**
 * @param {Regions} regions
 * @param {number} start
 * @param {number} end
 * @returns {number} seconds of the span that lie in regions
 */
function coverage(regions, start, end) {
  let covered = 0;
  for (let i = 0; i < regions.count && regions.start[i] < end; i++) {
    covered += Math.max(0, Math.min(end, regions.end[i]) - Math.max(start, regions.start[i]));
  }
  return covered;
}
