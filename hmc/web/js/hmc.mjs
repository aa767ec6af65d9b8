// The sampler in a browser or in Node: chains of a module that `hmc.web.module` made, with the draws of `hmc.sample`.

import { laidOut } from "./memory.mjs";
import { pcg64 } from "./seeds.mjs";
import { argumentsOf, checkedSettings } from "./settings.mjs";

/** A model: its module, compiled, and its description.
 * @typedef {{module: WebAssembly.Module, model: string, dimension: number, parameters: object[], data: number,
 *   room: number, arguments: any[], constants: Record<string, number>}} Model */

const STATISTICS = "record.";
const POSITION = "record.position";

/** The model of a module's bytes.
 * @param {BufferSource} bytes @returns {Promise<Model>} */
export async function load(bytes) {
  const module = await WebAssembly.compile(bytes);
  const [described] = WebAssembly.Module.customSections(module, "hmc");
  return { module, ...JSON.parse(new TextDecoder().decode(described)) };
}

/** Draws of all chains, and the statistics of the transitions that made them, (chains, draws) each.
 *
 * The settings are those of `hmc.sample`: chains, warmup, draws, seed, metric, target_accept, max_depth, algorithm,
 * path_length, adaptation. A RangeError names the first that is wrong; an Error says that no chain found a start.
 * @param {Model} model @param {Record<string, unknown>} given
 * @returns {{position: Float64Array, shape: [number, number, number], stats: Record<string, Float64Array>}} */
export function sample(model, given = {}) {
  const settings = checkedSettings(given, model.constants);
  const { chains, draws } = settings;
  const position = new Float64Array(chains * draws * model.dimension);
  const stats = {};
  for (let chain = 0; chain < chains; chain++) {
    const array = runChain(model, settings, chain);
    position.set(array(POSITION), chain * draws * model.dimension);
    for (const [name, , extents] of model.arguments) {
      if (!name.startsWith(STATISTICS) || extents.length !== 1) continue;
      const all = (stats[name.slice(STATISTICS.length)] ??= new Float64Array(chains * draws));
      all.set(Array.from(array(name).subarray(settings.warmup), Number), chain * draws);
    }
  }
  return { position, shape: [chains, draws, model.dimension], stats };
}

/** Run a chain in an instance of its own: a view of each array of its arguments. */
function runChain(model, settings, chain) {
  const { memory, hmc_room, run } = new WebAssembly.Instance(model.module).exports;
  const given = argumentsOf(settings, model.dimension, model.constants);
  given.numbers.data = model.data;
  const generator = model.room;
  const { address, end, array } = laidOut(memory, model.arguments, generator + 32, given);
  new BigUint64Array(memory.buffer, generator, 4).set(pcg64(settings.seed, chain));
  hmc_room(end);
  const status = run(address, generator);
  if (status !== 0) throw new Error(`${model.model}: chain ${chain + 1} ended with the status ${status}`);
  if (array("outcome")[0] === model.constants.NO_START)
    throw new Error(`${model.model}: chain ${chain + 1} found no starting point with a finite log density`);
  return array;
}
