// Races worth seeing: what each sets in the state.

import { stateOfModel } from "./state.mjs";

/** Models with a neck that NUTS keeps out of. */
const NECKS = ["funnel", "neals_funnel", "schools_centred"];
/** Models of one posterior in two parameterisations, the centred one first. */
const PAIRS = [["schools_centred", "schools_noncentred"], ["mST", "mSTnc"], ["mSTP", "mSTPnc"]];

/** The races that models allow: [name, what is set].
 * @param {any} engine @param {any} state @returns {[string, any][]} */
export function presetsOf(engine, state) {
  const models = engine.models();
  const plain = { algorithm: "nuts", run_metric: "auto" };
  /** @type {[string, any][]} */
  const races = [
    ["NUTS or static HMC", { ...plain, race: { algorithm: "hmc", path_length: Math.PI / 2 } }],
    ["Diagonal or dense", { ...plain, run_metric: "diag", race: { metric: "dense" } }],
    ["Short path or long",
      { ...plain, algorithm: "hmc", path_length: 0.4, race: { path_length: 1.6 } }],
    ["Target 0.8 or 0.99", { ...plain, target_accept: 0.8, race: { target_accept: 0.99 } }],
  ];
  const movedTo = (model) => (state.model === model ? {} : stateOfModel(engine.described(model)));
  for (const neck of NECKS)
    if (models.includes(neck))
      races.push([`NUTS or WALNUTS: ${neck}`, { ...movedTo(neck), ...plain, budget: 400000, race: { algorithm: "walnuts" } }]);
  for (const [centred, free] of PAIRS)
    if (models.includes(centred) && models.includes(free))
      races.push([`Centred or not: ${centred}`, { ...movedTo(centred), ...plain, race: { model: free } }]);
  return races;
}
