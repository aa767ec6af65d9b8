// How much to pool: tadpoles in tanks, and what the sampler is asked to make of them.

import { densityOfSpread, evenly, groupedPosterior, leftOut, momentsOf } from "./grouped.mjs";
import { listText, program, settingsText } from "./python.mjs";

export const MOST_TADPOLES = 60;
export const SIGMAS = [0.1, 5]; // of the slider: from nearly complete pooling to nearly none
const SCORED = 25; // values of sigma that are scored, for the curve

/** @typedef {[number, "no" | "pred", "big" | "small", number]} Tank  tadpoles, predators, size, survivors
 * @typedef {{tanks: Tank[] | null, sigma: number | null, predators: boolean, form: "centred" | "noncentred", seed: number}}
 *   Pooling  tanks: null are the lecture's; sigma: null is learned */

/** The model of a state. @param {Pooling} state */
export function poolingModel({ sigma, predators, form }) {
  if (sigma !== null && !predators) return "mST_fixed";
  return (predators ? "mSTP" : "mST") + (form === "noncentred" ? "nc" : "");
}

/** Whether sigma is learned. @param {Pooling} state */
export const learnsSigma = (state) => poolingModel(state) !== "mST_fixed";

/** @param {Pooling} state @param {{logFactorial: number[], tanks: Tank[]}} tables */
export function poolingRun(state, tables) {
  const tanks = state.tanks ?? tables.tanks, model = poolingModel(state);
  const { logFactorial } = tables;
  const known = !learnsSigma(state);
  const data = {
    survived: tanks.map(([, , , survived]) => survived), density: tanks.map(([density]) => density),
    log_coefficient: tanks.map(([n, , , k]) => logFactorial[n] - logFactorial[k] - logFactorial[n - k]),
    weight: tanks.map(() => 1),
    predictors: { shape: [state.predators ? 1 : 0, tanks.length], values: state.predators ? tanks.map(hasPredators) : [] },
    ...(known ? { sigma: state.sigma } : {}),
  };
  return { model, data, dimension: tanks.length + (known ? 1 : 2) + (state.predators ? 1 : 0), settings: poolingSettings(state) };
}

const poolingSettings = ({ seed }) => ({ chains: 4, warmup: 400, draws: 1000, seed });
const hasPredators = ([, predators]) => (predators === "pred" ? 1 : 0);

/** Why a state has no posterior to sample; null where it has. @param {Pooling} state @param {{tanks: Tank[]}} tables */
export function poolingTrouble(state, tables) {
  const tanks = state.tanks ?? tables.tanks;
  const varies = tanks.some((tank) => hasPredators(tank) !== hasPredators(tanks[0]));
  return state.predators && !varies ? "With predators in every tank, or in none, they have no slope: change a tank, or switch the predictor off." : null;
}

/** The Python that gives the same draws. @param {Pooling} state */
export function poolingPython(state) {
  const model = poolingModel(state), lines = [];
  const given = learnsSigma(state) ? [] : [`sigma=${state.sigma}`];
  if (state.tanks !== null) {
    const column = (name, k) => `    "${name}": ${listText(state.tanks.map((tank) => tank[k]))},`;
    lines.push("tanks = pd.DataFrame({", ...["density", "pred", "size", "surv"].map(column), "})");
    given.push("data=tanks");
  }
  lines.push(`model = models.${model}(${given.join(", ")})`, `fit = hmc.sample(model, ${settingsText(poolingSettings(state))})`);
  return program([...(state.tanks === null ? [] : ["import pandas as pd"]), "import hmc", "import models"], lines);
}

/** The intercepts of the tanks, a_bar, and sigma and bP, where the model has them, of a draw.
 * @param {Pooling} state @param {number} count  of the tanks */
export function readerOf(state, count) {
  const learns = learnsSigma(state), isFree = learns && state.form === "noncentred";
  return {
    learns,
    sigma: (row) => (learns ? Math.exp(row[count + 1]) : state.sigma),
    slope: (row) => (state.predators ? row[count + 2] : 0),
    intercept: (row, j) => (isFree ? row[count] + row[j] * Math.exp(row[count + 1]) : row[j]),
  };
}

/** The log likelihood of the survivors of a tank. @returns {import("./grouped.mjs").LogLikelihood} */
function ofSurvivors(density, survived, logCoefficient) {
  return (a, into) => {
    const tail = Math.exp(-Math.abs(a)), p = a > 0 ? 1 / (1 + tail) : tail / (1 + tail);
    into[0] = logCoefficient + survived * a - density * (Math.max(a, 0) + Math.log1p(tail));
    into[1] = survived - density * p;
    into[2] = -density * p * (1 - p);
  };
}

/** What is to be integrated for tanks without predators; those that are alike share their integrals. */
function groupedOf(tanks, { logFactorial }, sigma) {
  const keys = tanks.map(([n, , , k]) => `${n} ${k}`), different = [...new Set(keys)];
  const likelihoods = different.map((key) => {
    const [n, k] = key.split(" ").map(Number);
    return ofSurvivors(n, k, logFactorial[n] - logFactorial[k] - logFactorial[n - k]);
  });
  return {
    likelihoods, groups: keys.map((key) => different.indexOf(key)), centre: [-7, 7], spread: [-9, 3], points: [21, 21],
    logPriorCentre: (a_bar) => -0.5 * (a_bar / 1.5) ** 2 - Math.log(1.5) - 0.5 * Math.log(2 * Math.PI),
    logPriorSpread: (logSigma) => logSigma - Math.exp(logSigma), // Exponential(1)
    ...(sigma === null ? {} : { sigma }),
  };
}

/** Exact leave-one-out: its -2 elpd. */
const scoreOf = (grid) => -2 * leftOut(grid).reduce((sum, each) => sum + each, 0);

/** The exact posterior of a state without predators, and its leave-one-out.
 * @param {Pooling} state @param {{logFactorial: number[], tanks: Tank[]}} tables */
export function exactPooling(state, tables) {
  const sigma = learnsSigma(state) ? null : state.sigma;
  const grid = groupedPosterior(groupedOf(state.tanks ?? tables.tanks, tables, sigma));
  return { ...momentsOf(grid), looic: scoreOf(grid), curve: sigma === null ? densityOfSpread(grid) : null };
}

/** The exact leave-one-out scores of the sigmas of the slider, and that of learning sigma. They depend on the tanks alone,
 * and come one after another: the value comes at the end.
 * @param {{tanks: Tank[] | null}} state @param {{logFactorial: number[], tanks: Tank[]}} tables */
export function* scoringOfSigma({ tanks }, tables) {
  const asked = (sigma) => groupedOf(tanks ?? tables.tanks, tables, sigma);
  const sigmas = evenly(SIGMAS.map(Math.log), SCORED).map(Math.exp), looic = [];
  for (const sigma of sigmas) {
    looic.push(scoreOf(groupedPosterior(asked(sigma))));
    yield;
  }
  return { sigmas, looic, learned: scoreOf(groupedPosterior(asked(null))) };
}
