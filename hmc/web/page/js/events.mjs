// What happened in a recorded transition, event by event in the order of the sampler's code: what a reader scrubs
// through. Each event names its place in the sampler's source: a key of the table of hmc/web/page/source_lines.py.

import {
  leapfrogSteps, macroSteps, ordered, stretch, TERMINATION, tellAcceptance, tellClimb, tellDivergence, tellDraw, tellEnd,
  tellGivingUp, tellIrreversible, tellProposal, tellStart, tellTurning, tellVerdict,
} from "./narrate.mjs";
import { short } from "./numbers.mjs";
import { doublingsOf } from "./trajectory.mjs";

/** An event: `leaf` or `join` where it is of one, `walk` to or back from the leaf `to`; `doubling` 0 outside of doublings.
 * @typedef {{kind: string, doubling: number, leaf?: any, join?: any, walk?: any, to?: any, text: string, source: string}} Event */

/** All events of a transition.
 * @param {object} recorded @returns {Event[]} */
export function eventsOf(recorded) {
  const { climb, leaves, algorithm } = recorded;
  const before = climb ? [{ kind: "climb", doubling: 0, text: tellClimb(climb), source: "climb" }] : [];
  const start = { kind: "momentum", doubling: 0, leaf: leaves[0], text: tellStart(recorded), source: "momentum" };
  const path = algorithm === "hmc" ? staticEvents(recorded) : nutsEvents(recorded);
  const source = algorithm === "hmc" ? "static_draw" : "draw";
  return [...before, start, ...path, { kind: "draw", doubling: 0, text: tellDraw(recorded), source }];
}

function nutsEvents(recorded) {
  const events = [];
  for (const doubling of doublingsOf(recorded)) {
    events.push(...buildingEvents(doubling));
    const { number, finalJoin: join } = doubling;
    if (!join) {
      const text = tellGivingUp(recorded, doubling);
      return [...events, { kind: "end", doubling: number, text, source: "given_up" }];
    }
    events.push({ kind: "final_join", doubling: number, join, text: tellVerdict(join), source: "final_join" });
    events.push({ kind: "proposal", doubling: number, join, text: tellProposal(join), source: "proposal" });
  }
  const source = recorded.outcome.termination === TERMINATION.U_TURN ? "u_turn" : "max_depth";
  return [...events, ...tellEnd(recorded).map((text) => ({ kind: "end", doubling: 0, text, source }))];
}

/** The direction drawn, then each leaf and the joins that it completes. */
function buildingEvents(doubling) {
  const { number, isForward, leaves, joins } = doubling;
  const planned = (leaves[0].walks.length > 0 ? macroSteps : leapfrogSteps)(2 ** (number - 1)).replace(/^1 /, "one ");
  const text = `Doubling ${number}: a coin says ${isForward ? "forwards" : "backwards"}; ${planned} planned.`;
  const events = [{ kind: "doubling", doubling: number, text, source: "doubling" }];
  for (const leaf of leaves) {
    events.push(...walkEvents(leaf), leafEvent(leaf, leaf.walks.length > 0 ? "macro_leaf" : "leaf", "divergence"));
    for (const join of joins) if (join.later[1] === leaf.number) events.push(joinEvent(join));
  }
  return events;
}

function leafEvent(leaf, reached, diverged) {
  const event = { kind: "leaf", doubling: leaf.doubling, leaf };
  if (leaf.termination === TERMINATION.IRREVERSIBLE) return { ...event, text: tellIrreversible(leaf), source: "irreversible" };
  if (leaf.termination === TERMINATION.DIVERGENCE) return { ...event, text: tellDivergence(leaf), source: "macro_divergence" };
  if (leaf.diverging) return { ...event, text: tellDivergence(leaf), source: diverged };
  const weight = Math.exp(Math.min(-leaf.energy_error, 600)); // as `weight_of` of hmc/sampler/outcome.py
  const text = `Leaf ${leaf.number}: energy error ${short(leaf.energy_error)}, weight ${short(weight)}.`;
  return { ...event, text, source: reached };
}

/** The walks of a macro step that a single leapfrog step does not do. */
function walkEvents(leaf) {
  const { walks, doubling } = leaf;
  if (walks.length < 2) return [];
  return walks.map((walk) => ({
    kind: "walk", doubling, walk, to: leaf, text: walk.is_back ? tellLookBack(walk, leaf) : tellTry(walk, leaf),
    source: walk.is_back ? "look_back" : "try",
  }));
}

function tellTry({ level, is_tight, energies }, { number }) {
  const planned = leapfrogSteps(2 ** level);
  if (is_tight) return `To leaf ${number} in ${planned}: their energies are within the tolerance of each other.`;
  const taken = energies.length < 2 ** level ? `, after ${energies.length} of them` : "";
  return `To leaf ${number} in ${planned}: the energies are further apart than the tolerance${taken}.`;
}

function tellLookBack({ level, is_tight }, { number }) {
  const back = level === 0 ? "1 leapfrog step leads" : `${leapfrogSteps(2 ** level)} lead`;
  if (is_tight) return `Looking back from leaf ${number}: ${back} back within the tolerance.`;
  return `Looking back from leaf ${number}: ${back.replace(/ leads?$/, level === 0 ? " does not lead" : " do not lead")} back within the tolerance.`;
}

function joinEvent(join) {
  const whole = stretch(...ordered(join.earlier[0], join.later[1]));
  const [first, second] = join.proposals;
  const total = join.weights[0] + join.weights[1];
  const share = total > 0 ? ` with a chance of ${short(join.weights[join.taken === first ? 0 : 1] / total)}` : "";
  const verdict = join.is_turning ? `turn back on themselves: ${tellTurning(join)}` : "do not turn";
  const text = `Joined, ${whole} ${verdict}. Of leaves ${first} and ${second}, leaf ${join.taken} is kept${share}.`;
  const source = join.checks.length === 1 ? "join_leaves" : "join";
  return { kind: "join", doubling: join.doubling, join, text, source };
}

function staticEvents(recorded) {
  const path = recorded.leaves.slice(1).map((leaf) => leafEvent(leaf, "static_leaf", "static_divergence"));
  const ended = recorded.outcome.termination === TERMINATION.PATH_END;
  const source = ended ? "accept" : "static_divergence";
  return [...path, { kind: "end", doubling: 0, text: tellAcceptance(recorded), source }];
}
