// @ts-check
/** Which recording is open, which part of it is shown, and where the playhead and the pointer are. */

/** The nearest view, in seconds: a tenth of a second fills the width. */
const NEAREST = 0.1;

/** @typedef {"range"|"playhead"|"cursor"|"draft"|"recording"} Part */
/** @typedef {{start: number, end: number}} Stretch seconds */

/**
 * The place that all drawings share. Times are seconds from the recording's beginning.
 *
 * Those who subscribe are told at once which part changed; they draw in the next frame.
 */
export function createPlace() {
  /** @type {Set<(what: Part) => void>} */
  const listeners = new Set();

  /** @param {Part} what */
  const tell = (what) => listeners.forEach((listener) => listener(what));

  const place = {
    /** @type {number|null} */
    recording: null,
    duration: 0,
    from: 0,
    to: 0,
    playhead: 0,
    /** @type {number|null} */
    cursor: null,
    /** A span that is being drawn. @type {Stretch|null} */
    draft: null,
    /** A span whose edge is being dragged, and what it would become. @type {(Stretch & {was: Stretch, label: string})|null} */
    trimmed: null,
    /** Whether the view turns a page when the playhead leaves it. */
    follow: true,

    /**
     * @param {(what: Part) => void} listener
     * @returns {() => void} ends the subscription
     */
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },

    /**
     * Open a recording and show the whole of it.
     *
     * @param {number} recording
     * @param {number} duration
     */
    open(recording, duration) {
      Object.assign(place, { recording, duration, from: 0, to: duration, playhead: 0, cursor: null });
      Object.assign(place, { draft: null, trimmed: null });
      tell("recording");
    },

    /** @param {number} start @param {number} end */
    show(start, end) {
      const length = Math.min(Math.max(end - start, NEAREST), place.duration);
      const from = Math.min(Math.max(start - (length - (end - start)) / 2, 0), place.duration - length);
      if (from === place.from && from + length === place.to) return;
      place.from = from;
      place.to = from + length;
      tell("range");
    },

    /**
     * Move the view no more than is needed to see a span with some room on both sides.
     *
     * @param {number} start
     * @param {number} end
     */
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

    /** @param {number} seconds */
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

    /** @param {number} time */
    seek(time) {
      place.playhead = Math.min(Math.max(time, 0), place.duration);
      tell("playhead");
    },

    /**
     * The playhead while sound is playing: the view turns a page with it.
     *
     * @param {number} time
     */
    played(time) {
      const inView = place.playhead >= place.from && place.playhead <= place.to;
      place.seek(time);
      const length = place.to - place.from;
      if (place.follow && inView && time > place.to) place.show(time - length * 0.05, time + length * 0.95);
    },

    /** @param {number|null} time */
    hover(time) {
      if (time === place.cursor) return;
      place.cursor = time;
      tell("cursor");
    },

    /** @param {Stretch|null} draft */
    sketch(draft) {
      place.draft = draft;
      tell("draft");
    },

    /** @param {typeof place.trimmed} trimmed */
    trim(trimmed) {
      place.trimmed = trimmed;
      tell("draft");
    },
  };
  return place;
}
