// What `sample` is asked for, checked, and as the numbers that the sampler takes: as hmc/settings.py and
// hmc/sampler/starting.py do for `hmc.sample`.

import { givenMetric } from "./metric.mjs";
import { mostKept, planOf } from "./plan.mjs";

const DEFAULTS = {
  chains: 4, warmup: 400, draws: 1000, seed: 12, metric: "auto", target_accept: 0.8, max_depth: 10,
  algorithm: "nuts", path_length: null, tolerance: null, adaptation: "gradients", initial: null,
  keep_warmup: false,
};
const KNOWN = {
  algorithm: ["nuts", "walnuts", "hmc"],
  metric: ["auto", "diag", "dense", "low_rank", "unit"],
  adaptation: ["gradients", "windows"],
};
const LEAST = { chains: 1, warmup: 0, draws: 1, max_depth: 1 };
const MOST_DEPTH = 20;

/** The settings with their defaults; a RangeError names the first that is wrong, and its value.
 * @param {Record<string, unknown>} given @param {Record<string, number>} constants  of the module
 * @param {number} dimension  of the model */
export function checkedSettings(given, constants, dimension) {
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
  checkOfAlgorithm(settings);
  settings.path_length ??= constants.QUARTER_PERIOD;
  settings.tolerance ??= constants.TOLERANCE;
  checkNumber("path_length", settings.path_length, Infinity);
  checkNumber("tolerance", settings.tolerance, Infinity);
  checkNumber("target_accept", settings.target_accept, 1);
  if (typeof settings.keep_warmup !== "boolean")
    throw new RangeError(`keep_warmup = ${settings.keep_warmup} is neither true nor false`);
  return { ...settings, seed: wholeSeed(settings.seed), initial: startsOf(settings.initial, settings.chains, dimension) };
}

/** What only one algorithm has a use for. */
function checkOfAlgorithm({ algorithm, path_length, tolerance }) {
  if (path_length !== null && algorithm !== "hmc")
    throw new RangeError(`path_length is for algorithm = "hmc"; ${algorithm.toUpperCase()} finds its own`);
  if (tolerance !== null && algorithm !== "walnuts")
    throw new RangeError(`tolerance = ${tolerance} is for algorithm = "walnuts", whose steps adapt to it`);
}

function checkNumber(name, value, below) {
  if (typeof value !== "number" || !(value > 0 && value < below))
    throw new RangeError(`${name} = ${value} is not a number between 0 and ${below}`);
}

/** The position that each chain starts from; null where chains find their own. */
function startsOf(initial, chains, dimension) {
  if (initial === null) return null;
  const isOne = typeof initial[0] === "number";
  const starts = isOne ? new Array(chains).fill(initial) : Array.from(initial);
  if (starts.length !== chains) throw new RangeError(`initial has ${starts.length} positions for ${chains} chains`);
  for (const start of starts)
    if (start.length !== dimension) throw new RangeError(`initial has ${start.length} numbers, not ${dimension}`);
  return starts;
}

/** A seed may be a BigInt: NumPy's go beyond what a number can hold. */
function wholeSeed(seed) {
  if (typeof seed === "bigint" ? seed >= 0n : Number.isSafeInteger(seed) && seed >= 0) return BigInt(seed);
  throw new RangeError(`seed = ${seed} is not a whole number of at least 0; beyond 2^53, give a BigInt`);
}

/** What the arguments of a chain hold besides zeros: {sizes, numbers, arrays}, by the names of the description.
 * @param {ReturnType<typeof checkedSettings>} settings
 * @param {number} dimension @param {Record<string, number>} constants @param {number} chain  from 0 */
export function argumentsOf(settings, dimension, constants, chain = 0) {
  const { metric, adaptation, warmup, draws, keep_warmup, initial } = settings;
  const plan = planOf(settings, constants);
  const { kind, firstKind, directions } = firstMetric(settings, dimension, constants);
  const byGradients = adaptation === "gradients" && metric !== "unit";
  const sizes = {
    dimension, directions, warmup, kept: draws + (keep_warmup ? warmup : 0), iterations: warmup + draws,
    levels: settings.max_depth + 1, own_momentum: 0,
    covariances: metric === "dense" && adaptation === "windows" ? dimension : 0,
    capacity: mostKept(plan, constants),
  };
  const numbers = {
    "orders.algorithm": algorithmOf(settings, constants),
    "orders.max_depth": settings.max_depth,
    "orders.path_length": settings.path_length,
    "orders.target_accept": settings.target_accept,
    "orders.estimator": byGradients ? constants.DRAWS_AND_GRADIENTS : constants.VARIANCE_OF_DRAWS,
    "orders.first_kept": keep_warmup ? 0 : warmup,
    "orders.until": warmup + draws,
    ...macroOrders(settings, constants),
    "own.starts": initial === null ? 0 : 1,
  };
  const unit = kind === constants.DENSE ? unitMatrix(dimension) : [];
  const arrays = {
    "orders.plan": plan,
    "state.metric.form": [firstKind, 0, 0, kind],
    "state.metric.scale": new Array(dimension).fill(1),
    "state.metric.factor": unit,
    "state.metric.factor_transposed": unit,
  };
  if (initial !== null) arrays["state.point.position"] = initial[chain];
  return { sizes, numbers, arrays };
}

function algorithmOf({ algorithm }, constants) {
  return constants[{ nuts: "NUTS", walnuts: "WALNUTS", hmc: "STATIC" }[algorithm]];
}

/** Of all algorithms but WALNUTS, no macro step is halved. */
function macroOrders({ algorithm, tolerance, warmup }, constants) {
  const isWalnuts = algorithm === "walnuts";
  return {
    "orders.macro.tolerance": isWalnuts ? tolerance : Infinity,
    "orders.macro.first": isWalnuts ? Math.trunc(constants.NUTS_SHARE * warmup) : 0,
  };
}

/** The same for transitions with a step size, a metric and perhaps a momentum of one's own.
 * @param {ReturnType<typeof checkedSettings>} settings
 * @param {{stepSize: number, inverseMetric?: import("./metric.mjs").InverseMetric, momentum?: ArrayLike<number>}} own
 * @param {number} dimension @param {Record<string, number>} constants */
export function ownArguments(settings, { stepSize, inverseMetric, momentum = [] }, dimension, constants) {
  checkNumber("stepSize", stepSize, Infinity);
  if (![0, dimension].includes(momentum.length))
    throw new RangeError(`momentum has ${momentum.length} numbers, not ${dimension}`);
  const { directions, covariances, arrays } = givenMetric(inverseMetric, dimension, constants);
  const usual = argumentsOf({ ...settings, metric: "unit" }, dimension, constants);
  return {
    sizes: { ...usual.sizes, directions, covariances, own_momentum: momentum.length },
    numbers: { ...usual.numbers, "own.step_size": stepSize },
    arrays: { ...usual.arrays, ...arrays, "own.momentum": momentum },
  };
}

/** The kind that a fit makes, the kind at first, and the rows of the factor: `first_metric`.
 * @param {any} settings @param {number} dimension @param {Record<string, number>} constants */
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
