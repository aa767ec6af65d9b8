// A recorded transition's leaves, doublings and distances: what hmc/record/transitions.py derives from a record.

const GOING_ON = -1; // of hmc/sampler/outcome.py

/** The doublings of a trajectory of NUTS or WALNUTS, in order; none for static HMC.
 * @param {object} recorded
 * @returns {{number: number, isForward: boolean, leaves: object[], joins: object[], finalJoin: object | null}[]} */
export function doublingsOf(recorded) {
  const found = [];
  const last = Math.max(...recorded.leaves.map((leaf) => leaf.doubling));
  for (let number = 1; number <= last; number++) {
    const leaves = recorded.leaves.filter((leaf) => leaf.doubling === number);
    const joins = recorded.joins.filter((join) => join.doubling === number);
    const finalJoin = joins.at(-1)?.is_final ? joins.pop() : null;
    found.push({ number, isForward: leaves[0].number > 0, leaves, joins, finalJoin });
  }
  return found;
}

/** The leaf of a number.
 * @param {object} recorded @param {number} number @returns {object} */
export function leafOf(recorded, number) {
  return recorded.leaves.find((leaf) => leaf.number === number);
}

/** The last walk ahead of the macro step to a leaf, which is the way taken if there is one; undefined for a leapfrog step.
 * @param {any} leaf @returns {import("../../js/record.mjs").Walk | undefined} */
export function wayOf({ walks }) {
  return walks.findLast(({ is_back }) => !is_back);
}

/** Whether the step to a leaf failed, so that it is no part of the trajectory. @param {any} leaf */
export const isAstray = (leaf) => leaf.diverging || leaf.termination !== GOING_ON;

/** How far the draw is from the start, in standard deviations as the metric has them: |L^-1 (draw - start)|.
 * @param {object} recorded @returns {number} */
export function distanceMoved(recorded) {
  const start = recorded.leaves[0].position;
  const moved = Array.from(leafOf(recorded, recorded.chosen).position, (x, i) => x - start[i]);
  return Math.hypot(...whitened(recorded.inverse_metric, moved));
}

/** L^-1 times a vector, of the metric whose inverse is L L'.
 * @param {object} metric  an `inverse_metric` @param {number[]} vector @returns {number[]} */
export function whitened(metric, vector) {
  if (metric.kind === "diag") return vector.map((x, i) => x / Math.sqrt(metric.variances[i]));
  if (metric.kind === "dense") return solved(choleskyOf(metric.covariance, vector.length), vector);
  const { scale, vectors, eigenvalues } = metric;
  const unscaled = vector.map((x, i) => x / scale[i]);
  const result = [...unscaled];
  for (let k = 0; k < eigenvalues.length; k++) {
    const row = vectors[k];
    const along = unscaled.reduce((sum, x, i) => sum + x * row[i], 0);
    const factor = (1 / Math.sqrt(eigenvalues[k]) - 1) * along;
    for (let i = 0; i < result.length; i++) result[i] += factor * row[i];
  }
  return result;
}

/** The lower triangle of a row-major covariance, n x n, row-major too.
 * @param {ArrayLike<number>} covariance @param {number} n @returns {Float64Array} */
export function choleskyOf(covariance, n) {
  const lower = new Float64Array(n * n);
  for (let i = 0; i < n; i++)
    for (let j = 0; j <= i; j++) {
      let sum = covariance[i * n + j];
      for (let k = 0; k < j; k++) sum -= lower[i * n + k] * lower[j * n + k];
      lower[i * n + j] = i === j ? Math.sqrt(sum) : sum / lower[j * n + j];
    }
  return lower;
}

function solved(lower, vector) {
  const result = [...vector];
  for (let i = 0; i < result.length; i++) {
    for (let j = 0; j < i; j++) result[i] -= lower[i * result.length + j] * result[j];
    result[i] /= lower[i * result.length + i];
  }
  return result;
}
