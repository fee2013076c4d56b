// @ts-check
/** How many of the judged regions were right, and how sure that is. */

/** The 97.5 % point of the normal distribution, for intervals of 95 %. */
const Z = 1.959963984540054;

/**
 * @typedef {object} Share
 * @property {number} value from 0 to 1
 * @property {number} low end of the interval
 * @property {number} high end of the interval
 */

/**
 * The share of successes with its 95 % interval by Wilson's score (E. B. Wilson, JASA 22, 1927), which keeps its promise for
 * few trials and shares near 0 and 1 too.
 *
 * @param {number} successes
 * @param {number} trials
 * @returns {Share|null} null without a trial
 */
export function wilson(successes, trials) {
  if (!trials) return null;
  const share = successes / trials;
  const denominator = 1 + (Z * Z) / trials;
  const centre = (share + (Z * Z) / (2 * trials)) / denominator;
  const half = (Z / denominator) * Math.sqrt((share * (1 - share)) / trials + (Z * Z) / (4 * trials * trials));
  return { value: share, low: Math.max(0, centre - half), high: Math.min(1, centre + half) };
}

/**
 * @typedef {object} Counts
 * @property {number} accepted
 * @property {number} rejected relabelled ones are counted here too: they were not what was found
 * @property {number} unsure
 * @property {number} todo
 * @property {number} total
 * @property {Share|null} precision of the found ones: accepted among accepted and rejected
 */

/**
 * Count the verdicts of rows.
 *
 * @param {Iterable<import("./rows.js").Row>} rows
 * @returns {Counts}
 */
export function countVerdicts(rows) {
  const counts = { accepted: 0, rejected: 0, unsure: 0, todo: 0, total: 0 };
  let right = 0;
  let judged = 0;
  for (const row of rows) {
    counts.total++;
    const isRight = row.verdict === "positive" && !row.relabelled;
    if (row.verdict === null) counts.todo++;
    else if (row.verdict === "soft") counts.unsure++;
    else if (isRight) counts.accepted++;
    else counts.rejected++;
    if (row.origin !== "found" || row.verdict === null || row.verdict === "soft") continue;
    judged++;
    if (isRight) right++;
  }
  return { ...counts, precision: wilson(right, judged) };
}
