// @ts-check
/**
 * Actions that the server has not acknowledged, kept in the browser so that neither a reload nor a server that ended loses
 * them. Each page keeps its own; a page that opens takes over those of others, and what is sent twice counts once.
 */

const PAGE = Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) => byte.toString(16).padStart(2, "0")).join(
  "",
);

/** @param {string} folder of the session */
const beginningOf = (folder) => `audioscan-unsent:${folder}:`;

/**
 * @param {string} folder
 * @param {unknown[]} actions
 */
export function keepUnsent(folder, actions) {
  try {
    const name = beginningOf(folder) + PAGE;
    if (actions.length) localStorage.setItem(name, JSON.stringify(actions));
    else localStorage.removeItem(name);
  } catch {
    // a browser that forbids it: the actions are still in memory, and leaving the page asks first
  }
}

/**
 * @param {string} folder
 * @returns {any[]} what all pages have left, each action once
 */
export function takeUnsent(folder) {
  try {
    const names = Object.keys(localStorage).filter((name) => name.startsWith(beginningOf(folder)));
    const actions = names.flatMap((name) => JSON.parse(localStorage.getItem(name) ?? "[]"));
    const left = [...new Map(actions.map((action) => [action.id, action])).values()];
    keepUnsent(folder, left);
    for (const name of names) if (!name.endsWith(PAGE)) localStorage.removeItem(name);
    return left;
  } catch {
    return []; // forbidden, or not what was written
  }
}
