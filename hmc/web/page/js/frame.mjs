// The frame of the plane: which values of two coordinates it shows, and the way between values and pixels.

import { constrainedOf, isOfVector, shownOf, unconstrainedOf } from "./coordinates.mjs";

/** @typedef {{x: number, y: number}} Pixel
 * @typedef {ReturnType<typeof makeFrame>} Frame */

/** A frame of `size` pixels a side.
 * @param {import("./coordinates.mjs").Coordinate[]} pair  the coordinates to the right and upwards
 * @param {boolean} isConstrained @param {[number, number][]} ranges  of their values as shown @param {number} size */
export function makeFrame(pair, isConstrained, ranges, size) {
  const shown = (k, value) => (isConstrained ? constrainedOf(pair[k], value) : value);
  /** @param {number[]} values */
  const pixel = ([u, v]) => ({
    x: ((u - ranges[0][0]) / (ranges[0][1] - ranges[0][0])) * size,
    y: (1 - (v - ranges[1][0]) / (ranges[1][1] - ranges[1][0])) * size,
  });
  const isJoint = (each) => isConstrained && isOfVector(each);
  const raw = (each, position, momentum) => {
    if (each.ofMomentum) return momentum[each.index];
    return isJoint(each) ? shownOf(each, true, (index) => position[index]) : position[each.index];
  };
  return {
    pair, ranges, size, isConstrained,
    /** Whether a pixel has unconstrained values: not where others are needed to find them. */
    isInvertible: !pair.some(isJoint),
    /** The pair of unconstrained values of a point of phase space; of a vector on the constrained scale, the value
     * that is shown. @param {{position: ArrayLike<number>, momentum?: ArrayLike<number>}} point @returns {number[]} */
    rawOf: ({ position, momentum }) => pair.map((each) => raw(each, position, momentum)),
    /** Where a pair that `rawOf` gives is. @param {number[]} values @returns {Pixel} */
    pixelOf: (values) => pixel(values.map((value, k) => shown(k, value))),
    /** Where a pair of values as shown is. @returns {Pixel} */
    pixelOfShown: pixel,
    /** The unconstrained values of a pixel; NaN outside the constraint. @param {Pixel} pixel @returns {number[]} */
    valuesOf({ x, y }) {
      const values = [
        ranges[0][0] + (x / size) * (ranges[0][1] - ranges[0][0]),
        ranges[1][0] + (1 - y / size) * (ranges[1][1] - ranges[1][0]),
      ];
      return isConstrained ? values.map((value, k) => (isJoint(pair[k]) ? NaN : unconstrainedOf(pair[k], value))) : values;
    },
  };
}

/** The range of values that shows most of them, with a margin; by their quantiles, since a funnel's reach far.
 * @param {ArrayLike<number>} values @returns {[number, number]} */
export function rangeOf(values) {
  const sorted = Float64Array.from(values).filter(Number.isFinite).sort();
  if (sorted.length === 0) return [-1, 1];
  const [low, high] = [0.02, 0.98].map((part) => sorted[Math.round(part * (sorted.length - 1))]);
  const margin = 0.35 * (high - low) || 1;
  return [low - margin, high + margin];
}

/** Round numbers within a range. @param {[number, number]} range @param {number} [count]  about how many @returns {number[]} */
export function ticksOf([low, high], count = 5) {
  const raw = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((round) => round * power).find((size) => size >= raw);
  const ticks = [];
  for (let k = Math.ceil(low / step); k * step <= high; k++) ticks.push(Number((k * step).toPrecision(12)));
  return ticks;
}
