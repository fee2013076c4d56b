// @ts-check
/** Elements made by small functions. Whatever is text goes in as text, so that a label can never become markup. */

/** @typedef {Node | string | number | null | undefined | false} Child */

/**
 * An element with its attributes, listeners and children.
 *
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {Record<string, any>} [attributes] `class`, `title`, `aria-...`, `data-...` are attributes; `onclick` and
 *   the like take a function; `value`, `checked`, `disabled`, `hidden`, `selected`, `open` are properties; what is
 *   null, undefined or false is left out.
 * @param {...(Child | Child[])} children strings become text
 * @returns {HTMLElementTagNameMap[T]}
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (PROPERTIES.has(name)) /** @type {any} */ (element)[name] = value;
    else if (value === true) element.setAttribute(name, "");
    else if (value !== null && value !== undefined && value !== false) element.setAttribute(name, String(value));
  }
  append(element, children);
  return element;
}

const PROPERTIES = new Set(["value", "checked", "disabled", "hidden", "selected", "open", "indeterminate"]);

/**
 * Put other children in place of those that are there. An element that comes back keeps the focus.
 *
 * @param {Element} element
 * @param {...(Child | Child[])} children
 */
export function fill(element, ...children) {
  const focused = element.contains(document.activeElement) ? document.activeElement : null;
  element.replaceChildren();
  append(element, children);
  if (focused instanceof HTMLElement && element.contains(focused)) focused.focus({ preventScroll: true });
}

/**
 * Set the text only where it differs, so that a screen reader is not told twice and the selection stays.
 *
 * @param {Element} element
 * @param {string} text
 */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * A function that does something only where what it depends on has changed: what is open or focused stays as it is.
 *
 * @param {() => unknown} dependsOn plain JSON
 * @param {() => void} fn
 * @returns {() => void}
 */
export function whenNew(dependsOn, fn) {
  /** @type {string | undefined} */
  let known;
  return () => {
    const now = JSON.stringify(dependsOn());
    if (now === known) return;
    known = now;
    fn();
  };
}

/**
 * Call a function after a pause in the calls.
 *
 * @template {any[]} A
 * @param {number} milliseconds
 * @param {(...given: A) => void} fn
 * @returns {(...given: A) => void}
 */
export function afterPause(milliseconds, fn) {
  let timer = 0;
  return (...given) => {
    clearTimeout(timer);
    timer = setTimeout(() => fn(...given), milliseconds);
  };
}

/**
 * @param {Element} element
 * @param {(Child | Child[])[]} children
 */
function append(element, children) {
  for (const child of children.flat()) {
    if (child === null || child === undefined || child === false) continue;
    element.append(child instanceof Node ? child : String(child));
  }
}
