// @ts-check
/** Actions that the server has not acknowledged, kept in the browser so that a reload does not lose them. */

/** @param {string} folder of the session */
const nameOf = (folder) => `audioscan-unsent:${folder}`;

/**
 * @param {string} folder
 * @param {unknown[]} actions
 */
export function keepUnsent(folder, actions) {
  try {
    if (actions.length) localStorage.setItem(nameOf(folder), JSON.stringify(actions));
    else localStorage.removeItem(nameOf(folder));
  } catch {
    // a browser that forbids it: the actions are still in memory, and leaving the page asks first
  }
}

/**
 * @param {string} folder
 * @returns {any[]}
 */
export function readUnsent(folder) {
  try {
    const actions = JSON.parse(localStorage.getItem(nameOf(folder)) ?? "[]");
    return Array.isArray(actions) ? actions : [];
  } catch {
    return []; // forbidden, or not what was written
  }
}
