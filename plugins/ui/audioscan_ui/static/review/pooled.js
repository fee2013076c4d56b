// @ts-check
/** Many values or regions -> one for each pixel column, so that hours cost no more to draw than seconds. */

/**
 * The highest and lowest score that falls into each column.
 *
 * A column that is narrower than a step has the score of the step it lies in. Columns outside of the
 * recording have NaN.
 *
 * @param {Float64Array} steps probabilities, one a step
 * @param {Float64Array} edges (steps + 1) microseconds, ascending, all but the last equally far apart
 * @param {number} from seconds at the left edge of the first column
 * @param {number} perColumn seconds
 * @param {number} columns
 * @returns {{high: Float32Array, low: Float32Array}} (columns,)
 */
export function pooledScores(steps, edges, from, perColumn, columns) {
  const high = new Float32Array(columns).fill(NaN);
  const low = new Float32Array(columns).fill(NaN);
  const count = steps.length;
  if (!count) return { high, low };
  const hop = count > 1 ? (edges[count - 1] - edges[0]) / (count - 1) : Infinity;
  const [begin, end] = [edges[0], edges[count]];
  for (let column = 0; column < columns; column++) {
    const left = (from + column * perColumn) * 1e6;
    const right = left + perColumn * 1e6;
    if (right <= begin || left >= end) continue;
    const first = Math.max(Math.floor((left - begin) / hop), 0) || 0;
    const last = Math.min(Math.ceil((right - begin) / hop) - 1, count - 1) || 0;
    let highest = steps[Math.min(first, count - 1)];
    let lowest = highest;
    for (let step = first + 1; step <= last; step++) {
      const score = steps[step];
      if (score > highest) highest = score;
      else if (score < lowest) lowest = score;
    }
    high[column] = highest;
    low[column] = lowest;
  }
  return { high, low };
}

/**
 * Keeps the last result of `pooledScores` for each label, since only zooming and new scores change it.
 *
 * @returns {(key: number, ...wanted: Parameters<typeof pooledScores>) => ReturnType<typeof pooledScores>}
 */
export function keptPools() {
  /** @type {Map<number, {wanted: unknown[], pooled: ReturnType<typeof pooledScores>}>} */
  const kept = new Map();
  return (key, ...wanted) => {
    const last = kept.get(key);
    if (last && last.wanted.every((value, index) => value === wanted[index])) return last.pooled;
    const pooled = pooledScores(...wanted);
    kept.set(key, { wanted, pooled });
    return pooled;
  };
}

/**
 * The runs of columns that spans cover: at most `columns` rectangles, however many spans there are.
 *
 * @param {Iterable<readonly [number, number]>} spans start and end, seconds
 * @param {import("./axis.js").TimeScale} scale
 * @param {(x: number, width: number) => void} paint called for each run, in CSS pixels
 */
export function coveredRuns(spans, scale, paint) {
  const columns = Math.ceil(scale.right - scale.left);
  const covered = new Uint8Array(columns);
  for (const [start, end] of spans) {
    const first = Math.max(Math.floor(scale.x(start) - scale.left), 0);
    const after = Math.min(Math.max(Math.ceil(scale.x(end) - scale.left), first + 1), columns);
    if (first < columns && after > 0) covered.fill(1, first, after);
  }
  for (let column = 0; column < columns; column++) {
    if (!covered[column]) continue;
    const first = column;
    while (column < columns && covered[column]) column++;
    paint(scale.left + first, column - first);
  }
}

/**
 * The index of the first region that ends after a time; its count where there is none.
 *
 * @param {import("./drawing_types.js").Regions} regions
 * @param {number} time seconds
 * @returns {number}
 */
export function firstAfter(regions, time) {
  let [low, high] = [0, regions.count];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (regions.end[middle] > time) high = middle;
    else low = middle + 1;
  }
  return low;
}
