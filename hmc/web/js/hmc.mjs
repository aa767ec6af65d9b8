// The sampler in a browser or in Node: chains of a module that `hmc.web.module` made, with the draws of `hmc.sample`.

import { Chain } from "./chain.mjs";
import { instanceOf } from "./data.mjs";
import { reach } from "./memory.mjs";
import { checkFactor } from "./metric.mjs";
import { pcg64 } from "./seeds.mjs";
import { argumentsOf, checkedSettings, ownArguments } from "./settings.mjs";

/** A model: its module, compiled, and its description.
 * @typedef {{module: WebAssembly.Module, model: string, dimension: number, parameters: object[], data: number,
 *   fields: [string, string, number[] | null][], room: number, arguments: any[], told: string[],
 *   constants: Record<string, any>, given?: {fields: any[], numbers: Record<string, number>,
 *   arrays: Record<string, ArrayLike<number>>}}} Model  `given`: data in place of the module's own (data.mjs) */

/** The model of a module's bytes. An Error where this machine does not find the draws that come with the module, which
 * are those of `hmc.sample` (hmc/web/checked.py).
 * @param {BufferSource} bytes @returns {Promise<Model>} */
export async function load(bytes) {
  const module = await WebAssembly.compile(bytes);
  const [described] = WebAssembly.Module.customSections(module, "hmc");
  const { check, ...description } = JSON.parse(new TextDecoder().decode(described));
  const model = { module, ...description };
  if (check && !(isEnd(model, check, {}) && isEnd(model, check, LIKE_NUTS)))
    throw new Error(`${model.model}: its module does not give the draws of hmc.sample on this machine`);
  return model;
}

/** With these, WALNUTS has the draws of NUTS. */
const LIKE_NUTS = { algorithm: "walnuts", tolerance: Infinity };

/** Whether the check's chain ends where it should. */
function isEnd(model, { settings, position }, changed) {
  const checked = checkedSettings(settings, model.constants, model.dimension);
  const end = drawn(model, { ...checked, ...changed }).position.subarray(-model.dimension);
  return position.every((value, i) => value === end[i]);
}

/** Draws of all chains, and the statistics of the transitions that made them, (chains, draws) each; the same of the
 * warm-up, with its positions (chains, warmup, dimension) if `keep_warmup`, else null.
 *
 * The settings are those of `hmc.sample`: chains, warmup, draws, seed, metric, target_accept, max_depth, algorithm,
 * path_length, tolerance, adaptation, initial (unconstrained: one position, or one for each chain), keep_warmup. A RangeError names
 * the first that is wrong; an Error says that a chain found no start.
 * @param {Model} model @param {Record<string, unknown>} given @param {number} [from] @param {number} [to]  run these
 *   chains alone, from one number up to another, which is left out
 * @returns {{position: Float64Array, shape: [number, number, number], stats: Record<string, Float64Array>,
 *   warmup: Float64Array | null, warmup_stats: Record<string, Float64Array>}} */
export function sample(model, given = {}, from = 0, to = undefined) {
  return drawn(model, checkedSettings(given, model.constants, model.dimension), from, to);
}

/** The same of checked settings.
 * @param {Model} model @param {any} settings @param {number} [from] @param {number} [to] @returns {ReturnType<typeof sample>} */
function drawn(model, settings, from = 0, to = undefined) {
  const { warmup, draws, keep_warmup } = settings, end = to ?? settings.chains;
  const all = { position: [], stats: {}, warmup: [], warmup_stats: {} };
  for (let number = from; number < end; number++) {
    const chain = chainOf(model, settings, number).advance(warmup + draws);
    all.position.push(chain.positions(warmup, warmup + draws));
    if (keep_warmup) all.warmup.push(chain.positions(0, warmup));
    for (const [name, values] of Object.entries(chain.stats)) {
      (all.stats[name] ??= []).push(values.subarray(warmup));
      (all.warmup_stats[name] ??= []).push(values.subarray(0, warmup));
    }
  }
  const together = (parts) => Object.fromEntries(Object.entries(parts).map(([name, rows]) => [name, joinedRows(rows)]));
  return {
    position: joinedRows(all.position), shape: [end - from, draws, model.dimension], stats: together(all.stats),
    warmup: keep_warmup ? joinedRows(all.warmup) : null, warmup_stats: together(all.warmup_stats),
  };
}

/** A chain of `hmc.sample`'s, before its first transition; `advance` and `recordNext` run it. It keeps the positions of
 * the warm-up too, unless the settings say `keep_warmup: false`.
 * @param {Model} model @param {Record<string, unknown>} settings @param {number} chain  from 0
 * @returns {Chain} */
export function openChain(model, settings = {}, chain = 0) {
  const checked = checkedSettings({ keep_warmup: true, ...settings }, model.constants, model.dimension);
  if (!(Number.isSafeInteger(chain) && chain >= 0 && chain < checked.chains))
    throw new RangeError(`chain = ${chain}: there are chains 0 to ${checked.chains - 1}`);
  return chainOf(model, checked, chain);
}

/** Transitions of a chain of `hmc.sample`'s, recorded, as `hmc.record`: the first comes after `after` others, by default
 * after the warm-up, and has the climb of the chain, if there was one.
 * @param {Model} model @param {Record<string, any>} given
 * @returns {import("./chain.mjs").RecordedTransition[]} */
export function record(model, { after, transitions = 1, chain = 0, ...settings } = {}) {
  const { warmup } = checkedSettings(settings, model.constants, model.dimension);
  const first = after ?? warmup;
  for (const [name, value, least] of [["after", first, 0], ["transitions", transitions, 1]])
    if (!Number.isSafeInteger(value) || value < least)
      throw new RangeError(`${name} = ${value} is not a whole number of at least ${least}`);
  const draws = Math.max(1, first + transitions - warmup);
  const opened = openChain(model, { keep_warmup: false, ...settings, draws }, chain);
  const climb = first > 0 && warmup > 0 ? opened.recordNext().climb : null;
  opened.advance(first);
  const recorded = Array.from({ length: transitions }, () => opened.recordNext());
  if (first > 0) recorded[0].climb = climb;
  return recorded;
}

/** Transitions from a position, with a step size and a metric of your own, as `hmc.record.record_from`; the random
 * numbers are those of `numpy.random.default_rng(seed)`.
 *
 * momentum: whitened, in place of the one drawn for the first transition, which is drawn all the same: the numbers that
 * follow do not change.
 * @param {Model} model @param {ArrayLike<number>} position @param {number} stepSize
 * @param {{inverseMetric?: import("./metric.mjs").InverseMetric, momentum?: ArrayLike<number>, transitions?: number,
 *   seed?: number | bigint, algorithm?: string, path_length?: number | null, tolerance?: number | null, max_depth?: number}} options
 * @returns {import("./chain.mjs").RecordedTransition[]} */
export function recordFrom(model, position, stepSize, { inverseMetric, momentum, transitions = 1, ...settings } = {}) {
  const { constants, dimension } = model;
  const fixed = { chains: 1, warmup: 0, draws: 1, initial: position };
  const checked = checkedSettings({ ...settings, ...fixed }, constants, dimension);
  const given = ownArguments(checked, { inverseMetric, momentum, stepSize }, dimension, constants);
  const generator = pcg64(checked.seed);
  const chain = new Chain(model, { number: 0, warmup: 0, algorithm: checked.algorithm, generator, given, firstKept: 0 });
  return Array.from({ length: transitions }, (_, k) => {
    const recorded = chain.recorded(constants.OWN_STEP, stepSize);
    if (k === 0) {
      checkFactor(recorded.inverse_metric, inverseMetric);
      chain.lies.shorten("own.momentum");
    }
    return recorded;
  });
}

/** An instance of each model for single evaluations: its memory, and where positions lie in it. */
const evaluators = new WeakMap();

/** The log density at an unconstrained position; its gradient is written into `gradient`, if given.
 * @param {Model} model @param {ArrayLike<number>} position @param {Float64Array} [gradient] @returns {number} */
export function logDensity(model, position, gradient) {
  const { dimension } = model;
  if (position.length !== dimension) throw new RangeError(`position has ${position.length} numbers, not ${dimension}`);
  if (!evaluators.has(model)) {
    const made = instanceOf(model);
    reach(made.exports.memory, made.room + 16 * dimension);
    made.exports.hmc_room(made.room + 16 * dimension);
    evaluators.set(model, made);
  }
  const { exports: { memory, log_density }, data, room: at } = evaluators.get(model);
  const slope = at + 8 * dimension;
  new Float64Array(memory.buffer, at, dimension).set(position);
  const value = log_density(at, dimension, data, slope);
  gradient?.set(new Float64Array(memory.buffer, slope, dimension));
  return value;
}

function chainOf(model, settings, number) {
  const given = argumentsOf(settings, model.dimension, model.constants, number);
  const { warmup, algorithm, keep_warmup } = settings;
  const generator = pcg64(settings.seed, number);
  return new Chain(model, { number, warmup, algorithm, generator, given, firstKept: keep_warmup ? 0 : warmup });
}

function joinedRows(rows) {
  const all = new Float64Array(rows.reduce((length, row) => length + row.length, 0));
  rows.reduce((at, row) => (all.set(row, at), at + row.length), 0);
  return all;
}
