// A model's data, written anew: the module's code runs on data of any length, as the library's does.

import { laidOut } from "./memory.mjs";

/** The same model with other data, which chains and densities of it then have; nothing is compiled.
 *
 * values: every field of the data by its name, as the description's `fields` list them: a number, an array, or of more
 * than one dimension {shape, values}, row by row. dimension: of its positions, where the data change that.
 * A RangeError names a field that is missing, unknown or of another kind.
 * @param {import("./hmc.mjs").Model} model
 * @param {Record<string, number | ArrayLike<number> | {shape: number[], values: ArrayLike<number>}>} values
 * @param {number} [dimension] @returns {import("./hmc.mjs").Model} */
export function withData(model, values, dimension = model.dimension) {
  const names = model.fields.map(([name]) => name);
  for (const name of Object.keys(values))
    if (!names.includes(name)) throw new RangeError(`${model.model}: ${name} is none of its data, ${names.join(", ")}`);
  if (!(Number.isSafeInteger(dimension) && dimension > 0))
    throw new RangeError(`dimension = ${dimension} is not a whole number of at least 1`);
  /** @type {{numbers: Record<string, any>, arrays: Record<string, any>}} */
  const { numbers, arrays } = { numbers: {}, arrays: {} };
  const fields = model.fields.map(([name, kind, extents]) => {
    if (!Object.hasOwn(values, name)) throw new RangeError(`${model.model}: the data have no ${name}`);
    const value = values[name];
    if (extents === null) {
      numbers[name] = numberOf(model, name, kind, value);
      return [name, kind, null];
    }
    const { shape, values: row } = arrayOf(model, name, extents.length, value);
    arrays[name] = row;
    return [name, kind, shape];
  });
  return { ...model, dimension, given: { fields, numbers, arrays } };
}

/** An instance of a model's module with the model's data in its memory: what it exports, the address of the data's
 * words, and the first address beyond.
 * @param {import("./hmc.mjs").Model} model
 * @returns {{exports: any, data: number, room: number}} */
export function instanceOf({ module, data, room, dimension, given }) {
  const exports = /** @type {any} */ (new WebAssembly.Instance(module).exports);
  if (given === undefined) return { exports, data, room };
  const notes = 8 * (1 + dimension); // before the words: see hmc/jit/packing.py
  const lies = laidOut(exports.memory, given.fields, room + notes, { sizes: {}, ...given });
  return { exports, data: lies.address, room: lies.end };
}

function numberOf({ model }, name, kind, value) {
  const isGood = typeof value === "number" && (kind === "<f8" || Number.isSafeInteger(value));
  if (!isGood) throw new RangeError(`${model}: ${name} = ${value} is not a ${kind === "<f8" ? "" : "whole "}number`);
  return value;
}

function arrayOf({ model }, name, dimensions, value) {
  const { shape, values } = value.shape ? value : { shape: [value.length], values: value };
  const length = shape.reduce((product, extent) => product * extent, 1);
  if (shape.length !== dimensions || length !== values.length)
    throw new RangeError(`${model}: ${name} has ${values.length} numbers in the shape ${shape}, not ${dimensions} dimensions`);
  return { shape, values };
}
