// An inverse metric, L L': the velocity L p of a whitened momentum p, and the part of the metric that lies in a plane.
// The formulas are those of hmc/sampler/metric.py.

import { choleskyOf } from "./trajectory.mjs";

/** @typedef {{kind: "diag", variances: ArrayLike<number>} | {kind: "dense", covariance: ArrayLike<number>} |
 *   {kind: "low_rank", scale: ArrayLike<number>, vectors: ArrayLike<number>[], eigenvalues: ArrayLike<number>}
 *   } InverseMetric */

/** @param {InverseMetric} inverse @param {ArrayLike<number>} momentum @returns {Float64Array} */
export function velocityOf(inverse, momentum) {
  const p = Float64Array.from(momentum);
  if (inverse.kind === "diag") return p.map((value, i) => Math.sqrt(inverse.variances[i]) * value);
  if (inverse.kind === "low_rank") return stretched(inverse, p).map((value, i) => inverse.scale[i] * value);
  const n = p.length, L = choleskyOf(inverse.covariance, n);
  return p.map((_, i) => {
    let sum = 0;
    for (let j = 0; j <= i; j++) sum += L[i * n + j] * p[j];
    return sum;
  });
}

/** The variances of two coordinates, with their covariance between.
 * @param {InverseMetric} inverse @param {number} i @param {number} j @returns {[number, number, number]} */
export function inPlane(inverse, i, j) {
  const entry = (row, column) => {
    if (inverse.kind === "diag") return row === column ? inverse.variances[row] : 0;
    if (inverse.kind === "dense") return inverse.covariance[row * Math.sqrt(inverse.covariance.length) + column];
    let sum = row === column ? 1 : 0;
    inverse.vectors.forEach((u, k) => (sum += (inverse.eigenvalues[k] - 1) * u[row] * u[column]));
    return inverse.scale[row] * sum * inverse.scale[column];
  };
  return [entry(i, i), entry(i, j), entry(j, j)];
}

/** A metric of these variances and this covariance in a plane, and of another's variances in all other directions.
 * @param {[number, number, number]} ellipse @param {InverseMetric} others @param {number} i @param {number} j
 * @param {number} n  the dimension @returns {InverseMetric} */
export function withPlane([xx, xy, yy], others, i, j, n) {
  if (n === 1) return { kind: "diag", variances: Float64Array.of(xx) };
  const covariance = new Float64Array(n * n);
  for (let k = 0; k < n; k++) covariance[k * n + k] = inPlane(others, k, k)[0];
  covariance[i * n + i] = xx;
  covariance[j * n + j] = yy;
  covariance[i * n + j] = covariance[j * n + i] = xy;
  return { kind: "dense", covariance };
}

/** @param {number} n @returns {InverseMetric} */
export const unitMetric = (n) => ({ kind: "diag", variances: new Float64Array(n).fill(1) });

/** (I + sum (sqrt(e_k) - 1) u_k u_k') x. */
function stretched({ vectors, eigenvalues }, x) {
  const out = x.slice();
  for (let k = 0; k < eigenvalues.length; k++) {
    const row = vectors[k];
    const along = x.reduce((sum, value, i) => sum + value * row[i], 0);
    for (let i = 0; i < x.length; i++) out[i] += (Math.sqrt(eigenvalues[k]) - 1) * along * row[i];
  }
  return out;
}
