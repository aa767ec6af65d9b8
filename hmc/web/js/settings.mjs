// What `sample` is asked for, checked, and as the numbers that the sampler takes: as hmc/settings.py and
// hmc/sampler/starting.py do for `hmc.sample`.

import { mostKept, planOf } from "./plan.mjs";

const DEFAULTS = {
  chains: 4, warmup: 400, draws: 1000, seed: 12, metric: "auto", target_accept: 0.8, max_depth: 10,
  algorithm: "nuts", path_length: null, adaptation: "gradients",
};
const KNOWN = {
  algorithm: ["nuts", "hmc"],
  metric: ["auto", "diag", "dense", "low_rank", "unit"],
  adaptation: ["gradients", "windows"],
};
const LEAST = { chains: 1, warmup: 0, draws: 1, max_depth: 1 };
const MOST_DEPTH = 20;

/** The settings with their defaults; a RangeError names the first that is wrong, and its value.
 * @param {Record<string, unknown>} given @param {Record<string, number>} constants  of the module */
export function checkedSettings(given, constants) {
  for (const name of Object.keys(given))
    if (!(name in DEFAULTS)) throw new RangeError(`${name} is none of ${Object.keys(DEFAULTS).join(", ")}`);
  const settings = { ...DEFAULTS, ...given };
  for (const [name, least] of Object.entries(LEAST))
    if (!Number.isSafeInteger(settings[name]) || settings[name] < least)
      throw new RangeError(`${name} = ${settings[name]} is not a whole number of at least ${least}`);
  if (settings.max_depth > MOST_DEPTH) throw new RangeError(`max_depth = ${settings.max_depth} is more than ${MOST_DEPTH}`);
  for (const [name, known] of Object.entries(KNOWN))
    if (!known.includes(settings[name])) throw new RangeError(`${name} = ${settings[name]} is none of ${known.join(", ")}`);
  if (settings.metric === "low_rank" && settings.adaptation === "windows")
    throw new RangeError('metric = "low_rank" is fitted to draws and gradients: adaptation = "windows" knows no gradients');
  if (settings.path_length !== null && settings.algorithm === "nuts")
    throw new RangeError('path_length is for algorithm = "hmc"; NUTS finds its own');
  settings.path_length ??= constants.QUARTER_PERIOD;
  checkNumber("path_length", settings.path_length, Infinity);
  checkNumber("target_accept", settings.target_accept, 1);
  return { ...settings, seed: wholeSeed(settings.seed) };
}

function checkNumber(name, value, below) {
  if (typeof value !== "number" || !(value > 0 && value < below))
    throw new RangeError(`${name} = ${value} is not a number between 0 and ${below}`);
}

/** A seed may be a BigInt: NumPy's go beyond what a number can hold. */
function wholeSeed(seed) {
  if (typeof seed === "bigint" ? seed >= 0n : Number.isSafeInteger(seed) && seed >= 0) return BigInt(seed);
  throw new RangeError(`seed = ${seed} is not a whole number of at least 0; beyond 2^53, give a BigInt`);
}

/** What the arguments of a chain hold besides zeros: {sizes, numbers, arrays}, by the names of the description.
 * @param {ReturnType<typeof checkedSettings>} settings
 * @param {number} dimension @param {Record<string, number>} constants */
export function argumentsOf(settings, dimension, constants) {
  const { metric, adaptation, warmup, draws } = settings;
  const plan = planOf(settings, constants);
  const { kind, firstKind, directions } = firstMetric(settings, dimension, constants);
  const byGradients = adaptation === "gradients" && metric !== "unit";
  const sizes = {
    dimension, directions, warmup, kept: draws, iterations: warmup + draws, levels: settings.max_depth + 1,
    covariances: metric === "dense" && adaptation === "windows" ? dimension : 0,
    capacity: mostKept(plan, constants),
  };
  const numbers = {
    "orders.algorithm": settings.algorithm === "nuts" ? constants.NUTS : constants.STATIC,
    "orders.max_depth": settings.max_depth,
    "orders.path_length": settings.path_length,
    "orders.target_accept": settings.target_accept,
    "orders.estimator": byGradients ? constants.DRAWS_AND_GRADIENTS : constants.VARIANCE_OF_DRAWS,
    "orders.first_kept": warmup,
    "orders.until": warmup + draws,
  };
  const unit = kind === constants.DENSE ? unitMatrix(dimension) : [];
  const arrays = {
    "orders.plan": plan,
    "state.metric.form": [firstKind, 0, 0, kind],
    "state.metric.scale": new Array(dimension).fill(1),
    "state.metric.factor": unit,
    "state.metric.factor_transposed": unit,
  };
  return { sizes, numbers, arrays };
}

/** The kind that a fit makes, the kind at first, and the rows of the factor: `first_metric`. */
function firstMetric({ metric, adaptation }, dimension, { DIAGONAL, DENSE, LOW_RANK, LARGEST_DENSE, MOST_DIRECTIONS }) {
  const dense = { kind: DENSE, firstKind: DENSE, directions: dimension };
  const diagonal = { kind: DIAGONAL, firstKind: DIAGONAL, directions: 0 };
  if (metric === "diag" || metric === "unit") return diagonal;
  if (adaptation === "windows") return metric === "dense" ? dense : diagonal;
  const isDense = metric === "dense" || (metric === "auto" && dimension <= LARGEST_DENSE);
  const form = isDense ? dense : { kind: LOW_RANK, firstKind: LOW_RANK, directions: Math.min(dimension, MOST_DIRECTIONS) };
  return metric === "auto" ? { ...form, firstKind: DIAGONAL } : form;
}

function unitMatrix(n) {
  return Array.from({ length: n * n }, (_, k) => (k % (n + 1) === 0 ? 1 : 0));
}
