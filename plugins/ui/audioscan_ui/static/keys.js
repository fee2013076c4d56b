// @ts-check
/**
 * The keyboard of the page: which key does what, and buttons that show their key.
 *
 * A key is written as it is shown: "A", "Space", "Enter", "[", "Shift+[", "Ctrl+Z", "Ctrl+Shift+Z", "1", "Shift+1", "?".
 * A single key does nothing while text is typed, while Ctrl, Alt or Meta is held, or while a dialog is open.
 */

import { hintOf, keyOf, ownsKey } from "./key_names.js";

/**
 * @typedef {object} KeyOptions
 * @property {string} [group] the heading under which the sheet of keys lists it
 * @property {() => boolean} [when] whether the key does anything now; always unless given
 * @property {boolean} [repeat] whether holding the key down does it again and again; not unless given
 * @property {string} [shown] how the sheet of keys shows the key, where it stands for others too
 */

/**
 * @typedef {object} ButtonOptions
 * @property {string} [title] what the tooltip says; the label unless given
 * @property {string} [className]
 * @property {string} [name] the name for screen readers, where the label is a sign
 */

/** @typedef {{key: string, label: string, fn: (event: Event) => void, group: string, when: () => boolean, repeat: boolean,
 *   shown: string}} Binding */

class Keyboard {
  constructor() {
    /** @type {Binding[]} */
    this.bindings = [];
    this.listening = false;
  }

  /** @param {Binding} binding */
  add(binding) {
    if (!this.listening) {
      document.addEventListener("keydown", (event) => this.pressed(event));
      this.listening = true;
    }
    this.bindings.push(binding);
    return () => {
      this.bindings = this.bindings.filter((other) => other !== binding);
    };
  }

  /** @param {KeyboardEvent} event */
  pressed(event) {
    if (event.defaultPrevented || event.isComposing || document.querySelector("dialog[open]")) return;
    const key = keyOf(event);
    // A field that was left by this very key keeps it all the same.
    if (!key || (event.target instanceof Element && ownsKey(event.target, key))) return;
    const binding = this.bindings.find((one) => one.key === key && one.when());
    if (!binding) return;
    event.preventDefault();
    if (!event.repeat || binding.repeat) binding.fn(event);
  }
}

const keyboard = new Keyboard();

/**
 * Let a key do something. Of several for one key the first one whose `when` holds is taken.
 *
 * @param {string} key
 * @param {string} label what it does, for the sheet of keys; an empty one is not listed
 * @param {(event: Event) => void} fn
 * @param {KeyOptions} [options]
 * @returns {() => void} takes the key away again
 */
export function register(key, label, fn, options = {}) {
  const { group = "Page", when = () => true, repeat = false, shown = key } = options;
  return keyboard.add({ key, label, fn, group, when, repeat, shown });
}

/**
 * Let the sheet of keys tell what the mouse does.
 *
 * @param {string} shown such as "Shift and drag"
 * @param {string} label
 * @param {() => boolean} when
 */
export function mention(shown, label, when) {
  keyboard.add({ key: "", label, fn: () => {}, group: "Mouse", when, repeat: false, shown });
}

/**
 * A button that shows its key, names it in its tooltip, and is pressed by it.
 *
 * It takes no focus from a mouse click: Space plays, and must not press the last button again.
 *
 * @param {string} label
 * @param {string|null} key no key where null
 * @param {(event: Event) => void} fn not called while the button is disabled
 * @param {KeyOptions & ButtonOptions} [options]
 * @returns {HTMLButtonElement}
 */
export function button(label, key, fn, options = {}) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = options.className ?? "";
  const text = document.createElement("span");
  text.textContent = label;
  made.append(text);
  const title = options.title ?? label;
  made.title = key ? `${title} (key: ${key})` : title;
  if (options.name) made.setAttribute("aria-label", options.name);
  if (key) {
    const hint = document.createElement("kbd");
    hint.textContent = hintOf(key);
    hint.setAttribute("aria-hidden", "true");
    made.append(hint);
    made.setAttribute("aria-keyshortcuts", key.replace("Ctrl", "Control"));
    const when = options.when ?? (() => made.isConnected && made.getClientRects().length > 0);
    register(key, sentenceOf(options.name ?? label, title), (event) => !made.disabled && fn(event), { ...options, when });
  }
  made.addEventListener("mousedown", (event) => event.preventDefault());
  made.addEventListener("click", fn);
  return made;
}

/**
 * A button for the sheet of keys: its label, and the first part of its tooltip where that says more.
 *
 * @param {string} label
 * @param {string} title
 */
function sentenceOf(label, title) {
  const [first] = title.split(/[;:]/);
  return first === label ? label : `${label}: ${first.charAt(0).toLowerCase()}${first.slice(1)}`;
}

/** What the keys do now, for the sheet of keys: group -> what is done -> its keys, in the order of registering. */
export function keysInUse() {
  /** @type {Map<string, Map<string, string[]>>} */
  const groups = new Map();
  for (const { shown, label, group, when } of keyboard.bindings) {
    if (!label || !when()) continue;
    const done = groups.get(group) ?? new Map();
    groups.set(group, done);
    const keys = done.get(label) ?? [];
    done.set(label, keys);
    if (!keys.includes(shown)) keys.push(shown);
  }
  return groups;
}
