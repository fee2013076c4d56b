// @ts-check
/**
 * Step scores -> regions: the arithmetic of the host's regions.py (method "mean") and steps.py, equal to the microsecond.
 *
 * Pure functions without the page, so that they can be compared with the host's.
 */

/**
 * @typedef {object} RegionSettings
 * @property {number} threshold the score that makes a region, 0 to 1
 * @property {number|null} low the score down to which a region grows; the threshold where null
 * @property {number} mergeGap seconds; regions with a shorter gap between them become one
 * @property {number} minDuration seconds; a shorter region is dropped
 */

/**
 * @typedef {object} Regions ascending, one place of each array for each region
 * @property {Float64Array} start seconds
 * @property {Float64Array} end seconds
 * @property {Float64Array} score the highest in it
 * @property {number} count
 */

/** Microseconds; a rest shorter than this is no step of its own. */
const SHORTEST_STEP = 10_000;

/** @returns {Regions} */
export function noRegions() {
  return { start: new Float64Array(0), end: new Float64Array(0), score: new Float64Array(0), count: 0 };
}

/**
 * Whole microseconds, a half rounded to the even one as numpy does.
 *
 * @param {number} seconds
 * @returns {number}
 */
export function microseconds(seconds) {
  const exact = seconds * 1e6;
  const below = Math.floor(exact);
  const rest = exact - below;
  if (rest !== 0.5) return rest > 0.5 ? below + 1 : below;
  return below % 2 === 0 ? below : below + 1;
}

/**
 * Where the steps of a recording begin and end, in whole microseconds.
 *
 * @param {number} hop seconds
 * @param {number} duration of the recording, seconds
 * @returns {Float64Array} one more than there are steps
 */
export function stepEdges(hop, duration) {
  const length = microseconds(duration);
  const whole = microseconds(hop);
  const rest = length % whole;
  let steps = (length - rest) / whole;
  if (rest >= SHORTEST_STEP || (steps === 0 && rest)) steps += 1;
  const edges = new Float64Array(steps + 1);
  for (let step = 0; step < steps; step++) edges[step] = step * whole;
  edges[steps] = length;
  return edges;
}

/**
 * Which steps are silence.
 *
 * @param {number} steps how many there are
 * @param {[number, number][]} runs of silent steps: the first one, and the one after the last
 * @returns {Uint8Array} 1 where a step is silence
 */
export function silentSteps(steps, runs) {
  const silent = new Uint8Array(steps);
  for (const [first, after] of runs) silent.fill(1, first, after);
  return silent;
}

/**
 * The spans in which the scores reach the threshold.
 *
 * Steps that reach `low` and hang together are a region where one of them reaches the threshold. Then gaps shorter than
 * `mergeGap` are closed, but none over silence, and regions shorter than `minDuration` dropped.
 *
 * @param {Float64Array} steps the score of each step
 * @param {Float64Array} edges of the steps, microseconds
 * @param {Uint8Array} silent 1 where a step is silence: no region goes over it
 * @param {RegionSettings} settings
 * @param {number} [duration] of the recording, seconds; where the last step ends unless given
 * @returns {Regions}
 */
export function formRegions(steps, edges, silent, settings, duration = Infinity) {
  const { threshold, low, mergeGap, minDuration } = settings;
  const lower = low === null ? threshold : low;
  const gap = microseconds(mergeGap);
  const shortest = microseconds(minDuration);
  /** @type {number[]} */ const starts = [];
  /** @type {number[]} */ const ends = [];
  /** @type {number[]} */ const scores = [];
  let silence = false; // since the last region
  let step = 0;
  while (step < steps.length) {
    if (silent[step] || steps[step] < lower) {
      if (silent[step]) silence = true;
      step++;
      continue;
    }
    const first = step;
    let peak = steps[step];
    while (step < steps.length && !silent[step] && steps[step] >= lower) {
      if (steps[step] > peak) peak = steps[step];
      step++;
    }
    if (peak < threshold) continue;
    const last = ends.length - 1;
    const between = last < 0 ? 0 : edges[first] - ends[last];
    if (last >= 0 && (between <= 0 || (between < gap && !silence))) {
      ends[last] = edges[step];
      if (peak > scores[last]) scores[last] = peak;
    } else {
      starts.push(edges[first]);
      ends.push(edges[step]);
      scores.push(peak);
    }
    silence = false;
  }
  return longEnough(starts, ends, scores, shortest, duration);
}

/**
 * @param {number[]} starts microseconds
 * @param {number[]} ends microseconds
 * @param {number[]} scores
 * @param {number} shortest microseconds
 * @param {number} duration seconds
 * @returns {Regions}
 */
function longEnough(starts, ends, scores, shortest, duration) {
  let count = 0;
  const start = new Float64Array(starts.length);
  const end = new Float64Array(starts.length);
  const score = new Float64Array(starts.length);
  for (let i = 0; i < starts.length; i++) {
    if (ends[i] - starts[i] < shortest) continue;
    start[count] = starts[i] / 1e6;
    end[count] = Math.min(ends[i] / 1e6, duration);
    score[count] = scores[i];
    count++;
  }
  return { start: start.subarray(0, count), end: end.subarray(0, count), score: score.subarray(0, count), count };
}
