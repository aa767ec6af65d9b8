// The coordinates of a model: their names, and the way of each between its unconstrained and its constrained values.

// Kinds of constraints, as hmc/transforms.py numbers them.
const REAL = 0;
export const LOWER = 1;
const UPPER = 2;
const INTERVAL = 3;
const ORDERED = 4;
const SIMPLEX = 5;
const POSITIVE_ORDERED = 6;
const UNIT_VECTOR = 7;
const CHOLESKY_CORR = 8;
const MOMENTUM = "momentum"; // beside the only coordinate of a model, what moves it

/** @typedef {{name: string, index: number, ofMomentum: boolean, kind: number, lower: number, upper: number,
 *   constrainedName?: string, indices: number[], place?: number}} Coordinate  `indices`: those that its constrained
 *   value depends on, of a vector all, of which it is the one at `place` */

/** The coordinates of a model's positions, in their order; of a line, its momentum too.
 * @param {{elements: string[], constrained?: string[], constraint: [number, number | number[], number | number[]],
 *   block?: number}[]} parameters  names on both scales; a bound is a number, or one for each element; how many
 *   unconstrained numbers are transformed together
 * @returns {Coordinate[]} */
export function coordinatesOf(parameters) {
  /** @type {Coordinate[]} */
  const found = [];
  for (const { elements, constrained = elements, constraint: [kind, lower, upper], block = 1 } of parameters) {
    const first = found.length;
    elements.forEach((name, k) => {
      const place = k % block;
      const indices = Array.from({ length: block }, (_, n) => first + k - place + n);
      const bounds = { lower: boundOf(lower, k), upper: boundOf(upper, k) };
      found.push({ name, constrainedName: constrained[k], index: first + k, ofMomentum: false, kind, ...bounds, indices, place });
    });
  }
  if (found.length === 1)
    found.push({ name: MOMENTUM, index: 0, ofMomentum: true, kind: REAL, lower: 0, upper: 0, indices: [0] });
  return found;
}

const boundOf = (bound, k) => (Array.isArray(bound) ? bound[k] : bound);

/** Whether its constrained value depends on others of its vector too. @param {{kind: number}} coordinate */
export const isOfVector = ({ kind }) => kind > INTERVAL;

/** What a coordinate's values as shown are called: on the unconstrained scale, sigma > 0 is shown as log sigma.
 * @param {Coordinate} coordinate @param {boolean} isConstrained */
export function labelOf({ name, constrainedName, kind, lower }, isConstrained) {
  if (kind === REAL || isConstrained) return constrainedName ?? name;
  return kind === LOWER && lower === 0 ? `log ${name}` : `${name}, unconstrained`;
}

/** The value of a coordinate as it is shown. @param {Coordinate} coordinate @param {boolean} isConstrained
 * @param {(index: number) => number} at  the position: its unconstrained numbers */
export function shownOf(coordinate, isConstrained, at) {
  if (!isConstrained) return at(coordinate.index);
  if (isOfVector(coordinate)) return OF_VECTOR[coordinate.kind](coordinate.indices.map(at), coordinate.place);
  return constrainedOf(coordinate, at(coordinate.index));
}

const sumOfExp = (x) => x.reduce((sum, each) => sum + Math.exp(each), 0);
const shareOf = (logit) => 1 / (1 + Math.exp(-logit));

/** By the kind of a vector: the constrained value at a place, of the unconstrained numbers; as in hmc/transforms.py. */
const OF_VECTOR = {
  [ORDERED]: (x, k) => x[0] + sumOfExp(x.slice(1, k + 1)),
  [POSITIVE_ORDERED]: (x, k) => sumOfExp(x.slice(0, k + 1)),
  [UNIT_VECTOR]: (x, k) => x[k] / Math.hypot(...x),
  [SIMPLEX](x, k) {
    const logit = (n) => x[n] - Math.log(x.length - n);
    const left = x.slice(0, k).reduce((rest, _, n) => rest * shareOf(-logit(n)), 1);
    return left * shareOf(logit(k));
  },
  [CHOLESKY_CORR](x, k) {
    const row = Math.floor((1 + Math.sqrt(1 + 8 * k)) / 2);
    const first = (row * (row - 1)) / 2;
    return x.slice(first, k).reduce((rest, each) => rest / Math.cosh(each), 1) * Math.tanh(x[k]);
  },
};

/** The constrained value of an unconstrained one. @param {Coordinate} coordinate @param {number} x */
export function constrainedOf({ kind, lower, upper }, x) {
  if (kind === LOWER) return lower + Math.exp(x);
  if (kind === UPPER) return upper - Math.exp(x);
  if (kind === INTERVAL) return lower + (upper - lower) / (1 + Math.exp(-x));
  return x;
}

/** The unconstrained value of a constrained one; NaN outside the constraint.
 * @param {Coordinate} coordinate @param {number} value */
export function unconstrainedOf({ kind, lower, upper }, value) {
  if (kind === LOWER) return Math.log(value - lower);
  if (kind === UPPER) return Math.log(upper - value);
  if (kind === INTERVAL) return Math.log((value - lower) / (upper - value));
  return value;
}

/** The log of the derivative of `constrainedOf`. @param {Coordinate} coordinate @param {number} x */
export function logJacobianOf({ kind, lower, upper }, x) {
  if (kind === LOWER || kind === UPPER) return x;
  if (kind === INTERVAL) return Math.log(upper - lower) - Math.abs(x) - 2 * Math.log1p(Math.exp(-Math.abs(x)));
  return 0;
}
