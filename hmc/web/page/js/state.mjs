// What the page's state may be. A link's fragment is JSON from anybody: each field is checked by itself, and what is
// not of its kind is left out. Nothing of it is ever run.

import { LOWER } from "./coordinates.mjs";

export const wholeFrom = (least, most) => (x) => Number.isSafeInteger(x) && x >= least && x <= most;
export const between = (least, most) => (x) => typeof x === "number" && x > least && x < most;
export const oneOf = (...known) => (x) => known.includes(x);
export const orNone = (check) => (x) => x === null || check(x);
const numbers = (x) => Array.isArray(x) && x.every(Number.isFinite);

/** The settings of a run, which a race has a second time. */
const OF_RUN = {
  algorithm: oneOf("nuts", "walnuts", "hmc"),
  path_length: between(0, 1000),
  tolerance: between(0, 1000),
  max_depth: wholeFrom(1, 12),
  seed: wholeFrom(0, Number.MAX_SAFE_INTEGER),
  chains: wholeFrom(1, 16),
  warmup: wholeFrom(0, 20000),
  draws: wholeFrom(1, 20000),
  target_accept: between(0, 1),
};
const METRICS = ["auto", "diag", "dense", "low_rank", "unit"]; // of `sample`

/** The state of a page whose first model this is.
 * @param {{name: string, coordinates: import("./coordinates.mjs").Coordinate[]}} model */
export function defaultState(model) {
  return {
    view: "step", algorithm: "nuts", path_length: Math.PI / 2, tolerance: 3, max_depth: 10, seed: 12,
    chains: 4, warmup: 400, draws: 1000, target_accept: 0.8, run_metric: "auto",
    race: { algorithm: "hmc", path_length: Math.PI / 2 }, budget: 100000,
    ...stateOfModel(model),
  };
}

/** The fields that a change of the model changes.
 * @param {{name: string, coordinates: import("./coordinates.mjs").Coordinate[]}} model */
export function stateOfModel({ name, coordinates }) {
  const [x, y] = firstPair(coordinates);
  const isSmall = coordinates.length <= 2;
  return {
    model: name, x, y, constrained: false, close_up: false, start: null, momentum: null, cursor: 0, step_size: null,
    metric: isSmall ? "unit" : "adapted", inverse_metric: null,
  };
}

/** Two coordinates to begin with: a scale, which shapes the others, upwards, and the first of these. */
function firstPair(coordinates) {
  const scale = coordinates.find(({ kind }) => kind === LOWER) ?? coordinates[1];
  return [coordinates.find((other) => other !== scale).name, scale.name];
}

/** The state that a fragment's text sets, on top of the defaults of the model that it names.
 * @param {string} text  of the fragment, without #
 * @param {{name: string, coordinates: import("./coordinates.mjs").Coordinate[]}[]} models
 * @param {string[]} views @returns {object} */
export function stateOfFragment(text, models, views) {
  const given = parsed(text);
  const model = models.find(({ name }) => name === given.model) ?? models[0];
  const state = defaultState(model);
  setWhatIsRight(state, given, checksOf(model, models.map(({ name }) => name), views));
  if (state.x === state.y) [state.x, state.y] = firstPair(model.coordinates);
  if (state.metric === "own" && state.inverse_metric === null) state.metric = "unit";
  return state;
}

/** Set the fields of a state that are given and pass their checks.
 * @param {object} state @param {object} given @param {Record<string, (value: any) => boolean>} checks */
export function setWhatIsRight(state, given, checks) {
  for (const name of Object.keys(checks))
    if (Object.hasOwn(given, name) && checks[name](given[name])) state[name] = copied(given[name]);
}

/** A fragment's text for a state: what is not as by default.
 * @param {Record<string, unknown>} state @param {{name: string, coordinates: object[]}} model */
export function fragmentOf(state, model) {
  const defaults = defaultState(model);
  const changed = Object.entries(state).filter(
    ([name, value]) => name === "model" || JSON.stringify(value) !== JSON.stringify(defaults[name]),
  );
  return encodeURIComponent(JSON.stringify(Object.fromEntries(changed)));
}

function checksOf({ coordinates }, models, views) {
  const names = coordinates.map(({ name }) => name);
  const dimension = coordinates.filter(({ ofMomentum }) => !ofMomentum).length;
  const position = orNone((x) => numbers(x) && x.length === dimension && x.every((value) => Math.abs(value) < 1e6));
  return {
    ...OF_RUN,
    view: oneOf(...views),
    step_size: orNone(between(0, 1000)),
    metric: oneOf("unit", "adapted", "own"),
    inverse_metric: orNone(isEllipse),
    x: oneOf(...names),
    y: oneOf(...names),
    constrained: (x) => typeof x === "boolean",
    close_up: (x) => typeof x === "boolean",
    start: position,
    momentum: position,
    cursor: wholeFrom(0, 1e6),
    run_metric: oneOf(...METRICS),
    race: isRace(models),
    budget: wholeFrom(1000, 5000000),
  };
}

/** Variance, covariance and variance of the two coordinates that are shown. */
function isEllipse(x) {
  if (!numbers(x) || x.length !== 3 || !x.every((value) => Math.abs(value) < 1e8)) return false;
  const [xx, xy, yy] = x;
  return xx > 0 && yy > 0 && xx * yy > xy * xy;
}

const isRace = (models) => (x) => {
  if (x === null || typeof x !== "object" || Array.isArray(x)) return false;
  const checks = { ...OF_RUN, metric: oneOf(...METRICS), model: oneOf(...models) };
  return Object.entries(x).every(([name, value]) => Object.hasOwn(checks, name) && checks[name](value));
};

/** The object that a fragment's text stands for; one without fields, where it is of another kind. */
export const parsed = (text) => objectOf(text) ?? {};

/** Whether a fragment's text is that of a state. @param {string} text */
export const holdsState = (text) => objectOf(text) !== null;

function objectOf(text) {
  try {
    const value = JSON.parse(decodeURIComponent(text));
    return typeof value === "object" && !Array.isArray(value) ? value : null;
  } catch {
    return null; // no JSON, or not encoded as a link is
  }
}

const copied = (value) => JSON.parse(JSON.stringify(value));
