// What the page shows of draws: a worker makes it of them, so that little is sent and the page only draws.

import { diagnose } from "../diagnostics.mjs";
import { histogramOf } from "../marginal.mjs";
import { normalQuantile } from "../normal_quantile.mjs";
import { LONGEST } from "./cafes.mjs";
import { psisOf, waicOf } from "./psis.mjs";
import { placesOf } from "./confounds.mjs";
import { CAFE_BINS, EFFECT_BINS, EFFECT_RANGES, SIGMA_BINS, SIGMA_RANGE, TAU_BINS, TAU_RANGE } from "./ranges.mjs";
import { readerOf } from "./tanks.mjs";

const QUANTILES = Array.from({ length: 9 }, (_, k) => normalQuantile((k + 0.5) / 9));

/** Draws of `sample`. @typedef {{position: Float64Array, shape: [number, number, number], stats: Record<string, Float64Array>}} Draws */

const rowsOf = ({ position, shape: [chains, draws, dimension] }) =>
  Array.from({ length: chains * draws }, (_, k) => position.subarray(k * dimension, (k + 1) * dimension));

/** Histograms of the mean waits, and their medians: of each cafe, and, where all are sampled together, of a new one.
 * @param {Draws[]} runs  one of all cafes, or one of each */
export function lookAtCafes(runs) {
  const columns = runs.flatMap((run) => {
    const rows = rowsOf(run), cafes = run.shape[2] - 2;
    const sigma = rows.map((row) => Math.exp(row[cafes + 1]));
    return Array.from({ length: cafes }, (_, j) => Float64Array.from(rows, (row, k) => Math.exp(row[cafes] + row[j] * sigma[k])));
  });
  const fresh = runs.length > 1 ? null : newCafe(rowsOf(runs[0]), runs[0].shape[2] - 2);
  const shown = (column) => ({ heights: histogramOf([column], [0, LONGEST], CAFE_BINS), median: medianOf(column) });
  return { cafes: columns.map(shown), fresh: fresh && shown(fresh), sigma: momentsOfSpread(runs) };
}

/** Mean waits of cafes that were never visited, at quantiles of their distribution in each draw. */
function newCafe(rows, cafes) {
  return Float64Array.from(rows.flatMap((row) => {
    const sigma = Math.exp(row[cafes + 1]);
    return QUANTILES.map((z) => Math.exp(row[cafes] + sigma * z));
  }));
}

function momentsOfSpread(runs) {
  if (runs.length > 1) return null;
  const column = Float64Array.from(rowsOf(runs[0]), (row) => Math.exp(row.at(-1)));
  return meanAndSd(column);
}

/** Of each tank the probability of survival and its 89% interval; sigma, a_bar and bP; what the draws cost.
 * @param {import("./tanks.mjs").Pooling} state @param {{data: any}} run @param {Draws} drawn */
export function lookAtTanks(state, { data }, drawn) {
  const of = readerOf(state, data.survived.length), rows = rowsOf(drawn);
  const tanks = logitsOfTanks(state, data, drawn).map((logits) => {
    const mean = logits.reduce((sum, x) => sum + x, 0) / logits.length;
    logits.sort();
    const [lower, upper] = [0.055, 0.945].map((share) => expit(logits[Math.round(share * (logits.length - 1))]));
    return { mean: expit(mean), lower, upper };
  });
  const column = (value) => Float64Array.from(rows, value);
  const sigma = column(of.sigma);
  return {
    tanks, sigma: meanAndSd(sigma), sigmas: histogramOf([sigma], SIGMA_RANGE, SIGMA_BINS),
    a_bar: meanAndSd(column((row) => row[tanks.length])), slope: state.predators ? meanAndSd(column(of.slope)) : null,
    ...costOf(drawn),
  };
}

/** How well the draws predict, and how many they are worth: it takes longer than the picture, and is done tank by tank,
 * so that whoever asks for it can do something else between, or stop. The value comes at the end.
 * @param {import("./tanks.mjs").Pooling} state @param {{data: any}} run @param {Draws} drawn */
export function* scoringOfTanks(state, { data }, drawn) {
  const { survived, density, log_coefficient: coefficient } = data;
  const score = { waic: 0, penalty: 0, looic: 0, worst: -Infinity };
  for (const [j, logits] of logitsOfTanks(state, data, drawn).entries()) {
    const column = [logits.map((x) => coefficient[j] + survived[j] * x - density[j] * softplus(x))];
    const { waic, penalty } = waicOf(column), { looic, worst } = psisOf(column, drawn.shape[0]);
    score.waic += waic;
    score.penalty += penalty;
    score.looic += looic;
    score.worst = Math.max(score.worst, worst);
    yield;
  }
  const of = readerOf(state, survived.length), rows = rowsOf(drawn);
  const effective = (value) => diagnose(chainsOf(Float64Array.from(rows, value), drawn.shape)).essBulk;
  return {
    ...score, effective: { a_bar: effective((row) => row[survived.length]), ...(of.learns ? { sigma: effective(of.sigma) } : {}) },
  };
}

/** The logits of survival in each tank, in all draws. */
function logitsOfTanks(state, { survived, predictors }, drawn) {
  const rows = rowsOf(drawn), of = readerOf(state, survived.length);
  return Array.from(survived, (_, j) => {
    const pressed = state.predators ? predictors.values[j] : 0;
    return Float64Array.from(rows, (row) => of.intercept(row, j) + pressed * of.slope(row));
  });
}

/** bXY and bZY of an estimator: a histogram, the mean, and the 89% interval of each.
 * @param {{model: string, data: any}} run @param {Draws} drawn */
export function lookAtEstimator({ model, data }, drawn) {
  const rows = rowsOf(drawn);
  return placesOf(model, data.Z.length).map((place, k) => {
    const column = Float64Array.from(rows, (row) => row[place]).sort();
    const [lower, upper] = [0.055, 0.945].map((share) => column[Math.round(share * (column.length - 1))]);
    return { heights: histogramOf([column], EFFECT_RANGES[k], EFFECT_BINS), mean: meanAndSd(column).mean, interval: [lower, upper] };
  });
}

/** The draws of the first school's effect and of log tau, those that diverged, and what tau is known to be.
 * @param {"centred" | "noncentred"} form @param {Draws} drawn */
export function lookAtSchools(form, drawn) {
  const rows = rowsOf(drawn), isFree = form === "noncentred";
  // A row has the eight effects, or z, then mu and log tau.
  const theta = Float64Array.from(rows, (row) => (isFree ? row[8] + Math.exp(row[9]) * row[0] : row[0]));
  const logTau = Float64Array.from(rows, (row) => row[9]);
  const { rhat, essBulk } = diagnose(chainsOf(logTau, drawn.shape));
  return {
    theta, logTau, diverging: drawn.stats.diverging, rhat, effective: essBulk, ...costOf(drawn),
    stepSize: drawn.stats.step_size.reduce((sum, x) => sum + x, 0) / drawn.stats.step_size.length,
    tau: meanAndSd(logTau.map(Math.exp)), taus: histogramOf([logTau.map(Math.exp)], TAU_RANGE, TAU_BINS),
  };
}

const costOf = ({ stats }) => ({
  gradients: stats.n_steps.reduce((sum, x) => sum + x, 0), divergences: stats.diverging.reduce((sum, x) => sum + x, 0),
});
const chainsOf = (values, [chains, draws]) => Array.from({ length: chains }, (_, k) => values.slice(k * draws, (k + 1) * draws));
const expit = (x) => 1 / (1 + Math.exp(-x));
const softplus = (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
const medianOf = (values) => values.toSorted()[values.length >> 1];

function meanAndSd(values) {
  const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
  return { mean, sd: Math.sqrt(values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (values.length - 1)) };
}
