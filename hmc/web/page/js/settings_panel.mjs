// The settings of the Step view: what is sampled from, how, and what is drawn of it.

import { element } from "./dom.mjs";
import { check, choice, number, where } from "./fields.mjs";
import { inPlane } from "./metrics.mjs";
import { makePanel } from "./panel.mjs";
import { ALGORITHM_WORDS, isStatic, isWalnuts, targetFields, TOLERANCES } from "./target_fields.mjs";

const METRIC_CHOICES = [["unit", "Unit"], ["adapted", "As adapted"], ["own", "Your own"]];
const WHOLE = { min: 0, max: Number.MAX_SAFE_INTEGER, step: 1 };
const isOwn = ({ metric }) => metric === "own";

/** The panel. `walked` shows what the engine chose where the state leaves it open.
 * @param {import("./store.mjs").Store} store @param {any} engine */
export function makeSettings(store, engine) {
  let walk = null;
  const described = ({ model }) => engine.described(model);
  const again = (partial) => store.set({ ...partial, cursor: 0 });
  /** @param {string} name @returns {[(state: any) => any, (value: any) => void]} */
  const field = (name) => [(state) => state[name], (value) => again({ [name]: value })];
  const stepSize = ({ step_size }) => step_size ?? walk?.stepSize ?? NaN;
  const chooseAdapted = (isAdapted) => again({ step_size: isAdapted ? null : walk.stepSize });
  const turned = (state) => (isOwn(state) ? { metric: "unit", inverse_metric: null, cursor: 0 } : {});

  /** @type {[string, import("./fields.mjs").Field[]][]} */
  const groups = [
    ["Target", targetFields(store, engine, turned, true)],
    ["Sampler", [
      choice("Algorithm", ALGORITHM_WORDS, ({ algorithm }) => algorithm, (algorithm) => again({ algorithm })),
      number("Step size", { min: 1e-6, max: 100, step: "any" }, stepSize, (step_size) => again({ step_size })),
      check("as adapted", ({ step_size }) => step_size === null, chooseAdapted),
      where(number("Path length", { min: 0.001, max: 100, step: "any" }, ...field("path_length")), isStatic),
      where(number("Tolerance", TOLERANCES, ...field("tolerance")), isWalnuts),
      where(number("Most doublings", { min: 1, max: 10, step: 1 }, ...field("max_depth")), (state) => !isStatic(state)),
      choice("Metric", METRIC_CHOICES, ({ metric }) => metric, chooseMetric),
      ...ownMetric(),
      number("Seed", WHOLE, ({ seed }) => seed, (seed) => again({ seed, momentum: null })),
    ]],
  ];

  function chooseMetric(metric) {
    again({ metric, inverse_metric: metric === "own" ? ellipse() : null });
  }
  function ellipse() {
    const state = store.get();
    const indexOf = (name) => described(state).coordinates.find((each) => each.name === name).index;
    const [i, j] = [state.x, state.y].map(indexOf);
    return state.inverse_metric ?? inPlane(walk.inverseMetric, i, j);
  }
  /** The ellipse in numbers, for those who would rather type than drag. */
  function ownMetric() {
    const read = ({ inverse_metric: [xx, xy, yy] }) => [Math.sqrt(xx), Math.sqrt(yy), xy / Math.sqrt(xx * yy)];
    const write = (k) => (value) => {
      const parts = read(store.get());
      parts[k] = value;
      const [a, b, r] = parts;
      again({ inverse_metric: [a * a, r * a * b, b * b] });
    };
    const correlation = { min: -0.999, max: 0.999, step: "any" };
    const sd = { min: 0.001, max: 1000, step: "any" };
    const isShown = (state) => isOwn(state) && state.inverse_metric !== null;
    const isPlane = (state) => isShown(state) && !described(state).coordinates.some(({ ofMomentum }) => ofMomentum);
    return [
      where(number("Scale across", sd, (state) => read(state)[0], write(0)), isShown),
      where(number("Scale upwards", sd, (state) => read(state)[1], write(1)), isPlane),
      where(number("Correlation", correlation, (state) => read(state)[2], write(2)), isPlane),
    ];
  }

  const reset = () => again({ start: null, momentum: null });
  const anew = element("button", { type: "button", onclick: reset }, "Reset start and momentum");
  const panel = makePanel(groups, store, (state) => described(state).words, anew);
  return {
    root: panel.root,
    walked(newWalk) {
      walk = newWalk;
      panel.show(store.get());
    },
  };
}
