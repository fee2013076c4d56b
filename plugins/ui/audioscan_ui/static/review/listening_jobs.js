// @ts-check
/** Work that the review starts: scans, suggestions, and the search for what sounds alike. */

import { finished, startJob } from "../jobs.js";
import { attempt, tell } from "../messages.js";

const PROPOSALS = 50; // spans that a suggestion or a search proposes at most

/**
 * @param {import("./model.js").ReviewModel} model
 * @param {() => void} showProposals what to do when there are some
 */
export function listeningJobs(model, showProposals) {
  /** @param {Record<string, any>} request */
  async function propose(request) {
    const job = await attempt(() => startJob(request));
    if (!job) return;
    const { state, result } = await finished(job.number);
    if (state !== "done") return;
    const many = (result.suggestions ?? result.matches).length;
    if (many) showProposals();
    tell(many ? `${many} spans to listen to are in the list.` : "Nothing was found to listen to.", "done");
  }

  return {
    /** @param {number[]|"all"} recordings */
    scan: (recordings) => {
      const detector = model.detector?.number;
      if (detector) attempt(() => startJob({ kind: "scan", detector, recordings, rate: null }));
    },
    suggest: () => {
      const { detector } = model;
      if (detector) propose({ kind: "suggest", detector: detector.number, n: PROPOSALS, recordings: "all", labels: detector.labels });
    },
    /** Find what sounds like the selected span. */
    similar: () => {
      const row = model.selected;
      if (!row) return;
      const { recording, start, end, label } = row;
      tell("Looking for what sounds alike …");
      propose({ kind: "search", model: null, recordings: "all", like: { recording, start, end, label }, n: PROPOSALS });
    },
  };
}
