// The settings of a race: the first run's, and what is different in the second.

import { choice, number, where } from "./fields.mjs";
import { makeGroup, makePanel } from "./panel.mjs";
import { presetsOf } from "./presets.mjs";
import { ALGORITHM_WORDS, isStatic, isWalnuts, METRIC_WORDS, ofAlgorithm, runSettings, samplerFields, targetFields, TOLERANCES } from "./target_fields.mjs";

/** The settings of the second run, with its model. @param {any} state */
export function secondOf(state) {
  const { path_length, tolerance, ...shared } = runSettings(state);
  const { path_length: length = state.path_length, tolerance: own = state.tolerance, ...changed } = state.race;
  const settings = { model: state.model, ...shared, ...changed };
  return { ...settings, ...ofAlgorithm({ ...settings, path_length: length, tolerance: own }) };
}

/** The panel of what both share, and a group of fields for each lane.
 * @param {import("./store.mjs").Store} store @param {any} engine */
export function makeRacePanel(store, engine) {
  const field = (name) => (value) => store.set({ [name]: value });
  const changed = (name) => (value) => store.set({ race: { ...store.get().race, [name]: value } });
  const presets = (state) => presetsOf(engine, state);
  const chosen = (state) => presets(state).find(([, sets]) => isSetTo(state, sets))?.[0] ?? "";
  const models = engine.models().map((name) => [name, name]);
  const panel = makePanel([
    ["Race", [
      choice("Which", (state) => [["", "your own"], ...presets(state).map(([name]) => [name, name])], chosen,
        (name) => store.set(presets(store.get()).find(([each]) => each === name)?.[1] ?? {})),
      number("Gradients to spend", { min: 1000, max: 5000000, step: 1 }, ({ budget }) => budget, field("budget")),
      number("Chains", { min: 1, max: 16, step: 1 }, ({ chains }) => chains, field("chains")),
      number("Warm-up", { min: 0, max: 20000, step: 1 }, ({ warmup }) => warmup, field("warmup")),
    ]],
    ["Target", targetFields(store, engine)],
  ], store, () => "Both begin from one seed, and pay for their warm-up too.");
  return {
    root: panel.root,
    lanes: [makeGroup("First", samplerFields(store), store), makeGroup("Second, where it is different", [
      choice("Model", models, (state) => secondOf(state).model, changed("model")),
      choice("Algorithm", ALGORITHM_WORDS, (state) => secondOf(state).algorithm, changed("algorithm")),
      where(number("Path length", { min: 0.001, max: 100, step: "any" }, (state) => secondOf(state).path_length, changed("path_length")),
        (state) => isStatic(secondOf(state))),
      where(number("Tolerance", TOLERANCES, (state) => secondOf(state).tolerance, changed("tolerance")),
        (state) => isWalnuts(secondOf(state))),
      choice("Metric", METRIC_WORDS, (state) => secondOf(state).metric, changed("metric")),
      number("Target acceptance", { min: 0.05, max: 0.995, step: "any" }, (state) => secondOf(state).target_accept, changed("target_accept")),
    ], store)],
  };
}

/** Whether a state is as something would set it. */
function isSetTo(state, sets) {
  return Object.entries(sets).every(([name, value]) => JSON.stringify(state[name]) === JSON.stringify(value));
}
