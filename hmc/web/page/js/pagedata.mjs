// What the page holds beside its script: the models, their modules, and the sampler's source.

import { coordinatesOf } from "./coordinates.mjs";

/** @returns {{models: any[], sources: Record<string, string>, lines: Record<string, any>, worker: string}} */
export function readData() {
  const data = JSON.parse(document.getElementById("page-data").textContent);
  for (const model of data.models) model.coordinates = coordinatesOf(model.parameters);
  return data;
}

/** The module of the model with this number, unpacked.
 * @param {number} number @returns {Promise<ArrayBuffer>} */
export async function unpackedModule(number) {
  const packed = atob(document.getElementById(`module-${number}`).textContent);
  const bytes = Uint8Array.from(packed, (character) => character.charCodeAt(0));
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).arrayBuffer();
}
