// Two runs side by side that spend the same gradients, and how far each has come.

import { labelOf } from "./coordinates.mjs";
import { openRun } from "./gathering.mjs";
import { columnsOf } from "./joint.mjs";
import { KINDS_IN_WORDS } from "./narrate.mjs";

const FIRST_STEPS = 8; // gradients of a transition, as a guess before there was one
const MOST_DRAWS = 20000; // of a chain

/** A lane of a race, and its history: after how many gradients which effective draws, which error, and which share of
 * the draws in the neck. `looked`: what was spent and drawn when it was looked at last; the run goes on meanwhile.
 * @typedef {{run: any, found: any[], looked: {total: any, draws: number}, history: {gradients: number[], ess: number[], error: number[], neck: number[]}}} Lane */

/** A race that a player can play; `advance` counts in gradients of each chain.
 * @param {any} engine @param {{model: string, settings: any, kept: number[]}[]} entries @param {number} budget  in gradients
 * @returns {Promise<any>} */
export async function openRace(engine, entries, budget) {
  const lanes = await Promise.all(entries.map(async ({ model, settings, kept }) => {
    const draws = Math.min(MOST_DRAWS, Math.ceil(budget / settings.chains));
    const run = await openRun(engine, model, { ...settings, draws }, kept);
    return { run, found: [], looked: null, history: { gradients: [], ess: [], error: [], neck: [] } };
  }));
  const spent = ({ run }) => run.gathering.total.gradients;
  const isDone = (lane) => spent(lane) >= budget || lane.run.isOver();
  return {
    lanes, budget, spent,
    settings: entries[0].settings,
    isOver: () => lanes.every(isDone),
    isWarmingUp: () => lanes.some(({ run }) => run.isWarmingUp()),
    async advance(count) {
      const behind = Math.min(...lanes.filter((lane) => !isDone(lane)).map(spent));
      const goal = Math.min(budget, behind + count * entries[0].settings.chains);
      await Promise.all(lanes.filter((lane) => !isDone(lane)).map(({ run }) => run.advance(transitionsFor(run.gathering, goal))));
    },
    close: () => Promise.all(lanes.map(({ run }) => run.close())),
  };
}

/** Look at what a lane has reached, in a worker, and add it to its history.
 * @param {any} engine @param {Lane} lane @param {import("./coordinates.mjs").Coordinate[]} pair */
export async function lookAtLane(engine, lane, pair) {
  const { gathering, model } = lane.run, looked = { total: { ...gathering.total }, draws: gathering.common() * gathering.chains };
  if (lane.history.gradients.at(-1) === looked.total.gradients) return;
  const known = pair.filter((each) => !each.ofMomentum);
  const columns = known.map((each) => columnsOf(gathering, each, true, gathering.common()).map((x) => x.slice()));
  lane.found = await engine.diagnose(model, columns);
  lane.looked = looked;
  lane.history.gradients.push(looked.total.gradients);
  lane.history.ess.push(Math.min(...lane.found.map(({ essBulk }) => essBulk)));
  const exact = known.map((each) => engine.described(model).exact?.[labelOf(each, true)]);
  lane.history.error.push(errorOf(lane.found, exact));
  const k = exact.findIndex((each) => each?.neck);
  lane.history.neck.push(k < 0 ? NaN : shareBelow(columns[k], exact[k].neck.below));
}

/** The neck that one of two coordinates has, with its name; null where none has.
 * @param {any} described  a model @param {import("./coordinates.mjs").Coordinate[]} pair
 * @returns {{name: string, below: number, probability: number} | null} */
export function neckOf(described, pair) {
  const names = pair.filter((each) => !each.ofMomentum).map((each) => labelOf(each, true));
  const name = names.find((each) => described.exact?.[each]?.neck);
  return name === undefined ? null : { name, ...described.exact[name].neck };
}

/** The share of all numbers that are below a value; NaN of none.
 * @param {Float64Array[]} columns @param {number} value @returns {number} */
export function shareBelow(columns, value) {
  const [below, all] = columns.reduce(([n, of], column) => [n + column.filter((x) => x < value).length, of + column.length], [0, 0]);
  return below / all;
}

/** How many transitions of each chain bring a run to so many gradients, by what one has taken so far; at least none,
 * and one where it is behind at all. */
function transitionsFor({ total, iterations, chains }, goal) {
  const done = iterations.reduce((sum, n) => sum + n, 0);
  const each = done > 0 ? total.gradients / done : FIRST_STEPS;
  return goal > total.gradients ? Math.max(1, Math.round((goal - total.gradients) / each / chains)) : 0;
}

/** The largest error of means, in exact standard deviations; NaN where none is known.
 * @param {{mean: number}[]} found @param {(import("./marginal.mjs").Exact | undefined)[]} exact @returns {number} */
export function errorOf(found, exact) {
  const errors = found.map(({ mean }, k) => Math.abs(mean - exact[k]?.mean) / exact[k]?.sd).filter((error) => !Number.isNaN(error));
  return errors.length > 0 ? Math.max(...errors) : NaN;
}

/** The names of two coordinates that both models have: those asked for, or else the last two that they share.
 * @param {{name: string}[][]} coordinates  of each model @param {string[]} asked @returns {string[]} */
export function sharedPair(coordinates, asked) {
  const [first, ...others] = coordinates.map((each) => each.map(({ name }) => name));
  const shared = first.filter((name) => others.every((names) => names.includes(name)));
  return asked.every((name) => shared.includes(name)) ? asked : shared.slice(-2);
}

const METRIC_NAMES = { auto: "automatic", diag: "diagonal", dense: "dense", low_rank: "low-rank", unit: "unit" };

/** What is different of a lane's settings, in words.
 * @param {any} mine @param {any} other  settings, with `model` @returns {string} */
export function laneWords(mine, other) {
  const words = [];
  if (mine.model !== other.model) words.push(mine.model);
  if (mine.algorithm !== other.algorithm) words.push(KINDS_IN_WORDS[mine.algorithm]);
  if (mine.algorithm === "hmc" && mine.path_length !== other.path_length) words.push(`path length ${Number(mine.path_length.toPrecision(3))}`);
  if (mine.algorithm === "walnuts" && mine.tolerance !== other.tolerance) words.push(`tolerance ${mine.tolerance}`);
  if (mine.metric !== other.metric) words.push(`${METRIC_NAMES[mine.metric]} metric`);
  if (mine.target_accept !== other.target_accept) words.push(`target acceptance ${mine.target_accept}`);
  if (mine.max_depth !== other.max_depth) words.push(`at most ${mine.max_depth} doublings`);
  return words.join(", ") || "the same settings";
}
