// @ts-check
/** The shapes of what the drawing reads, for the checker and for the reader. Nothing here runs. */

/**
 * @typedef {object} Verdict A judgement of a span; times in seconds.
 * @property {string} id
 * @property {number} recording
 * @property {number} start
 * @property {number} end
 * @property {string} label
 * @property {"positive"|"absent"|"soft"} role
 * @property {number|null} [score]
 * @property {string} [origin]
 */

/**
 * @typedef {object} Regions Found spans in ascending order that do not overlap.
 * @property {Float64Array} start seconds
 * @property {Float64Array} end seconds
 * @property {Float64Array} score 0 to 1, the highest in the region
 * @property {number} count
 */

/**
 * @typedef {object} Label A label of the detector with its scores in the open recording.
 * @property {string} name
 * @property {{threshold: number, low?: number|null}} settings
 * @property {Float64Array|null} [steps] a probability for each step
 * @property {Float64Array|null} [edges] (steps + 1) microseconds
 * @property {Uint8Array|null} [silent] 1 where a step is silence
 * @property {Regions|null} [regions]
 */

/**
 * @typedef {object} Named A labelled stretch that is neither found nor judged.
 * @property {string} label
 * @property {number} start
 * @property {number} end
 * @property {string} origin "labelled", "suggested" or "searched"
 */

/**
 * @typedef {object} Model What is drawn. Arrays are replaced, never changed in place.
 * @property {Label[]} labels
 * @property {number|null} [recording] the open one
 * @property {number} [current] index of the label in front
 * @property {Verdict[]} [verdicts] of the open recording
 * @property {Named[]} [spans]
 * @property {{label: string, start: number, end: number, verdicts?: {start: number, end: number}[]}|null} [selected]
 * @property {(fn: () => void) => (() => void)} subscribe
 */

/**
 * @typedef {object} Span What lies under the pointer.
 * @property {string} label
 * @property {number} labelIndex -1 for a label that the detector does not know
 * @property {number} start seconds
 * @property {number} end seconds
 * @property {number|null} score
 * @property {Verdict|null} verdict
 * @property {string|null} origin
 */

/**
 * @typedef {object} Handlers What happens when something is done with the mouse or by a command.
 * @property {(span: Span, time: number) => void} [onSelect]
 * @property {(time: number) => void} [onSeek]
 * @property {(span: Span, start: number, end: number) => void} [onEdge]
 * @property {(start: number, end: number) => void} [onDrawn]
 * @property {(value: number, labelIndex: number) => void} [onThreshold]
 * @property {(value: number, labelIndex: number) => void} [onLow]
 * @property {(picture: Picture) => void} [onPicture]
 * @property {Partial<Picture>} [picture]
 */

/**
 * @typedef {object} Picture How the spectrogram is coloured.
 * @property {string} map name of a colour map
 * @property {number} brightness -100 to 100
 * @property {number} contrast -100 to 100
 * @property {number} top highest frequency in Hz; 0 for all there is
 */

/** @typedef {import("./range.js").Place} Place */

export {};
