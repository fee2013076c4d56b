// @ts-check
/** Plays the open recording, and moves the playhead with the sound. */

import { addressOf } from "../server.js";

/** @typedef {import("./drawing_types.js").Place} Place */

/**
 * @typedef {object} Player
 * @property {boolean} loop whether a part begins again at its end; may be set
 * @property {string|null} problem why nothing can be heard
 * @property {(from: number, to?: number|null, options?: {loop?: boolean}) => Promise<void>} play plays a part, seconds; to the
 *   recording's end where `to` is absent
 * @property {() => void} pause
 * @property {() => Promise<void>} toggle pauses, or goes on from the playhead and to the end of the part it is in
 * @property {boolean} playing
 * @property {number} volume 0 to 4; 1 is the recording's own loudness; may be set
 * @property {number} rate how fast, 1 as recorded, with the pitch kept; may be set
 * @property {(listener: () => void) => () => void} subscribe gives what ends the subscription
 * @property {() => void} close
 */

/**
 * @param {Place} place
 * @returns {Player}
 */
export function player(place) {
  const audio = new Audio();
  audio.preload = "metadata";
  /** Where the part that is played begins and ends, seconds. @type {{from: number, to: number|null}} */
  let part = { from: 0, to: null };
  /** The recording that `audio` has. @type {number|null} */
  let loaded = null;
  let frame = 0;
  let loudness = 1;
  /** @type {GainNode|null} */
  let amplifier = null;
  /** @type {Set<() => void>} */
  const listeners = new Set();
  const tell = () => listeners.forEach((listener) => listener());

  const load = () => {
    if (loaded === place.recording) return;
    loaded = place.recording;
    self.problem = null;
    audio.pause();
    if (loaded === null) audio.removeAttribute("src");
    else audio.src = addressOf(`api/recordings/${loaded}/audio.wav`);
  };

  /** At the end of the part: from its beginning again, or silence. */
  const follow = () => {
    if (audio.paused) return;
    const { from, to } = part;
    if (to !== null && audio.currentTime >= to) {
      if (self.loop) audio.currentTime = from;
      else {
        audio.pause();
        place.seek(to);
        return;
      }
    }
    if (!audio.seeking) place.played(audio.currentTime);
  };
  const eachFrame = () => {
    frame = 0;
    follow();
    if (!audio.paused) frame ||= requestAnimationFrame(eachFrame);
  };

  audio.addEventListener("playing", () => {
    frame ||= requestAnimationFrame(eachFrame);
    tell();
  });
  audio.addEventListener("timeupdate", follow); // where the page is in the background, no frames come
  // Where another recording is loaded, "emptied" comes in place of "pause".
  for (const name of ["play", "pause", "emptied", "waiting", "volumechange", "ratechange"]) audio.addEventListener(name, tell);
  audio.addEventListener("ended", () => {
    if (self.loop) void self.play(part.from, part.to, { loop: true });
    else tell();
  });
  audio.addEventListener("error", () => {
    if (loaded === null) return;
    self.problem = `This recording cannot be played${audio.error?.message ? ` (${audio.error.message})` : ""}.`;
    tell();
  });
  const stop = place.subscribe((what) => {
    if (what === "recording") load();
  });

  /** Above its own loudness the sound goes through an amplifier, which is made when it is first needed. */
  const amplify = () => {
    if (loudness > 1 && !amplifier) {
      const sound = new AudioContext();
      amplifier = new GainNode(sound);
      sound.createMediaElementSource(audio).connect(amplifier).connect(sound.destination);
    }
    if (amplifier) amplifier.gain.value = Math.max(loudness, 1);
    audio.volume = Math.min(loudness, 1);
  };

  /** @type {Player} */
  const self = {
    loop: false,
    problem: null,

    async play(from, to = null, { loop = self.loop } = {}) {
      load();
      if (loaded === null) return;
      self.loop = loop;
      part = { from, to };
      audio.currentTime = from;
      place.seek(from);
      await audio.play().catch((error) => {
        if (error.name === "AbortError") return; // paused, or another part, before it began
        self.problem ??= `This recording cannot be played (${error.message}).`;
        tell();
      });
    },
    pause() {
      audio.pause();
    },
    async toggle() {
      if (!audio.paused) return audio.pause();
      const { from, to } = part;
      const inside = to !== null && place.playhead >= from && place.playhead < to - 0.01;
      await self.play(place.playhead, inside ? to : null);
      if (inside) part.from = from;
    },
    get playing() {
      return !audio.paused;
    },
    get volume() {
      return loudness;
    },
    set volume(value) {
      loudness = Math.min(Math.max(value, 0), 4);
      amplify();
      tell();
    },
    get rate() {
      return audio.playbackRate;
    },
    set rate(value) {
      audio.defaultPlaybackRate = value; // a new recording begins with the default
      audio.playbackRate = value;
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    close() {
      stop();
      audio.pause();
      audio.removeAttribute("src");
      cancelAnimationFrame(frame);
    },
  };
  load();
  return self;
}
