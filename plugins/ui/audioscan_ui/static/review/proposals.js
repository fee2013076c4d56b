// @ts-check
/** Spans that a job proposed for listening: suggestions, and what sounds like a span. */

/** @typedef {import("../facts.js").JobFacts} JobFacts */
/** @typedef {{recording: number, label: string, start: number, end: number, score: number|null, origin: string, why: string}} Proposal */

/**
 * The job whose proposals are the newest, among suggestions and searches that are done.
 *
 * @param {JobFacts[]} jobs
 * @returns {JobFacts|null}
 */
export function newestProposals(jobs) {
  let newest = null;
  for (const job of jobs) {
    if ((job.kind !== "suggest" && job.kind !== "search") || job.state !== "done" || !job.result) continue;
    if (!newest || job.number > newest.number) newest = job;
  }
  return newest;
}

/**
 * @param {JobFacts|null} job
 * @returns {Proposal[]} in the order of the job
 */
export function proposalsOf(job) {
  if (!job) return [];
  if (job.kind === "search") {
    const { label } = job.request.like;
    return job.result.matches.map((/** @type {any} */ match) => ({
      recording: match.recording,
      label,
      start: match.start,
      end: match.end,
      score: null,
      origin: "searched",
      why: `similarity ${match.score.toFixed(2)}`,
    }));
  }
  return job.result.suggestions.map((/** @type {any} */ one) => ({
    recording: one.recording,
    label: one.label,
    start: one.start,
    end: one.end,
    score: one.probability ?? null,
    origin: "suggested",
    why: one.why ?? "",
  }));
}
