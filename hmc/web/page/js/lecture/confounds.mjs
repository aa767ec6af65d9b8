// Confounds: a study that is simulated or the lecture's own, and five estimators of its effects.

import { program, settingsText } from "./python.mjs";

export const ESTIMATORS = [
  ["m0", "Naive"], ["mf", "Fixed effects"], ["mr", "Multilevel"], ["mrx", "Mundlak machine"], ["mru", "Latent Mundlak machine"],
];
const SECOND_NUMBERS = { m0: 3, mf: 2, mr: 4, mrx: 5, mru: 8 }; // besides those of each group
const TRUE_LEVEL = -2; // a0 of simulate_study, and its mean_U
const MEAN_OF_CONFOUND = 1.5;
export const LECTURE_TRUTH = { bXY: 1, bZY: -0.5, sd_U: 1 }; // of `simulate_study`, too

/** What a reader can set. */
export const LIMITS = { sd_U: { min: 0.1, max: 2.5 }, bXY: { min: -1, max: 2 }, bZY: { min: -2, max: 1 } };

/** The effects that a study was drawn with. @param {Confounded} state */
export const truthOfStudy = ({ study, bXY, bZY }) => (study === 0 ? LECTURE_TRUTH : { bXY, bZY });

/** @typedef {{study: number, groups: number, individuals: number, bXY: number, bZY: number, sd_U: number, seed: number}}
 *   Confounded  study: 0 is the lecture's own, others are seeds of simulated ones
 * @typedef {{group: number[], X: number[], Y: number[], Z: number[]}} Rows */

/** The rows of a state's study: as `models.simulate_study` draws them, to the last bit. What is random is stored; the
 * rest are its sums and products.
 * @param {Confounded} state @param {any} tables @returns {Rows} */
export function studyOf({ study, groups, individuals, bXY, bZY, sd_U }, tables) {
  if (study === 0) return tables.study;
  const [group, packed] = tables.noise[sizeOf(groups, individuals)][study - 1];
  const numbers = numbersOf(packed);
  let from = 0;
  const [ofU, ofX, Z, ofY] = [groups, individuals, groups, individuals].map((count) => numbers.slice(from, (from += count)));
  const U = ofU.map((u) => MEAN_OF_CONFOUND + sd_U * u);
  const X = ofX.map((x, i) => U[group[i]] + x);
  const Y = ofY.map((noise, i) => (noise < TRUE_LEVEL + bXY * X[i] + U[group[i]] + bZY * Z[group[i]] ? 1 : 0));
  return { group, X, Y, Z };
}

export const sizeOf = (groups, individuals) => `${groups} ${individuals}`;

function numbersOf(packed) {
  const bytes = Uint8Array.from(atob(packed), (character) => character.charCodeAt(0));
  return Array.from(new Float64Array(bytes.buffer));
}

/** What is sampled for an estimator of a state.
 * @param {string} model @param {Confounded} state @param {any} tables */
export function estimatorRun(model, state, tables, settings = estimatorSettings(state)) {
  const { group, X, Y, Z } = studyOf(state, tables);
  const data = {
    estimator: ESTIMATORS.findIndex(([name]) => name === model), Y, X, group, weight: X.map(() => 1), Z,
    ...describedGroups(X, group, Z.length),
  };
  const each = { m0: 0, mru: 2 }[model] ?? 1;
  return { model, data, dimension: each * Z.length + SECOND_NUMBERS[model], settings };
}

const estimatorSettings = ({ seed }) => ({ chains: 4, warmup: 400, draws: 500, seed });

/** `describe_groups` of models/confounds/study.py. */
function describedGroups(X, group, groups) {
  const members = new Array(groups).fill(0), Xbar = new Array(groups).fill(0);
  let meanOfAll = 0, squares = 0;
  X.forEach((x, i) => {
    meanOfAll += x / X.length;
    members[group[i]] += 1;
    Xbar[group[i]] += x;
  });
  for (let g = 0; g < groups; g++) Xbar[g] = members[g] > 0 ? Xbar[g] / members[g] : meanOfAll;
  X.forEach((x, i) => (squares += (x - Xbar[group[i]]) * (x - Xbar[group[i]])));
  return { members, Xbar, spread: Math.sqrt(squares) };
}

/** Where bXY and bZY are in a draw of an estimator. @param {string} model @param {number} groups */
export function placesOf(model, groups) {
  const first = { m0: 1, mru: 2 * groups }[model] ?? groups;
  return [first, first + 1];
}

/** The Python that gives the draws of all five. @param {Confounded} state */
export function confoundsPython(state) {
  const { study, groups, individuals, bXY, bZY, sd_U } = state;
  const made = study === 0 ? [] : [
    `study = simulate_study(${study}, groups=${groups}, individuals=${individuals}, bXY=${bXY}, bZY=${bZY}, sd_U=${sd_U})`,
  ];
  return program(["import hmc", "import models", ...(study === 0 ? [] : ["from models.confounds import simulate_study"])], [
    ...made,
    "fits = {}",
    `for estimator in (${ESTIMATORS.map(([name]) => `models.${name}`).join(", ")}):`,
    `    fits[estimator.__name__] = hmc.sample(estimator(${study === 0 ? "" : "*study"}), ${settingsText(estimatorSettings(state))})`,
  ]);
}
