// @ts-check
/** Long work that the server does: start it, cancel it, hear of it, wait for its end. */

import { postJson } from "./server.js";
import { store } from "./store.js";

/** @typedef {import("./facts.js").JobFacts} JobFacts */

const ENDED = new Set(["done", "failed", "cancelled"]);

/**
 * @param {JobFacts} job
 * @returns {boolean} whether it is over
 */
export function hasEnded(job) {
  return ENDED.has(job.state);
}

/**
 * @param {Record<string, any>} request with its `kind`
 * @returns {Promise<JobFacts>} as it was started
 * @throws {import("./server.js").ServerProblem} it was refused
 */
export async function startJob(request) {
  const { job } = await postJson("api/jobs", request);
  heardJob(job);
  return job;
}

/** @param {number} number */
export async function cancelJob(number) {
  const { job } = await postJson(`api/jobs/${number}/cancel`);
  if (job) heardJob(job);
}

/**
 * Take what the server tells of a job; what it told before of the same one is replaced.
 *
 * @param {JobFacts} job
 */
export function heardJob(job) {
  const known = store.jobs.find((each) => each.number === job.number);
  if (known && hasEnded(known) && !hasEnded(job)) return; // an answer that came after the last event
  const others = store.jobs.filter((each) => each.number !== job.number);
  store.update({ jobs: [...others, job].sort((one, other) => one.number - other.number) });
}

/**
 * @param {number} number
 * @returns {Promise<JobFacts>} as it ended
 */
export function finished(number) {
  return new Promise((resolve) => {
    const look = () => {
      const job = store.jobs.find((each) => each.number === number);
      if (!job || !hasEnded(job)) return false;
      end();
      resolve(job);
      return true;
    };
    let end = () => {};
    if (!look()) end = store.subscribe("jobs", look);
  });
}

/**
 * @param {string} kind
 * @param {(job: JobFacts) => boolean} [fits]
 * @returns {JobFacts | undefined} the last one of a kind
 */
export function lastJob(kind, fits = () => true) {
  return store.jobs.findLast((job) => job.kind === kind && fits(job));
}

/**
 * @param {JobFacts} job
 * @returns {number | null} share that is done of its longest known work; null where nobody knows
 */
export function shareDone(job) {
  const work = currentWork(job);
  return work && work.total ? Math.min(1, work.done / work.total) : null;
}

/**
 * @param {JobFacts} job
 * @returns {import("./facts.js").Work | undefined} the piece to show
 */
export function currentWork(job) {
  return job.works.findLast((work) => work.total !== null && work.done < work.total) ?? job.works.at(-1);
}
