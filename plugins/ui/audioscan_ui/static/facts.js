// @ts-check
/** What the server tells, as types. There is no code here: every module that reads the server's answers names these. */

/** @typedef {"positive" | "absent" | "soft"} Role accepted or drawn; rejected: this label is not here; unsure */

/**
 * @typedef {object} Verdict What somebody said of a span of a recording. Times are seconds.
 * @property {string} id 32 hexadecimal digits, made by the page
 * @property {number} recording
 * @property {number} start
 * @property {number} end
 * @property {string} label
 * @property {Role} role
 * @property {number | null} score of the region as it was seen
 * @property {string | null} detector SHA-256 of the detector whose region was judged
 * @property {"found" | "drawn" | "suggested" | "searched" | "labelled"} origin
 * @property {{start: number, end: number, label: string} | null} found the region as it was when it was judged
 */

/**
 * @typedef {object} RecordingFacts
 * @property {number} number
 * @property {string} name
 * @property {number | null} duration seconds; null until it was read
 * @property {string | null} problem
 * @property {string[]} embedded names of the models whose embeddings lie in the cache
 * @property {number | null} annotated labels of label files; null until they were counted
 * @property {number} reviewed verdicts
 * @property {Record<string, number>} labels
 */

/**
 * @typedef {object} LabelFileFacts
 * @property {number} number
 * @property {string} name
 * @property {Record<string, number>} counts by role
 * @property {string[]} labels
 * @property {string | null} problem
 */

/**
 * @typedef {object} DetectorFacts
 * @property {number} number
 * @property {string} name
 * @property {string} model
 * @property {string[]} labels
 * @property {number} window seconds
 * @property {number} hop seconds
 * @property {string} sha256
 * @property {Record<string, Figures | null>} figures label -> held-out figures
 * @property {boolean} dropped
 * @property {string | null} problem
 * @property {number} scanned recordings
 * @property {Record<string, any> | null} made_by the request of the training
 */

/**
 * @typedef {object} Figures Held-out figures of one label.
 * @property {number} windows
 * @property {number} positives
 * @property {number} average_precision
 * @property {number} roc_auc
 * @property {number} brier
 * @property {number} expected_calibration_error
 * @property {number} threshold
 * @property {number | null} precision
 * @property {number} recall
 * @property {number | null} false_alarms_per_hour
 * @property {number} false_seconds_per_hour
 */

/**
 * @typedef {object} Work A piece of a job that is under way.
 * @property {string} what
 * @property {string} unit
 * @property {number} done
 * @property {number | null} total null where nobody knows
 * @property {number | null} rate units a second
 * @property {number | null} seconds_left
 */

/**
 * @typedef {object} JobFacts
 * @property {number} number
 * @property {string} kind
 * @property {string} title
 * @property {"waiting" | "running" | "done" | "failed" | "cancelled"} state
 * @property {Work[]} works
 * @property {string[]} notes
 * @property {string | null} problem
 * @property {any} result
 * @property {Record<string, any>} request
 * @property {number | null} started seconds since 1970
 * @property {number | null} ended
 */

/**
 * @typedef {object} Change What one action changed.
 * @property {number} seq counts from 1, without gaps
 * @property {string} id of the action
 * @property {Verdict[]} add
 * @property {string[]} remove
 * @property {number} undo how many actions can be undone
 * @property {number} redo
 * @property {Record<string, any> | null} settings
 */

/**
 * @typedef {object} SessionState
 * @property {string} name
 * @property {string} folder
 * @property {number} seq
 * @property {RecordingFacts[]} recordings
 * @property {LabelFileFacts[]} label_files
 * @property {string[]} labels
 * @property {DetectorFacts[]} detectors
 * @property {Verdict[]} verdicts
 * @property {number} undo
 * @property {number} redo
 * @property {Record<string, any>} settings
 * @property {JobFacts[]} jobs
 * @property {boolean} demo nothing is here yet: the demo is offered
 */

export {};
