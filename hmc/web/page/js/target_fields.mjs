// Fields of a form that every view has: which model, which two of its coordinates, on which scale; and how chains run.

import { check, choice, number, where } from "./fields.mjs";
import { labelOf } from "./coordinates.mjs";
import { stateOfModel } from "./state.mjs";

export const isStatic = ({ algorithm }) => algorithm === "hmc";
export const isWalnuts = ({ algorithm }) => algorithm === "walnuts";
export const TOLERANCES = { min: 0.01, max: 100, step: "any" };
export const METRIC_WORDS = [
  ["auto", "Automatic"], ["diag", "Diagonal"], ["dense", "Dense"], ["low_rank", "Low rank"], ["unit", "Unit"],
];
/** The fields of the state that draws depend on, beside how many there are. */
export const OF_SAMPLER = ["model", "algorithm", "path_length", "tolerance", "max_depth", "run_metric", "target_accept", "seed"];
export const ALGORITHM_WORDS = [["nuts", "NUTS"], ["walnuts", "WALNUTS"], ["hmc", "Static HMC"]];

/** Model, coordinates and scale. `turned(state)` gives what else changes with a coordinate; `isOfPhase`: the view shows
 * the momentum of a model of one coordinate beside it.
 * @param {import("./store.mjs").Store} store @param {any} engine @param {(state: any) => object} [turned]
 * @param {boolean} [isOfPhase] @returns {import("./fields.mjs").Field[]} */
export function targetFields(store, engine, turned = () => ({}), isOfPhase = false) {
  const coordinatesNow = ({ model }) => engine.described(model).coordinates;
  const names = (state) =>
    coordinatesNow(state).map((each) => [each.name, state.constrained ? labelOf(each, true) : each.name]);
  const other = { x: "y", y: "x" };
  /** Show another coordinate; where it is the other one's, they change places. */
  const turn = (axis) => (name) => {
    const state = store.get();
    const swapped = state[other[axis]] === name ? { [other[axis]]: state[axis] } : {};
    store.set({ [axis]: name, ...swapped, ...turned(state) });
  };
  const has2 = (state) => coordinatesNow(state).filter(({ ofMomentum }) => isOfPhase || !ofMomentum).length >= 2;
  const hasConstraint = (state) =>
    coordinatesNow(state).some(({ name, kind }) => [state.x, state.y].includes(name) && kind > 0);
  const models = engine.models().map((name) => [name, name]);
  return [
    choice("Model", models, ({ model }) => model, (model) => {
      const { model: _, ...race } = store.get().race; // another model's rival would be of another posterior
      store.set({ ...stateOfModel(engine.described(model)), race });
    }),
    where(choice("Across", names, ({ x }) => x, turn("x")), has2),
    where(choice("Upwards", names, ({ y }) => y, turn("y")), has2),
    where(check("constrained values", ({ constrained }) => constrained, (constrained) => store.set({ constrained })), hasConstraint),
  ];
}

/** How chains run. @param {import("./store.mjs").Store} store @returns {import("./fields.mjs").Field[]} */
export function samplerFields(store) {
  const field = (name) => (value) => store.set({ [name]: value });
  return [
    choice("Algorithm", ALGORITHM_WORDS, ({ algorithm }) => algorithm, field("algorithm")),
    where(number("Path length", { min: 0.001, max: 100, step: "any" }, ({ path_length }) => path_length, field("path_length")), isStatic),
    where(number("Tolerance", TOLERANCES, ({ tolerance }) => tolerance, field("tolerance")), isWalnuts),
    where(number("Most doublings", { min: 1, max: 10, step: 1 }, ({ max_depth }) => max_depth, field("max_depth")), (state) => !isStatic(state)),
    choice("Metric", METRIC_WORDS, ({ run_metric }) => run_metric, field("run_metric")),
    number("Target acceptance", { min: 0.05, max: 0.995, step: "any" }, ({ target_accept }) => target_accept, field("target_accept")),
    number("Seed", { min: 0, max: Number.MAX_SAFE_INTEGER, step: 1 }, ({ seed }) => seed, field("seed")),
  ];
}

/** The settings of `sample` of a state. @param {any} state */
export function runSettings(state) {
  const { chains, warmup, draws, seed, target_accept, max_depth, algorithm, run_metric: metric } = state;
  const settings = { chains, warmup, draws, seed, target_accept, max_depth, algorithm, metric };
  return { ...settings, ...ofAlgorithm(state) };
}

/** The settings that only the algorithm of a state has. @param {any} state */
export function ofAlgorithm(state) {
  const { path_length, tolerance } = state;
  return isStatic(state) ? { path_length } : isWalnuts(state) ? { tolerance } : {};
}
