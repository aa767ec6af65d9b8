// One chain in an instance of its own, which can stop and go on at any transition.

import { instanceOf } from "./data.mjs";
import { laidOut } from "./memory.mjs";
import { metricOf } from "./metric.mjs";
import { toldBy } from "./record.mjs";

const RECORD = "record.";

/** A chain of a model: its arguments in the memory of an instance, and its generator. */
export class Chain {
  /** @param {import("./hmc.mjs").Model} model
   * @param {{number: number, warmup: number, algorithm: string, generator: bigint[], given: any, firstKept: number}} of */
  constructor(model, { number, warmup, algorithm, generator, given, firstKept }) {
    this.model = model;
    this.number = number;
    this.warmup = warmup;
    this.algorithm = algorithm;
    this.iteration = 0;
    this.firstKept = firstKept;
    this.until = given.sizes.iterations;
    this.levels = given.sizes.levels;
    const { exports, data, room } = instanceOf(model);
    this.exports = exports;
    this.generator = room;
    given.numbers.data = data;
    this.lies = laidOut(this.exports.memory, model.arguments, this.generator + 32, given);
    new BigUint64Array(this.exports.memory.buffer, this.generator, 4).set(generator);
  }

  /** Run on until so many transitions are done in all, warm-up included. @param {number} until */
  advance(until) {
    if (!(Number.isSafeInteger(until) && until <= this.until))
      throw new RangeError(`until = ${until} is not a whole number of at most ${this.until}`);
    if (until > this.iteration) this.run(until, this.model.constants.AS_IT_IS);
    return this;
  }

  /** Run the next transition, recorded; the draws are the same as without. @returns {RecordedTransition} */
  recordNext() {
    if (this.iteration >= this.until) throw new RangeError(`the chain ends after ${this.until} transitions`);
    return this.recorded(this.model.constants.RECORDED);
  }

  /** The next transition, as `how` says: RECORDED or OWN_STEP. */
  recorded(how, step_size) {
    const iteration = this.iteration;
    this.run(iteration + 1, how);
    const { constants, dimension, model } = this.model;
    const notes = new Float64Array(this.exports.memory.buffer, this.lies.end);
    const told = toldBy(notes, { dimension, levels: this.levels, algorithm: this.algorithm, constants });
    step_size ??= this.lies.array(`${RECORD}step_size`)[iteration];
    const { number: chain, warmup, algorithm } = this;
    return { model, chain, iteration, warmup, algorithm, step_size, ...told };
  }

  run(until, how) {
    const { lies, model } = this;
    const { constants } = model;
    lies.setNumber("orders.until", until);
    this.exports.hmc_room(lies.end);
    const status = this.exports.run(lies.address, this.generator, how);
    if (status !== 0) throw new Error(`${model.model}: chain ${this.number + 1} ended with the status ${status}`);
    const told = lies.array("told");
    if (told[0] === constants.NO_START)
      throw new Error(`${model.model}: chain ${this.number + 1} found no starting point with a finite log density`);
    model.told.forEach((name, k) => name.startsWith("state.") && lies.setNumber(name, told[k]));
    this.iteration = told[model.told.indexOf("state.iteration")];
    this.nextStepSize = told[model.told.indexOf("next_step_size")];
  }

  /** The position after transition number k, from 0: a copy. Those of the warm-up are there if they are kept.
   * @param {number} k @returns {Float64Array} */
  position(k) {
    const { dimension } = this.model;
    const row = k - this.firstKept;
    if (!(Number.isSafeInteger(k) && row >= 0 && k < this.iteration))
      throw new RangeError(`k = ${k} is not a whole number from ${this.firstKept} to ${this.iteration - 1}`);
    return this.lies.array(`${RECORD}position`).slice(row * dimension, (row + 1) * dimension);
  }

  /** The positions after transitions [from, to), one after another: a copy. @returns {Float64Array} */
  positions(from, to) {
    const { dimension } = this.model;
    const rows = [from, to].map((k) => (k - this.firstKept) * dimension);
    return this.lies.array(`${RECORD}position`).slice(...rows);
  }

  /** The statistics of all transitions so far, warm-up included: copies. @returns {Record<string, Float64Array>} */
  get stats() {
    /** @type {Record<string, Float64Array>} */
    const all = {};
    const missing = this.algorithm === "walnuts" ? [] : this.model.constants.OF_WALNUTS;
    for (const [place, , extents] of this.model.arguments) {
      const name = place.slice(RECORD.length);
      if (place.startsWith(RECORD) && extents.length === 1 && !missing.includes(name)) all[name] = this.statistic(name);
    }
    return all;
  }

  /** A statistic of the transitions since the first `from`: a copy. @param {string} name @param {number} from */
  statistic(name, from = 0) {
    const values = this.lies.array(`${RECORD}${name}`).subarray(from, this.iteration);
    return values instanceof BigInt64Array ? Float64Array.from(values, Number) : new Float64Array(values);
  }

  /** The inverse metric of the next transition. @returns {import("./metric.mjs").InverseMetric} */
  metric() {
    return metricOf(this.lies.array, this.model.constants);
  }

  /** The step size of the next transition; undefined before the first, which the chain finds it for. */
  stepSize() {
    return this.nextStepSize;
  }
}

/** One transition, with the fields of `hmc.record`'s. `climb` is that before the chain's first transition; `search` is
 * not in `hmc.record`.
 * @typedef {{model: string, chain: number, iteration: number, warmup: number, algorithm: string, step_size: number}
 *   & import("./record.mjs").Told} RecordedTransition */
