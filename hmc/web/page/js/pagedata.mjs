// What the page holds beside its script: the models, their modules, and the sampler's source.

import { coordinatesOf } from "./coordinates.mjs";

/** @returns {{models: any[], sources: Record<string, string>, lines: Record<string, any>, worker: string}} */
export function readData() {
  const data = JSON.parse(document.getElementById("page-data").textContent);
  for (const model of data.models) model.coordinates = coordinatesOf(model.parameters);
  return data;
}

/** The module of the model with this number, unpacked: what it shares with the first is stored as the difference.
 * @param {number} number @returns {Promise<ArrayBuffer>} */
export async function unpackedModule(number) {
  const element = document.getElementById(`module-${number}`);
  const bytes = await unpacked(element.textContent);
  const shared = JSON.parse(element.dataset.shared);
  if (shared.length > 0) {
    const first = new Uint8Array(await unpackedModule(0));
    for (const [there, here, length] of shared)
      for (let i = 0; i < length; ++i) bytes[here + i] ^= first[there + i];
  }
  return bytes.buffer;
}

/** @param {string} text @returns {Promise<Uint8Array>} */
async function unpacked(text) {
  const zipped = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  const stream = new Blob([zipped]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
