// @ts-check
/** Tiles of the spectrogram: fetched where they are seen, kept in small numbers, coloured here. */

import { ServerProblem, getBytes } from "../server.js";

/** Rows of a tile; the first is the highest frequency. */
const ROWS = 128;
/** Tiles that are kept, and how many are asked for at a time. */
const [KEPT, AT_A_TIME] = [60, 3];
/** Seconds after which a tile that failed is asked for again. */
const RETRY = 5;
/** The first tiles of a recording, from which the levels of the darkest and the brightest colour are found. */
const LEVELLED = 8;

/**
 * @typedef {object} Tile
 * @property {number} start seconds
 * @property {number} seconds
 * @property {number} top Hz
 * @property {number} columns
 * @property {Uint8Array} levels (ROWS, columns)
 * @property {HTMLCanvasElement} picture
 * @property {Uint32Array|null} colours those that the picture has
 */

/** @typedef {{recording: number, scale: number, number: number, top: number}} Wanted */

/** Seconds of a tile. @param {number} scale */
export const tileSeconds = (scale) => 32 * 2 ** scale;

/** @param {Wanted} wanted */
const nameOf = ({ recording, scale, number, top }) => `${recording}/${scale}/${number}/${top}`;

/**
 * @param {Wanted} wanted
 * @param {AbortSignal} signal
 * @returns {Promise<Tile>}
 */
async function fetched({ recording, scale, number, top }, signal) {
  const query = `scale=${scale}${top ? `&top=${top}` : ""}`;
  const { bytes, headers } = await getBytes(`api/recordings/${recording}/tiles/${number}?${query}`, signal);
  const levels = new Uint8Array(bytes);
  const figure = (/** @type {string} */ name, /** @type {number} */ plain) => Number(headers.get(name) ?? plain);
  const seconds = tileSeconds(scale);
  return {
    start: figure("X-Start", number * seconds),
    seconds: figure("X-Seconds", seconds),
    top: figure("X-Top-Frequency", top || 24000),
    columns: levels.length / ROWS,
    levels,
    picture: document.createElement("canvas"),
    colours: null,
  };
}

/**
 * @param {() => void} onTile called when a tile came or failed: draw again
 */
export function createTiles(onTile) {
  /** In the order of their last use. @type {Map<string, Tile>} */
  const kept = new Map();
  /** @type {Map<string, AbortController>} */
  const asked = new Map();
  /** When each failed, milliseconds. @type {Map<string, number>} */
  const failed = new Map();
  const histogram = new Float64Array(256);
  let levelled = 0;
  /** @type {Wanted[]} */
  let queue = [];

  const tiles = {
    /** The scales that the server has. */
    finest: -5,
    coarsest: 11,
    low: 40,
    high: 220,
    /** @type {string|null} */
    problem: null,

    /** Forget the levels of the recording before. */
    open() {
      histogram.fill(0);
      levelled = 0;
      tiles.problem = null;
    },

    /**
     * Ask for what is seen, the first first; what is no longer seen is no longer asked for.
     *
     * @param {Wanted[]} wanted
     */
    want(wanted) {
      const names = new Set(wanted.map(nameOf));
      for (const [name, controller] of asked) if (!names.has(name)) controller.abort();
      const waits = (/** @type {string} */ name) => performance.now() - (failed.get(name) ?? -Infinity) < RETRY * 1000;
      queue = wanted.filter((one) => !kept.has(nameOf(one)) && !asked.has(nameOf(one)) && !waits(nameOf(one)));
      next();
    },

    /**
     * @param {Wanted} wanted
     * @returns {Tile|null}
     */
    tile(wanted) {
      const name = nameOf(wanted);
      const tile = kept.get(name);
      if (!tile) return null;
      kept.delete(name);
      kept.set(name, tile);
      return tile;
    },

    /**
     * Tiles of other scales that can stand in, the coarsest first.
     *
     * @param {number} recording
     * @param {number} top
     * @param {number} from seconds
     * @param {number} to seconds
     * @returns {Tile[]}
     */
    standIns(recording, top, from, to) {
      return [...kept]
        .filter(([name, { start, seconds }]) => {
          const [ofRecording, , , ofTop] = name.split("/").map(Number);
          return ofRecording === recording && ofTop === top && start < to && start + seconds > from;
        })
        .map(([, tile]) => tile)
        .sort((one, other) => other.seconds - one.seconds);
    },
  };

  const next = () => {
    while (asked.size < AT_A_TIME && queue.length) void ask(/** @type {Wanted} */ (queue.shift()));
  };

  /** @param {Wanted} wanted */
  const ask = async (wanted) => {
    const name = nameOf(wanted);
    const controller = new AbortController();
    asked.set(name, controller);
    try {
      keep(name, await fetched(wanted, controller.signal));
      tiles.problem = null;
    } catch (error) {
      if (!controller.signal.aborted) refused(wanted, /** @type {Error} */ (error));
    } finally {
      asked.delete(name);
      next();
      onTile();
    }
  };

  /** @param {Wanted} wanted @param {Error} error */
  const refused = (wanted, error) => {
    const outOfReach = error instanceof ServerProblem && (error.status === 404 || error.status === 422);
    if (outOfReach && wanted.scale < 0) tiles.finest = Math.max(tiles.finest, wanted.scale + 1);
    else if (outOfReach && wanted.scale > 0) tiles.coarsest = Math.min(tiles.coarsest, wanted.scale - 1);
    else {
      failed.set(nameOf(wanted), performance.now());
      tiles.problem = error.message;
      setTimeout(onTile, RETRY * 1000 + 50);
    }
  };

  /** @param {string} name @param {Tile} tile */
  const keep = (name, tile) => {
    kept.set(name, tile);
    for (const old of kept.keys()) {
      if (kept.size <= KEPT) break;
      kept.delete(old);
    }
    if (levelled++ < LEVELLED) {
      for (const level of tile.levels) histogram[level]++;
      [tiles.low, tiles.high] = levelsOf(histogram);
    }
  };

  return tiles;
}

/**
 * The levels that become the darkest and the brightest colour: a third of the picture is dark, two in a
 * thousand are as bright as can be. Silence, level 0, does not count.
 *
 * @param {Float64Array} histogram (256,)
 * @returns {[number, number]}
 */
function levelsOf(histogram) {
  const total = histogram.reduce((sum, count, level) => (level ? sum + count : 0), 0);
  const at = (/** @type {number} */ share) => {
    let seen = 0;
    for (let level = 1; level < 256; level++) if ((seen += histogram[level]) > share * total) return level;
    return 255;
  };
  if (!total) return [40, 220];
  const low = at(0.33);
  return [low, Math.max(at(0.998), low + 40)];
}

/**
 * The picture of a tile in these colours; painted anew only where they changed.
 *
 * @param {Tile} tile
 * @param {Uint32Array} colours (256,)
 * @returns {HTMLCanvasElement}
 */
export function picture(tile, colours) {
  if (tile.colours === colours) return tile.picture;
  tile.picture.width = tile.columns;
  tile.picture.height = ROWS;
  const context = /** @type {CanvasRenderingContext2D} */ (tile.picture.getContext("2d"));
  const image = context.createImageData(tile.columns, ROWS);
  const pixels = new Uint32Array(image.data.buffer);
  for (let index = 0; index < pixels.length; index++) pixels[index] = colours[tile.levels[index]];
  context.putImageData(image, 0, 0);
  tile.colours = colours;
  return tile.picture;
}
