// @ts-check
/** Numbers as people read them. */

const THIN = "\u202f"; // a space that does not break and does not look like a decimal mark

/**
 * @param {number} number
 * @returns {string} 36 000
 */
export function count(number) {
  return String(Math.round(number)).replace(/\B(?=(\d{3})+$)/g, THIN);
}

/**
 * @param {number} number
 * @param {string} one such as `recording`
 * @param {string} [many] where it is not `one` with an s
 * @returns {string} 1 recording, 12 recordings
 */
export function counted(number, one, many = `${one}s`) {
  return `${count(number)} ${number === 1 ? one : many}`;
}

/**
 * @param {number} seconds
 * @param {number} [decimals]
 * @returns {string} 0:04.2, 2:00:00
 */
export function clock(seconds, decimals = 0) {
  const scale = 10 ** decimals;
  const rounded = Math.round(Math.max(0, seconds) * scale) / scale;
  const hours = Math.floor(rounded / 3600);
  const minutes = Math.floor((rounded % 3600) / 60);
  const rest = (rounded % 60).toFixed(decimals).padStart(decimals ? 3 + decimals : 2, "0");
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}

/**
 * @param {number} seconds
 * @returns {string} 40 s, 3 min, 2 h 5 min
 */
export function span(seconds) {
  if (seconds < 10) return `${Number(seconds.toPrecision(2))} s`;
  if (seconds < 90) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return minutes % 60 && hours < 100 ? `${hours} h ${minutes % 60} min` : `${count(hours)} h`;
}

/**
 * @param {number | null | undefined} share from 0 to 1
 * @param {number} [decimals]
 * @returns {string} 0.874; a dash where it is not known
 */
export function share(share, decimals = 3) {
  return share === null || share === undefined ? "–" : share.toFixed(decimals);
}

/**
 * @param {number | null | undefined} number
 * @returns {string} 91 M; no
 */
export function parameters(number) {
  if (!number) return "no";
  if (number >= 1e9) return `${(number / 1e9).toPrecision(2)} G`;
  if (number >= 1e6) return `${Math.round(number / 1e6)} M`;
  return number >= 1e3 ? `${Math.round(number / 1e3)} k` : String(number);
}

/**
 * @param {number | null | undefined} bytes
 * @returns {string} 361 MB
 */
export function size(bytes) {
  if (!bytes) return "";
  if (bytes >= 1e9) return `${(bytes / 1e9).toFixed(1)} GB`;
  return bytes >= 1e6 ? `${Math.round(bytes / 1e6)} MB` : `${Math.ceil(bytes / 1e3)} kB`;
}

/**
 * @param {number} number
 * @returns {string} +12, −3, 0
 */
export function signed(number) {
  return number > 0 ? `+${count(number)}` : number < 0 ? `−${count(-number)}` : "0";
}
