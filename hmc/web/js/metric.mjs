// The metric of a chain, as the inverse metric that hmc/sampler/metric.py gives and takes.

/** An inverse metric: variances; a covariance, row by row; or D (I + sum (e_k - 1) u_k u_k') D, as `hmc.LowRank`.
 * @typedef {{kind: "diag", variances: Float64Array} | {kind: "dense", covariance: Float64Array}
 *   | {kind: "low_rank", scale: Float64Array, vectors: Float64Array[], eigenvalues: Float64Array}} InverseMetric */

/** The inverse of the metric that a chain has, in arrays of its own.
 * @param {(name: string) => any} array  of the chain's arguments @param {Record<string, number>} constants
 * @returns {InverseMetric} */
export function metricOf(array, constants) {
  const [kind, rank] = Array.from(array("state.metric.form"), Number);
  const scale = array("state.metric.scale").slice();
  const row = (name, k) => array(name).slice(k * scale.length, (k + 1) * scale.length);
  const rows = Array.from({ length: kind === constants.DENSE ? scale.length : rank }, (_, k) => (
    [row("state.metric.factor", k), row("state.metric.factor_transposed", k)]
  ));
  return inverseOf(kind, scale, rows, constants);
}

/** The inverse metric of a kind, of its scales and of pairs of rows of the two factors, where it has them.
 * @param {number} kind @param {Float64Array} scale @param {Float64Array[][]} rows
 * @param {Record<string, number>} constants @returns {InverseMetric} */
export function inverseOf(kind, scale, rows, { DENSE, LOW_RANK }) {
  if (kind === DENSE) return { kind: "dense", covariance: productWithTranspose(rows.map(([row]) => row)) };
  if (kind !== LOW_RANK) return { kind: "diag", variances: scale.map((value) => value * value) };
  const eigenvalues = Float64Array.from(rows, ([vector, stretched]) => {
    const stretch = vector.reduce((sum, value, i) => sum + value * (stretched[i] / scale[i]), 0);
    return (1 + stretch) ** 2;
  });
  return { kind: "low_rank", scale, vectors: rows.map(([vector]) => vector), eigenvalues };
}

/** What the arguments of a chain hold of a metric that is given: {directions, covariances, arrays}.
 * A RangeError says what is wrong.
 * @param {InverseMetric | undefined} inverse  undefined: ones
 * @param {number} dimension @param {Record<string, number>} constants */
export function givenMetric(inverse, dimension, { DIAGONAL, DENSE, LOW_RANK }) {
  const ones = { kind: "diag", variances: new Float64Array(dimension).fill(1) };
  const { kind, variances, covariance, scale, vectors, eigenvalues } = /** @type {any} */ (inverse ?? ones);
  const form = (of, rank = 0) => ({ "state.metric.form": [of, rank, 0, of] });
  if (kind === "diag") {
    positive("variances", variances, dimension);
    return { directions: 0, covariances: 0, arrays: { ...form(DIAGONAL), "state.metric.scale": Array.from(variances, Math.sqrt) } };
  }
  if (kind === "dense") {
    if (covariance?.length !== dimension ** 2) throw new RangeError(`covariance has ${covariance?.length} numbers, not ${dimension} x ${dimension}`);
    const flat = new Array(dimension).fill(1); // the module finds the factor, and keeps zeros where there is none
    return {
      directions: dimension, covariances: dimension,
      arrays: { ...form(DENSE), "state.metric.scale": flat, "state.moments.covariance": covariance },
    };
  }
  if (kind !== "low_rank") throw new RangeError(`an inverse metric of the kind ${kind} is none of diag, dense, low_rank`);
  positive("scale", scale, dimension);
  const weighted = vectors.map((vector, k) => Array.from(vector, (value, i) => (Math.sqrt(eigenvalues[k]) - 1) * scale[i] * value));
  return {
    directions: vectors.length, covariances: 0,
    arrays: {
      ...form(LOW_RANK, vectors.length), "state.metric.scale": scale,
      "state.metric.factor": vectors.flatMap((vector) => Array.from(vector)),
      "state.metric.factor_transposed": weighted.flat(),
    },
  };
}

/** A RangeError where the dense metric that was made of a covariance is another: it has no Cholesky factor.
 * @param {InverseMetric} made @param {InverseMetric | undefined} given */
export function checkFactor(made, given) {
  if (given?.kind !== "dense" || made.kind !== "dense") return;
  const { covariance } = given;
  if (!made.covariance.every((value, i) => Math.abs(value - covariance[i]) <= 1e-8 * Math.abs(covariance[i])))
    throw new RangeError("the covariance is not symmetric and positive definite");
}

function positive(name, values, dimension) {
  if (values?.length !== dimension) throw new RangeError(`${name} has ${values?.length} numbers, not ${dimension}`);
  const wrong = Array.from(values).find((value) => !(value > 0 && value < Infinity));
  if (wrong !== undefined) throw new RangeError(`${name}: ${wrong} is not a positive number`);
}

/** L L' of a lower triangle L, given by its rows. */
function productWithTranspose(rows) {
  return Float64Array.from(rows.flatMap((row, i) => rows.map((other, j) => {
    let sum = 0;
    for (let k = 0; k <= Math.min(i, j); k++) sum += row[k] * other[k];
    return sum;
  })));
}
