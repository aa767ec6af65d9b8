// R-hat, effective sample sizes, mean, sd and Monte Carlo error of a parameter: those of diagnostics/, which gives
// reasons and sources; tests hold the two together. Vehtari et al. (2021).

import { meanAutocovariance } from "./fourier.mjs";
import { normalQuantile } from "./normal_quantile.mjs";

const MIN_DRAWS = 3; // lags that leave a pair to sum
const LARGE = 2 ** 1022; // from here on the distance between two draws may be over the largest double

/** What is known of a parameter by its draws; NaN for what is undefined, and all of it where a draw is NaN.
 * @param {Float64Array[]} chains  draws, as many of each chain
 * @returns {{mean: number, sd: number, mcse: number, rhat: number, essBulk: number, essTail: number}} */
export function diagnose(chains) {
  const draws = pool(chains);
  const undefinedHere = { mean: NaN, sd: NaN, mcse: NaN, rhat: NaN, essBulk: NaN, essTail: NaN };
  if (draws.length === 0 || draws.some(Number.isNaN)) return undefinedHere;
  const sorted = draws.slice().sort();
  const scale = safeScale(sorted);
  const scaled = chains.map((chain) => (scale === 1 ? chain : chain.map((x) => x / scale)));
  const together = scale === 1 ? draws : pool(scaled);
  const sd = Math.sqrt(sampleVariance(together)) * scale;
  const essMean = draws.every(Number.isFinite) ? effectiveSize(halvesOf(scaled)) : NaN;
  const ranked = normalScores(halvesOf(chains));
  return {
    mean: meanOf(together) * scale,
    sd,
    mcse: sd / Math.sqrt(essMean),
    rhat: Math.max(scaleReduction(ranked), scaleReduction(normalScores(halvesOf(folded(chains, sorted))))),
    essBulk: effectiveSize(ranked),
    essTail: Math.min(sizeOfShare(chains, sorted, 0.05), sizeOfShare(chains, sorted, 0.95)),
  };
}

/** The quantile of sorted numbers, as R's type 7.
 * @param {ArrayLike<number>} sorted @param {number} probability @returns {number} */
function sortedQuantile(sorted, probability) {
  const index = (sorted.length - 1) * probability;
  const low = Math.floor(index), fraction = index - low;
  const below = sorted[low], above = sorted[Math.min(low + 1, sorted.length - 1)];
  return fraction === 0 || below === above ? below : (1 - fraction) * below + fraction * above;
}

/** A power of two that brings the largest finite number into a range whose squares are doubles; else 1. */
function safeScale(sorted) {
  const largest = Math.max(-sorted[0], sorted.at(-1));
  if (largest === 0 || !Number.isFinite(largest)) return 1;
  const exponent = Math.floor(Math.log2(largest)) + 1;
  return Math.abs(exponent) <= 200 ? 1 : 2 ** Math.min(Math.max(exponent, -1021), 1023);
}

function pool(chains) {
  const all = new Float64Array(chains.reduce((sum, chain) => sum + chain.length, 0));
  let at = 0;
  for (const chain of chains) {
    all.set(chain, at);
    at += chain.length;
  }
  return all;
}

/** Each chain's halves as chains of their own, without the middle draw of an odd number; one draw stays whole. */
function halvesOf(chains) {
  const half = Math.floor(chains[0].length / 2);
  if (half === 0) return chains;
  return [...chains.map((chain) => chain.subarray(0, half)), ...chains.map((chain) => chain.subarray(-half))];
}

/** Distances from the median of all draws. */
function folded(chains, sorted) {
  const unit = Math.max(-sorted[0], sorted.at(-1)) < LARGE ? 1 : 0.5;
  const median = sortedQuantile(sorted, 0.5) * unit;
  return chains.map((chain) => chain.map((x) => Math.abs(x * unit - median)));
}

/** Normal scores of the ranks among all chains; equal draws share their average rank. */
function normalScores(chains) {
  const sorted = pool(chains).sort();
  const size = sorted.length;
  const scores = new Float64Array(2 * size + 1); // by twice the rank, as they are asked for
  return chains.map((chain) =>
    chain.map((x) => {
      const first = placeOf(sorted, x);
      let last = first;
      while (last + 1 < size && sorted[last + 1] === x) last++;
      if (last - first > 8) last = placeAfter(sorted, x, last) - 1; // many ties: searched, not walked
      const twice = first + last + 2;
      // Exactly 0 in the middle: 0 is also what is not yet known, and stays right.
      return (scores[twice] ||= twice === size + 1 ? 0 : normalQuantile((twice / 2 - 3 / 8) / (size + 1 / 4)));
    }),
  );
}

/** The place of the first sorted number that is not below x. */
function placeOf(sorted, x) {
  let low = 0, high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] < x) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The place of the first sorted number above x, from a place on. */
function placeAfter(sorted, x, from) {
  let low = from, high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] <= x) low = middle + 1;
    else high = middle;
  }
  return low;
}

function meanOf(x) {
  let sum = 0;
  for (const value of x) sum += value - x[0];
  return Number.isFinite(x[0]) ? x[0] + sum / x.length : x.reduce((total, value) => total + value, 0);
}

/** Sample variance; exactly 0 for equal values, NaN for fewer than two. */
function sampleVariance(x) {
  const first = x[0];
  let mean = 0, sum = 0;
  for (const value of x) mean += (value - first) / x.length;
  for (const value of x) sum += (value - first - mean) ** 2;
  return sum / (x.length - 1);
}

function isFiniteAndVaried(chains) {
  const first = chains[0][0];
  return chains.every((chain) => chain.every(Number.isFinite)) && chains.some((chain) => chain.some((x) => x !== first));
}

/** sqrt of total over within-chain variance. */
function scaleReduction(chains) {
  if (!isFiniteAndVaried(chains)) return NaN;
  const draws = chains[0].length;
  const within = meanOf(chains.map(sampleVariance));
  const between = sampleVariance(chains.map(meanOf));
  return Math.sqrt(((draws - 1) / draws * within + between) / within);
}

/** ESS for the share of draws that are at most the quantile. */
function sizeOfShare(chains, sorted, probability) {
  if (!Number.isFinite(sorted[0]) || !Number.isFinite(sorted.at(-1))) return NaN;
  const value = sortedQuantile(sorted, probability);
  return effectiveSize(halvesOf(chains.map((chain) => chain.map((x) => (x <= value ? 1 : 0)))));
}

/** S / tau of S draws, at most S log10(S). */
export function effectiveSize(chains) {
  const draws = chains[0].length;
  if (draws < MIN_DRAWS || !isFiniteAndVaried(chains)) return NaN;
  const size = chains.length * draws;
  return size / Math.max(autocorrelationTime(chains), 1 / Math.log10(size));
}

/** tau = 1 + 2 sum of rho_t over Geyer's initial monotone sequence. */
function autocorrelationTime(chains) {
  const rho = combinedAutocorrelation(chains);
  const last = Math.max(0, Math.floor((rho.length - 4) / 2));
  const pair = (k) => rho[2 * k] + rho[2 * k + 1];
  let total = 0, smallest = Infinity, stop = 0;
  for (; stop < last && pair(stop) > 0; stop++) {
    smallest = Math.min(smallest, pair(stop));
    total += smallest;
  }
  if (stop === 0) total = 1; // as R: lag 0 is always in the sum
  const even = rho[2 * stop];
  return -1 + 2 * total + (even > 0 || pair(stop) >= 0 ? even : 0);
}

function combinedAutocorrelation(chains) {
  const draws = chains[0].length;
  const autocovariance = meanAutocovariance(chains);
  const within = (autocovariance[0] * draws) / (draws - 1);
  const total = autocovariance[0] + (chains.length > 1 ? sampleVariance(chains.map(meanOf)) : 0);
  const rho = autocovariance.map((covariance) => 1 - (within - covariance) / total);
  rho[0] = 1;
  return rho;
}
