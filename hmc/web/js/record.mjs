// The notes of a transition (hmc/web/recording.py) become what `hmc.record` gives, as plain objects: the counterpart of
// hmc/record/watcher.py.

import { inverseOf } from "./metric.mjs";

/** A point of a trajectory.
 * @typedef {{number: number, doubling: number, position: Float64Array, momentum: Float64Array, gradient: Float64Array,
 *   log_density: number, energy: number, energy_error: number, diverging: boolean, walks: Walk[], termination: number}} Leaf */
/** One walk of a macro step, ahead or back: where its leapfrog steps led, one position after another, and the energies.
 * @typedef {{level: number, is_back: boolean, positions: Float64Array, energies: Float64Array, is_tight: boolean}} Walk */
/** @typedef {{first: number, last: number, along_first: number, along_last: number}} Check */
/** Two neighbouring stretches become one.
 * @typedef {{doubling: number, is_final: boolean, earlier: [number, number], later: [number, number],
 *   weights: [number, number], proposals: [number, number], taken: number, checks: Check[], is_turning: boolean}} Join */
/** What notes tell of a transition; `search` are the trials of a search for a step size before or after it.
 * @typedef {{inverse_metric: import("./metric.mjs").InverseMetric, leaves: Leaf[], joins: Join[], chosen: number, outcome: Record<string, number>,
 *   climb: {log_densities: number[], n_gradients: number} | null,
 *   search: {step_size: number, energy_error: number}[]}} Told */

/** What the notes tell of one transition.
 * @param {Float64Array} notes  up to their end, or beyond
 * @param {{dimension: number, levels: number, algorithm: string, constants: Record<string, any>}} of
 * @returns {Told} */
export function toldBy(notes, { dimension, levels, algorithm, constants }) {
  const trunk = levels - 1;
  const told = { inverse_metric: null, leaves: [], joins: [], chosen: 0, outcome: {}, climb: null, search: [] };
  const { leaves, joins } = told;
  const extents = [], proposals = [];
  const isWalnuts = algorithm === "walnuts";
  let place = 0, doubling = 0, searchedFrom = 0, lowest = 0, highest = 0, parts = [], isForward = false, walks = [];
  const next = () => notes[place++];
  const row = () => notes.slice(place, (place += dimension));
  const span = () => {
    const level = next();
    const [weight, first, last, sum] = [next(), row(), row(), row()];
    return { level, extent: extents[level], proposal: proposals[level], weight, first, last, sum };
  };
  /** numberAndEnd: reads the number of the leaf and how the step there ended. */
  const leaf = (numberAndEnd) => {
    const [log_density, energy, position, momentum, gradient] = [next(), next(), row(), row(), row()];
    const energy_error = leaves.length ? energy - leaves[0].energy : 0;
    const diverging = !(-Infinity < energy_error && energy_error <= constants.MAX_ENERGY_ERROR);
    const [number, end] = numberAndEnd();
    const of = { number, doubling, position, momentum, gradient, log_density, energy, energy_error, diverging };
    leaves.push({ ...of, walks: isWalnuts ? walks.map(walkOf) : [], termination: isWalnuts ? end : constants.GOING_ON });
    walks = [];
  };
  const joined = (is_final, level) => {
    const [earlier, later] = parts;
    const is_turning = next() !== 0;
    joins.push({
      doubling, is_final, earlier: earlier.extent, later: later.extent, weights: [earlier.weight, later.weight],
      proposals: [earlier.proposal, later.proposal], taken: proposals[level], checks: checksOf(earlier, later), is_turning,
    });
  };
  const readers = {
    START: () => {
      leaf(() => [0, constants.GOING_ON]);
      extents[trunk] = [0, 0];
      proposals[trunk] = 0;
    },
    LEAF: () => leaf(() => [next() > 0 ? ++highest : --lowest, next()]),
    WALK: () => void walks.push({ level: next(), step: next(), energies: [], positions: [] }),
    STEP_OF_WALK: () => {
      walks.at(-1).energies.push(next());
      walks.at(-1).positions.push(...row());
    },
    WALKED: () => void (walks.at(-1).is_tight = next() !== 0),
    ADD_LEAF: () => {
      const level = next(), { number } = leaves.at(-1);
      extents[level] = [number, number];
      proposals[level] = number;
    },
    DOUBLE: () => void (doubling = next() + 1),
    TAKE: () => {
      const source = next();
      proposals[next()] = proposals[source];
    },
    JOIN: () => void (parts = [span(), span()]),
    JOINED: () => {
      const [earlier, later] = parts;
      extents[later.level] = [earlier.extent[0], later.extent[1]];
      joined(false, later.level);
    },
    TRUNK: () => {
      isForward = next() !== 0;
      const old = span();
      parts = [isForward ? old : reversed(old), span()];
    },
    TRUNK_JOINED: () => {
      const [old, grown] = parts;
      const [nearEnd, farEnd] = [old.extent[0], grown.extent[1]];
      extents[trunk] = isForward ? [nearEnd, farEnd] : [farEnd, nearEnd];
      joined(true, trunk);
    },
    OUTCOME: () => {
      const names = ["log_density", "energy", "acceptance_rate", "tree_depth", "n_steps", "micro_steps", "termination"];
      for (const name of names) told.outcome[name] = next();
      if (algorithm === "nuts") told.outcome.micro_steps = told.outcome.n_steps; // recorded as WALNUTS, they miss NaN
      const draw = row();
      told.chosen = algorithm === "hmc" ? chosenOfPath(leaves, told.outcome, draw, constants) : proposals[trunk];
    },
    METRIC: () => {
      const [kind, rank, scale] = [next(), next(), row()];
      const length = kind === constants.DENSE ? dimension : rank;
      const rows = Array.from({ length }, () => [row(), row()]);
      told.inverse_metric = inverseOf(kind, scale, rows, constants);
    },
    CLIMB: () => void (told.climb = { log_densities: [next()], n_gradients: 0 }),
    STEP_UP: () => {
      const found = next();
      if (found > told.climb.log_densities.at(-1)) told.climb.log_densities.push(found);
      told.climb.n_gradients = next();
    },
    SEARCH: () => void (searchedFrom = next()),
    TRIAL: () => told.search.push({ step_size: next(), energy_error: next() - searchedFrom }),
  };
  const kinds = Object.entries(constants.NOTES).reduce((all, [name, kind]) => ((all[kind] = readers[name]), all), []);
  for (let kind = next(); kind !== constants.NOTES.END; kind = next()) kinds[kind]();
  if (told.climb?.log_densities.length === 1) told.climb = null; // it stays where it is
  return told;
}

/** A walk of the notes; the first of a macro step goes ahead.
 * @returns {Walk} */
function walkOf({ level, step, energies, positions, is_tight }, _, [first]) {
  const is_back = Math.sign(step) !== Math.sign(first.step);
  return { level, is_back, positions: Float64Array.from(positions), energies: Float64Array.from(energies), is_tight };
}

/** Of a path of fixed length: its end, if that was accepted.
 * @param {any[]} leaves @param {any} outcome @param {Float64Array} draw @param {Record<string, any>} constants */
function chosenOfPath(leaves, outcome, draw, { PATH_END }) {
  const end = leaves.at(-1);
  return outcome.termination === PATH_END && draw.every((value, i) => value === end.position[i]) ? end.number : 0;
}

/** The same stretch, built in the other order. */
function reversed(span) {
  return { ...span, extent: [span.extent[1], span.extent[0]], first: span.last, last: span.first };
}

/** The checks that `nuts.turns` makes of two stretches to be joined, or `nuts.join_leaves` of two leaves. */
function checksOf(earlier, later) {
  const [first, earlyEnd] = earlier.extent, [lateEnd, last] = later.extent;
  const check = (from, to, rho, atFirst, atLast) => (
    { first: from, last: to, along_first: dot(rho, atFirst), along_last: dot(rho, atLast) }
  );
  const whole = check(first, last, plus(earlier.sum, later.sum), earlier.first, later.last);
  if (first === earlyEnd && lateEnd === last) return [whole];
  return [
    whole,
    check(first, lateEnd, plus(earlier.sum, later.first), earlier.first, later.first),
    check(earlyEnd, last, plus(earlier.last, later.sum), earlier.last, later.last),
  ];
}

const plus = (x, y) => x.map((value, i) => value + y[i]);

function dot(x, y) {
  let total = 0;
  for (let i = 0; i < x.length; i++) total += x[i] * y[i];
  return total;
}
