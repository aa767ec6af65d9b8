// WAIC and Pareto-smoothed leave-one-out of log likelihoods: those of diagnostics/waic.py and diagnostics/psis.py, which
// give reasons and sources; tests hold the two together.

import { effectiveSize } from "../diagnostics.mjs";

const MIN_TAIL = 5;

/** WAIC, by the divisors of R's rethinking, as the lecture has it.
 * @param {Float64Array[]} columns  the log likelihoods of each observation, in all draws
 * @returns {{waic: number, penalty: number}} */
export function waicOf(columns) {
  let elpd = 0, penalty = 0;
  for (const column of columns) {
    const mean = column.reduce((sum, x) => sum + x, 0) / column.length;
    const variance = column.reduce((sum, x) => sum + (x - mean) ** 2, 0) / column.length;
    elpd += logSum(column) - Math.log(column.length) - variance;
    penalty += variance;
  }
  return { waic: -2 * elpd, penalty };
}

/** @param {Float64Array[]} columns @param {number} chains  one after another in each column
 * @returns {{looic: number, worst: number}}  the score, and the largest k-hat */
export function psisOf(columns, chains) {
  let elpd = 0, worst = -Infinity;
  for (const column of columns) {
    const { smoothed, shape } = smoothedRatios(column, relativeEfficiency(column, chains));
    const total = logSum(smoothed);
    elpd += logSum(smoothed.map((ratio, k) => ratio + column[k])) - total;
    worst = Math.max(worst, shape);
  }
  return { looic: -2 * elpd, worst };
}

/** ESS / S of an observation's likelihood, of whole chains; 1 where it is undefined. */
function relativeEfficiency(column, chains) {
  const highest = column.reduce((most, x) => Math.max(most, x), -Infinity);
  const draws = column.length / chains;
  const rows = Array.from({ length: chains }, (_, k) => column.slice(k * draws, (k + 1) * draws).map((x) => Math.exp(x - highest)));
  const size = effectiveSize(rows) / column.length;
  return Number.isNaN(size) ? 1 : size;
}

/** Log importance ratios of leaving an observation out, the largest of them smoothed. */
function smoothedRatios(column, efficiency) {
  const draws = column.length;
  const lowest = column.reduce((least, x) => Math.min(least, x), Infinity);
  const smoothed = column.map((x) => lowest - x);
  const tail = Math.ceil(Math.min(0.2 * draws, 3 * Math.sqrt(draws / efficiency)));
  const order = Array.from(smoothed.keys()).sort((i, j) => smoothed[i] - smoothed[j]).slice(-tail - 1);
  const [below, ...largest] = order;
  if (tail < MIN_TAIL || smoothed[largest[0]] === smoothed[largest.at(-1)]) return { smoothed, shape: Infinity };
  const cutoff = Math.exp(smoothed[below]);
  const { shape, scale } = paretoOf(largest.map((k) => Math.exp(smoothed[k]) - cutoff));
  if (Number.isFinite(shape))
    largest.forEach((k, rank) => {
      const exponential = -Math.log1p(-(rank + 0.5) / tail);
      const excess = scale * (shape === 0 ? exponential : Math.expm1(shape * exponential) / shape);
      smoothed[k] = Math.min(0, Math.log(excess + cutoff));
    });
  return { smoothed, shape };
}

/** Shape and scale of the generalised Pareto distribution of sorted excesses: Zhang & Stephens (2009), the shape drawn
 * towards 0.5 with the weight of ten excesses. */
function paretoOf(x) {
  const count = x.length, points = 30 + Math.floor(Math.sqrt(count));
  const quartile = x[Math.floor(count / 4 + 0.5) - 1];
  const shapeAt = (theta) => x.reduce((sum, value) => sum + Math.log1p(-theta * value), 0) / count;
  const grid = Array.from({ length: points }, (_, k) => 1 / x.at(-1) + (1 - Math.sqrt(points / (k + 0.5))) / (3 * quartile));
  const profile = grid.map((theta) => {
    const shape = shapeAt(theta);
    return count * (Math.log(-theta / shape) - shape - 1);
  });
  const total = logSum(profile);
  const theta = grid.reduce((sum, value, k) => sum + value * Math.exp(profile[k] - total), 0);
  const shape = shapeAt(theta);
  if (Number.isNaN(shape)) return { shape: Infinity, scale: Infinity };
  return { shape: (shape * count + 5) / (count + 10), scale: -shape / theta };
}

function logSum(values) {
  const highest = values.reduce((most, x) => Math.max(most, x), -Infinity);
  return highest + Math.log(values.reduce((sum, x) => sum + Math.exp(x - highest), 0));
}
