// An inverse metric, L L': the velocity L p of a whitened momentum p, the momentum of a velocity, and the part of the
// metric that lies in a plane. The formulas are those of hmc/sampler/metric.py.

/** @typedef {{kind: "diag", variances: ArrayLike<number>} | {kind: "dense", covariance: ArrayLike<number>} |
 *   {kind: "low_rank", scale: ArrayLike<number>, vectors: ArrayLike<ArrayLike<number>>, eigenvalues: ArrayLike<number>}} InverseMetric */

/** @param {InverseMetric} inverse @param {ArrayLike<number>} momentum @returns {Float64Array} */
export function velocityOf(inverse, momentum) {
  const p = Float64Array.from(momentum);
  if (inverse.kind === "diag") return p.map((value, i) => Math.sqrt(inverse.variances[i]) * value);
  if (inverse.kind === "low_rank") return stretched(inverse, p, Math.sqrt).map((value, i) => inverse.scale[i] * value);
  const n = p.length, L = factorOf(inverse.covariance, n);
  return p.map((_, i) => {
    let sum = 0;
    for (let j = 0; j <= i; j++) sum += L[i * n + j] * p[j];
    return sum;
  });
}

/** The inverse of `velocityOf`. @param {InverseMetric} inverse @param {ArrayLike<number>} velocity @returns {Float64Array} */
export function momentumOf(inverse, velocity) {
  const v = Float64Array.from(velocity);
  if (inverse.kind === "diag") return v.map((value, i) => value / Math.sqrt(inverse.variances[i]));
  if (inverse.kind === "low_rank")
    return stretched(inverse, v.map((value, i) => value / inverse.scale[i]), (e) => 1 / Math.sqrt(e));
  const n = v.length, L = factorOf(inverse.covariance, n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++) v[i] -= L[i * n + j] * v[j];
    v[i] /= L[i * n + i];
  }
  return v;
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

/** (I + sum (f(e_k) - 1) u_k u_k') x. */
function stretched({ vectors, eigenvalues }, x, f) {
  const out = x.slice();
  vectors.forEach((u, k) => {
    let along = 0;
    for (let i = 0; i < x.length; i++) along += u[i] * x[i];
    for (let i = 0; i < x.length; i++) out[i] += (f(eigenvalues[k]) - 1) * along * u[i];
  });
  return out;
}

/** Cholesky's lower factor, row by row. */
function factorOf(covariance, n) {
  const L = Float64Array.from(covariance);
  for (let j = 0; j < n; j++) {
    for (let i = j; i < n; i++) {
      for (let k = 0; k < j; k++) L[i * n + j] -= L[i * n + k] * L[j * n + k];
      L[i * n + j] = i === j ? Math.sqrt(L[j * n + j]) : L[i * n + j] / L[j * n + j];
    }
  }
  return L;
}
