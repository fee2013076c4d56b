// @ts-check
/** The models of the installed plugins, as the registry of the server names them. */

import { getJson } from "./server.js";
import { store } from "./store.js";

/**
 * @typedef {object} ModelFacts
 * @property {string} name
 * @property {string} family the plugin that it comes from
 * @property {string} description
 * @property {number} dim of an embedding
 * @property {number} parameters 0 where there are none
 * @property {string} licence of the weights
 * @property {"here" | "missing" | "none"} weights none: it needs none
 * @property {number | null} size of the download, bytes
 */

/** @typedef {{models: ModelFacts[], problems: {plugin: string, reason: string}[], devices: string[]}} Models */

/**
 * Ask for the models anew and keep them in the store, where a view that subscribes to `models` finds them.
 *
 * @returns {Promise<Models>}
 */
export async function loadModels() {
  const answer = await getJson("api/models");
  /** @type {Models} */
  const models = {
    models: answer.models.map(facts),
    problems: answer.problems ?? [],
    devices: (answer.devices ?? []).map((/** @type {any} */ each) => (typeof each === "string" ? each : each.name)),
  };
  store.update({ models });
  return models;
}

/**
 * @param {any} model
 * @returns {ModelFacts}
 */
function facts(model) {
  return {
    name: model.name,
    family: model.family ?? model.plugin ?? "",
    description: model.description ?? "",
    dim: model.dim,
    parameters: model.parameters ?? 0,
    licence: model.licence ?? "",
    weights: model.weights,
    size: model.size ?? model.download_size ?? model.download ?? null,
  };
}

/**
 * @param {ModelFacts} model
 * @returns {string} in two words
 */
export function weightsOf(model) {
  return (
    { here: "weights here", missing: "to be pulled", none: "no weights needed" }[model.weights] ?? String(model.weights)
  );
}
