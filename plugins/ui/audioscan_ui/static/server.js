// @ts-check
/** Asks the server. All addresses are relative to the page's own, whose path holds the token. */

const BASE = new URL("../", import.meta.url);

/** What the server, or the lack of one, answered in place of what was asked for. */
export class ServerProblem extends Error {
  /**
   * @param {number} status of HTTP; 0 where nothing answered
   * @param {string} message one sentence, for the reader
   */
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/**
 * The address of something on the server, for elements that fetch by themselves.
 *
 * @param {string} path such as `api/recordings/1/audio.wav`
 * @returns {string}
 */
export function addressOf(path) {
  return new URL(path, BASE).href;
}

/**
 * @param {string} path
 * @param {AbortSignal} [signal]
 * @returns {Promise<any>}
 * @throws {ServerProblem}
 */
export async function getJson(path, signal) {
  return (await ask(path, { signal })).json();
}

/**
 * @param {string} path
 * @param {unknown} [body]
 * @returns {Promise<any>}
 * @throws {ServerProblem}
 */
export async function postJson(path, body = {}) {
  const headers = { "Content-Type": "application/json" };
  return (await ask(path, { method: "POST", headers, body: JSON.stringify(body) })).json();
}

/**
 * @param {string} path
 * @param {AbortSignal} [signal]
 * @returns {Promise<{bytes: ArrayBuffer, headers: Headers}>}
 * @throws {ServerProblem}
 */
export async function getBytes(path, signal) {
  const answer = await ask(path, { signal });
  return { bytes: await answer.arrayBuffer(), headers: answer.headers };
}

/**
 * Hear what changes on the server. After an interruption `onEvent` gets `{kind: "state"}`: something was missed.
 *
 * @param {(event: any) => void} onEvent
 * @param {(isHere: boolean) => void} [onConnection] whether the server answers
 * @returns {() => void} ends it
 */
export function listen(onEvent, onConnection = () => {}) {
  const source = new EventSource(addressOf("api/events"));
  let wasHere = false;
  source.onopen = () => {
    onConnection(true);
    if (wasHere) onEvent({ kind: "state" });
    wasHere = true;
  };
  source.onmessage = (message) => onEvent(JSON.parse(message.data));
  source.onerror = () => onConnection(false);
  return () => source.close();
}

/**
 * @param {string} path
 * @param {RequestInit} options
 * @returns {Promise<Response>}
 */
async function ask(path, options) {
  let answer;
  try {
    answer = await fetch(addressOf(path), options);
  } catch (problem) {
    if (problem instanceof DOMException && problem.name === "AbortError") throw problem;
    throw new ServerProblem(0, "The server does not answer. Is audioscan-host ui still running?");
  }
  if (!answer.ok) throw new ServerProblem(answer.status, await sentenceOf(answer));
  return answer;
}

/**
 * @param {Response} answer
 * @returns {Promise<string>}
 */
async function sentenceOf(answer) {
  try {
    const { problem } = await answer.json();
    if (typeof problem === "string") return problem;
  } catch {
    // not JSON: the status says what is known
  }
  return `The server answered ${answer.status} ${answer.statusText}.`;
}
