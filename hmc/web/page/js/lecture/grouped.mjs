// The exact posterior of a model of groups, by quadrature: a[j] ~ Normal(a_bar, sigma), and data on each a[j] alone.
//
// Given a_bar and sigma the groups are independent, so that each needs an integral over one number; what is left is a
// grid of two. Trapezoid sums: for smooth functions that vanish at both ends they converge faster than any power.

const REACH = 9; // of the inner sum, in standard deviations at the mode
const STEP = 0.75;
const NODES = Array.from({ length: 2 * Math.floor(REACH / STEP) + 1 }, (_, k) => k * STEP - REACH);
const NEGLIGIBLE = 20; // a log density so far below the highest counts for nothing
const LOG_ROOT_2PI = 0.5 * Math.log(2 * Math.PI);

/** The log likelihood of a group at `a`, and its first two derivatives, written into an array of three; concave.
 * @typedef {(a: number, into: Float64Array) => void} LogLikelihood
 * What is to be integrated. `groups` say which of the likelihoods is each group's; both priors are log densities, that of
 * log sigma with its Jacobian; `sigma` is given where it is known.
 * @typedef {{likelihoods: LogLikelihood[], groups: number[], logPriorCentre: (a_bar: number) => number,
 *   logPriorSpread: (logSigma: number) => number, centre: [number, number], spread: [number, number],
 *   sigma?: number, points: [number, number]}} Grouped
 * @typedef {ReturnType<typeof gridPosterior>} GridPosterior */

/** The posterior on a grid that covers all that counts.
 * @param {Grouped} asked */
export function groupedPosterior(asked) {
  const known = asked.sigma === undefined ? null : Math.log(asked.sigma);
  const spread = known === null ? asked.spread : [known, known];
  const rough = gridPosterior(asked, evenly(asked.centre, 25), known === null ? evenly(spread, 25) : [known], false);
  const [centres, spreads] = [0, 1].map((axis) => covered(rough, axis));
  return gridPosterior(asked, evenly(centres, asked.points[0]), known === null ? evenly(spreads, asked.points[1]) : [known], true);
}

/** @param {Grouped} asked @param {number[]} centres  values of a_bar @param {number[]} spreads  of log sigma
 * @param {boolean} withMoments  of the groups too */
function gridPosterior({ likelihoods, groups, logPriorCentre, logPriorSpread, sigma }, centres, spreads, withMoments) {
  const size = centres.length * spreads.length;
  const of = likelihoods.map(() => ({ log: new Float64Array(size), mean: new Float64Array(size), square: new Float64Array(size) }));
  const copies = likelihoods.map((_, k) => groups.filter((group) => group === k).length);
  const log = new Float64Array(size);
  const found = new Float64Array(3);
  spreads.forEach((logSigma, row) => centres.forEach((a_bar, column) => {
    const at = row * centres.length + column;
    log[at] = logPriorCentre(a_bar) + (sigma === undefined ? logPriorSpread(logSigma) : 0);
    likelihoods.forEach((likelihood, k) => {
      integrated(likelihood, a_bar, Math.exp(logSigma), found, withMoments);
      [of[k].log[at], of[k].mean[at], of[k].square[at]] = found;
      log[at] += copies[k] * found[0];
    });
  }));
  const weight = normalised(log);
  return { centres, spreads, log, weight, of, groups };
}

/** Where the integrand over z = (a - a_bar) / sigma is highest; leaves the likelihood's terms there. */
function modeOf(likelihood, a_bar, sigma, terms) {
  let z = 0, low = -Infinity, high = Infinity; // the slope falls, and changes its sign between them
  for (let step = 0; step < 60; step++) {
    likelihood(a_bar + sigma * z, terms);
    const slope = sigma * terms[1] - z;
    if (slope > 0) low = z;
    else high = z;
    const move = Math.max(-2, Math.min(2, slope / (1 - sigma * sigma * terms[2]))); // Newton's
    if (Math.abs(move) < 1e-3) break;
    z = z + move > low && z + move < high ? z + move : 0.5 * (low + high);
  }
  return z;
}

/** log of the integral of a likelihood over a ~ Normal(a_bar, sigma); mean and mean square of a. */
function integrated(likelihood, a_bar, sigma, found, withMoments) {
  const terms = new Float64Array(3);
  const z = modeOf(likelihood, a_bar, sigma, terms);
  const sd = 1 / Math.sqrt(1 - sigma * sigma * terms[2]);
  const highest = terms[0] - 0.5 * z * z;
  let sum = 0, first = 0, second = 0;
  for (const node of NODES) {
    const x = z + sd * node, a = a_bar + sigma * x;
    likelihood(a, terms);
    const weight = Math.exp(terms[0] - 0.5 * x * x - highest);
    sum += weight;
    if (!withMoments) continue;
    first += weight * a;
    second += weight * a * a;
  }
  found[0] = highest + Math.log(sum * sd * STEP) - LOG_ROOT_2PI;
  found[1] = first / sum;
  found[2] = second / sum;
}

/** Mean and standard deviation of a_bar, sigma and each group's a.
 * @param {GridPosterior} grid @returns {{a_bar: Moments, sigma: Moments, a: Moments[]}}
 * @typedef {{mean: number, sd: number}} Moments */
export function momentsOf({ centres, spreads, weight, of, groups }) {
  const over = (value) => weight.reduce((sum, w, at) => sum + w * value(at), 0);
  const moments = (value, square) => {
    const mean = over(value);
    return { mean, sd: Math.sqrt(Math.max(0, over(square) - mean * mean)) };
  };
  const plain = (value) => moments(value, (at) => value(at) ** 2);
  const ofGroup = of.map(({ mean, square }) => moments((at) => mean[at], (at) => square[at]));
  return {
    a_bar: plain((at) => centres[at % centres.length]),
    sigma: plain((at) => Math.exp(spreads[Math.floor(at / centres.length)])),
    a: groups.map((group) => ofGroup[group]),
  };
}

/** The log predictive density of each group's data by all other groups: exact leave-one-out.
 * @param {GridPosterior} grid @returns {number[]} */
export function leftOut({ log, of, groups }) {
  const total = logSumExp(log);
  const each = of.map((group) => total - logSumExp(log.map((value, at) => value - group.log[at])));
  return groups.map((group) => each[group]);
}

/** The densities of a new group's a and of each group's, at equal distances of a.
 * @param {GridPosterior} grid @param {LogLikelihood[]} likelihoods @param {ArrayLike<number>} values  of a
 * @returns {{fresh: Float64Array, groups: Float64Array[]}} */
export function densitiesOf({ centres, spreads, log, weight, of, groups }, likelihoods, values) {
  // Normals narrower than the grid's step would show the grid: they are widened to it, a hundredth of a_bar's variance.
  const least = centres.length > 1 ? 0.7 * (centres[1] - centres[0]) : 0;
  const others = of.map((group) => normalised(log.map((value, at) => value - group.log[at])));
  const fresh = new Float64Array(values.length), before = of.map(() => new Float64Array(values.length));
  weight.forEach((w, at) => {
    if (w < 1e-12 && others.every((each) => each[at] < 1e-12)) return;
    const sd = Math.max(Math.exp(spreads[Math.floor(at / centres.length)]), least);
    const centre = centres[at % centres.length], height = 1 / (sd * Math.sqrt(2 * Math.PI));
    for (let k = 0; k < values.length; k++) {
      const z = (values[k] - centre) / sd;
      if (z > 8 || z < -8) continue;
      const density = height * Math.exp(-0.5 * z * z);
      fresh[k] += w * density;
      for (let j = 0; j < of.length; j++) before[j][k] += others[j][at] * density;
    }
  });
  const terms = new Float64Array(3);
  const each = of.map((group, j) => {
    // The group's data, times the prior that the others leave, over their integral: the sum over the grid of L(grid).
    const evidence = others[j].reduce((sum, w, at) => sum + w * Math.exp(group.log[at]), 0);
    return before[j].map((density, k) => {
      likelihoods[j](values[k], terms);
      return (density * Math.exp(terms[0])) / evidence;
    });
  });
  return { fresh, groups: groups.map((group) => each[group]) };
}

/** The density of sigma, at the grid's own values of it: the grid is even in log sigma.
 * @param {GridPosterior} grid @returns {{values: number[], heights: number[]}} */
export function densityOfSpread({ centres, spreads, weight }) {
  const step = spreads[1] - spreads[0];
  const values = spreads.map(Math.exp);
  const heights = values.map((value, row) => {
    const mass = weight.subarray(row * centres.length, (row + 1) * centres.length).reduce((sum, w) => sum + w, 0);
    return mass / (step * value);
  });
  return { values, heights };
}

/** Numbers at equal distances, both ends included. @param {[number, number]} range @param {number} count */
export function evenly([low, high], count) {
  return Array.from({ length: count }, (_, k) => low + ((high - low) * k) / (count - 1));
}

/** The range of an axis outside of which a rough grid has nothing that counts. */
function covered({ centres, spreads, log }, axis) {
  const nodes = axis === 0 ? centres : spreads;
  const highest = log.reduce((most, value) => Math.max(most, value), -Infinity);
  let first = nodes.length - 1, last = 0;
  log.forEach((value, at) => {
    if (value < highest - NEGLIGIBLE) return;
    const k = axis === 0 ? at % centres.length : Math.floor(at / centres.length);
    first = Math.min(first, k);
    last = Math.max(last, k);
  });
  return [nodes[Math.max(0, first - 1)], nodes[Math.min(nodes.length - 1, last + 1)]];
}

function normalised(log) {
  const total = logSumExp(log);
  return log.map((value) => Math.exp(value - total));
}

function logSumExp(log) {
  const highest = log.reduce((most, value) => Math.max(most, value), -Infinity);
  return highest + Math.log(log.reduce((sum, value) => sum + Math.exp(value - highest), 0));
}
