// @ts-check
/** Which recording is open, which part of it is shown, and where the playhead and the pointer are. */

/** The nearest view, seconds. */
const NEAREST = 0.2;

/** @typedef {"range"|"playhead"|"cursor"|"draft"|"recording"} Part */
/** @typedef {{start: number, end: number}} Stretch seconds */

/**
 * @typedef {object} Place Fields are for reading; the functions change them. Times are in seconds.
 * @property {number|null} recording
 * @property {number} duration
 * @property {number} from where the shown part begins
 * @property {number} to where it ends
 * @property {number} playhead
 * @property {number|null} cursor where the pointer is
 * @property {Stretch|null} draft a span that is being drawn
 * @property {(Stretch & {was: Stretch, label: string})|null} trimmed a span whose edge is being dragged, as it would become
 * @property {boolean} follow whether the view turns a page when the playhead leaves it; may be set
 * @property {(listener: (what: Part) => void) => () => void} subscribe gives what ends the subscription
 * @property {(recording: number, duration: number) => void} open opens a recording and shows the whole of it
 * @property {(start: number, end: number) => void} show
 * @property {(start: number, end: number) => void} reveal
 * @property {(factor: number, about?: number) => void} zoom
 * @property {(seconds: number) => void} pan
 * @property {(pages: number) => void} page
 * @property {() => void} whole
 * @property {(time: number) => void} seek
 * @property {(time: number) => void} played
 * @property {(time: number|null) => void} hover
 * @property {(draft: Stretch|null) => void} sketch
 * @property {(trimmed: Place["trimmed"]) => void} trim
 */

/**
 * The place that all drawings share. Times are seconds from the recording's beginning.
 *
 * Those who subscribe are told at once which part changed; they draw in the next frame.
 *
 * @returns {Place}
 */
export function createPlace() {
  /** @type {Set<(what: Part) => void>} */
  const listeners = new Set();

  /** @param {Part} what */
  const tell = (what) => listeners.forEach((listener) => listener(what));

  /** @type {Place} */
  const place = {
    recording: null,
    duration: 0,
    from: 0,
    to: 0,
    playhead: 0,
    cursor: null,
    draft: null,
    trimmed: null,
    follow: true,

    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },

    open(recording, duration) {
      Object.assign(place, { recording, duration, from: 0, to: duration, playhead: 0, cursor: null });
      Object.assign(place, { draft: null, trimmed: null });
      tell("recording");
    },

    show(start, end) {
      const length = Math.min(Math.max(end - start, NEAREST), place.duration);
      const from = Math.min(Math.max(start - (length - (end - start)) / 2, 0), place.duration - length);
      if (from === place.from && from + length === place.to) return;
      place.from = from;
      place.to = from + length;
      tell("range");
    },

    /** Move the view no more than is needed to see a span with some room on both sides. */
    reveal(start, end) {
      const shown = place.to - place.from;
      const room = Math.max((end - start) * 0.25, shown * 0.05);
      const length = Math.max(shown, end - start + 2 * room);
      if (start >= place.from && end <= place.to) return;
      place.show((start + end - length) / 2, (start + end + length) / 2);
    },

    /**
     * @param {number} factor 2 shows half as much, 0.5 twice as much
     * @param {number} [about] the time that stays where it is; the playhead, or the middle where that is out of sight
     */
    zoom(factor, about) {
      const { from, to, playhead } = place;
      const seen = playhead >= from && playhead <= to;
      const fixed = about ?? (seen ? playhead : (from + to) / 2);
      const length = Math.min(Math.max((to - from) / factor, NEAREST), place.duration);
      const start = fixed - ((fixed - from) / (to - from || 1)) * length;
      place.show(start, start + length);
    },

    pan(seconds) {
      const length = place.to - place.from;
      const from = Math.min(Math.max(place.from + seconds, 0), place.duration - length);
      place.show(from, from + length);
    },

    /** @param {number} pages three quarters of the view each */
    page(pages) {
      place.pan(pages * 0.75 * (place.to - place.from));
    },

    whole() {
      place.show(0, place.duration);
    },

    seek(time) {
      place.playhead = Math.min(Math.max(time, 0), place.duration);
      tell("playhead");
    },

    /** The playhead while sound is playing: the view turns a page with it. */
    played(time) {
      const inView = place.playhead >= place.from && place.playhead <= place.to;
      place.seek(time);
      const length = place.to - place.from;
      if (place.follow && inView && time > place.to) place.show(time - length * 0.05, time + length * 0.95);
    },

    hover(time) {
      if (time === place.cursor) return;
      place.cursor = time;
      tell("cursor");
    },

    sketch(draft) {
      place.draft = draft;
      tell("draft");
    },

    trim(trimmed) {
      place.trimmed = trimmed;
      tell("draft");
    },
  };
  return place;
}
