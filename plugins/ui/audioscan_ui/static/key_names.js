// @ts-check
/** Names of keys: what a key press is called, and which element keeps it for itself. */

/** Keys that `event.key` calls otherwise than the page does. @type {Record<string, string>} */
const SHOWN = {
  " ": "Space",
  ArrowUp: "Up",
  ArrowDown: "Down",
  ArrowLeft: "Left",
  ArrowRight: "Right",
  "{": "Shift+[",
  "}": "Shift+]",
};

/** Where the key lies, for those whose sign changes with Shift or with the layout. @type {Record<string, string>} */
const PLACES = { BracketLeft: "[", BracketRight: "]", NumpadAdd: "+", NumpadSubtract: "-", NumpadEnter: "Enter" };

const TYPED = new Set(["text", "search", "number", "email", "url", "password", "date", "time", "tel"]);
const MOVES = new Set(["Up", "Down", "Left", "Right", "Home", "End", "PageUp", "PageDown"]);
const PRESSES = new Set(["Space", "Enter"]);

/**
 * The name of a key press, such as "A", "Shift+[" or "Ctrl+Shift+Z"; null for one that the page leaves alone.
 *
 * @param {KeyboardEvent} event
 * @returns {string|null}
 */
export function keyOf(event) {
  if (["Shift", "Control", "Alt", "Meta", "AltGraph", "Dead"].includes(event.key)) return null;
  // On many keyboards [ and ] are typed with AltGr, which some systems tell as Ctrl and Alt.
  const signOnly = event.getModifierState("AltGraph") && event.key.length === 1;
  if (event.altKey && !signOnly) return null;
  const command = (event.ctrlKey || event.metaKey) && !signOnly;
  const name = named(event);
  if (name.startsWith("Shift+")) return command ? `Ctrl+${name}` : name;
  // Signs such as ? and + need Shift on some keyboards and not on others.
  const isSign = name.length === 1 && !/[A-Z0-9[\]]/.test(name);
  const shift = event.shiftKey && !isSign && !signOnly;
  return `${command ? "Ctrl+" : ""}${shift ? "Shift+" : ""}${name}`;
}

/**
 * @param {KeyboardEvent} event
 * @returns {string}
 */
function named(event) {
  const digit = /^(?:Digit|Numpad)(\d)$/.exec(event.code);
  if (event.key === "[" || event.key === "]") return event.key;
  if (digit && (event.code.startsWith("Digit") || /^\d$/.test(event.key)) && !event.getModifierState("AltGraph")) return digit[1];
  if (SHOWN[event.key]) return SHOWN[event.key];
  if (PLACES[event.code] && !/^[a-z]$/i.test(event.key)) return PLACES[event.code];
  if (event.key === "=" && event.code === "Equal") return "+"; // zoom in without Shift, as browsers do
  return event.key.length === 1 ? event.key.toUpperCase() : event.key;
}

/**
 * How a key is shown on a button, where room is short.
 *
 * @param {string} key
 * @returns {string}
 */
export function hintOf(key) {
  return key.replace("Shift+", "⇧").replace("Backspace", "⌫").replace(/Up$/, "↑").replace(/Down$/, "↓");
}

/**
 * Whether the focused element needs this key itself: text is typed into it, or the key moves or presses it.
 *
 * @param {Element|null} element
 * @param {string} key
 * @returns {boolean}
 */
export function ownsKey(element, key) {
  if (!(element instanceof HTMLElement) || element === document.body) return false;
  if (element.isContentEditable || element instanceof HTMLTextAreaElement) return true;
  const bare = key.replace(/^(Ctrl\+)?(Shift\+)?/, "");
  if (element instanceof HTMLSelectElement) return true;
  if (element instanceof HTMLInputElement) {
    if (TYPED.has(element.type)) return true;
    if (element.type === "range") return MOVES.has(bare);
    return PRESSES.has(bare) || (element.type === "radio" && MOVES.has(bare));
  }
  if (element instanceof HTMLButtonElement || element instanceof HTMLAnchorElement) return PRESSES.has(bare);
  if (element.tagName === "SUMMARY") return PRESSES.has(bare);
  return element.getAttribute("role") === "tab" && MOVES.has(bare);
}
