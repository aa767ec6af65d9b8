// The coordinates of a model: their names, and the way of each between its unconstrained and its constrained values.

// Kinds of constraints, as hmc/transforms.py numbers them.
const REAL = 0;
export const LOWER = 1;
const UPPER = 2;
const INTERVAL = 3;
const MOMENTUM = "momentum"; // beside the only coordinate of a model, what moves it

/** @typedef {{name: string, index: number, ofMomentum: boolean, kind: number, lower: number, upper: number,
 *   isMovable: boolean}} Coordinate  `isMovable`: its constrained value depends on it alone */

/** The coordinates of a model's positions, in their order; of a line, its momentum too.
 * @param {{elements: string[], constraint: [number, number, number]}[]} parameters
 * @returns {Coordinate[]} */
export function coordinatesOf(parameters) {
  const found = [];
  for (const { elements, constraint } of parameters) {
    const [kind, lower, upper] = constraint;
    for (const name of elements)
      found.push({ name, index: found.length, ofMomentum: false, kind, lower, upper, isMovable: kind <= INTERVAL });
  }
  if (found.length === 1)
    found.push({ name: MOMENTUM, index: 0, ofMomentum: true, kind: REAL, lower: 0, upper: 0, isMovable: true });
  return found;
}

/** What a coordinate's values as shown are called: on the unconstrained scale, sigma > 0 is shown as log sigma.
 * @param {Coordinate} coordinate @param {boolean} isConstrained */
export function labelOf({ name, kind, lower }, isConstrained) {
  if (kind === REAL || (isConstrained && kind <= INTERVAL)) return name;
  return kind === LOWER && lower === 0 ? `log ${name}` : `${name}, unconstrained`;
}

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
