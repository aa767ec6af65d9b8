// A recorded transition in words: line by line the text of hmc/record/narrate.py, which tests hold it to.

import { short, twoDecimals } from "./numbers.mjs";
import { distanceMoved, doublingsOf, isAstray, leafOf, wayOf } from "./trajectory.mjs";

/** Constants of hmc/sampler/outcome.py. */
export const TERMINATION = { U_TURN: 0, SUBTREE_U_TURN: 1, DIVERGENCE: 2, MAX_DEPTH: 3, PATH_END: 4, IRREVERSIBLE: 6 };
const MAX_ENERGY_ERROR = 1000;
export const KINDS_IN_WORDS = { nuts: "NUTS", walnuts: "WALNUTS", hmc: "static HMC" };

/** One recorded transition told from its start to its draw: a text of several lines.
 * @param {object} recorded @returns {string} */
export function narrate(recorded) {
  const path = recorded.algorithm === "hmc" ? tellStatic(recorded) : tellDoublings(recorded);
  const climbed = recorded.climb ? [tellClimb(recorded.climb)] : [];
  return [tellTitle(recorded), ...climbed, tellStart(recorded), ...path, tellDraw(recorded)].join("\n");
}

/** @param {object} recorded @returns {string} */
function tellTitle(recorded) {
  const n = recorded.iteration + 1;
  const draw = n - recorded.warmup;
  const which = draw > 0 ? `draw ${draw}` : `warm-up transition ${n} of ${recorded.warmup}`;
  const room = counted(recorded.leaves[0].position.length, "dimension");
  const who = `${recorded.model}, chain ${recorded.chain + 1}, ${which}`;
  return `${who}: ${KINDS_IN_WORDS[recorded.algorithm]} in ${room}, step size ${short(recorded.step_size)}`;
}

/** How the start was left, if it could not be sampled from. */
export function tellClimb({ log_densities, n_gradients }) {
  const count = `${counted(log_densities.length - 1, "step")} along the gradient`;
  return (
    `Before the warm-up, the chain climbed from its start, whose log density, ${short(log_densities[0])}, is so low ` +
    `that a chain may stay there: ${count} (${counted(n_gradients, "gradient")}, steps that failed included) ` +
    `to ${short(log_densities.at(-1))}.`
  );
}

export function tellStart(recorded) {
  const start = recorded.leaves[0];
  const kinetic = 0.5 * start.momentum.reduce((sum, p) => sum + p * p, 0);
  const where = recorded.iteration ? "the chain's previous draw" : "where the chain begins";
  return (
    `Start: leaf 0, ${where}, gets a momentum drawn afresh. Energy ${twoDecimals(start.energy)} = ` +
    `${twoDecimals(-start.log_density)} (minus the log density) + ${twoDecimals(kinetic)} (kinetic).`
  );
}

function tellDoublings(recorded) {
  const lines = [];
  for (const doubling of doublingsOf(recorded)) {
    lines.push(tellSteps(doubling));
    if (!doubling.finalJoin) return [...lines, `  ${tellGivingUp(recorded, doubling)}`];
    lines.push(`  ${tellProposal(doubling.finalJoin)}`, `  ${tellVerdict(doubling.finalJoin)}`);
  }
  return [...lines, ...tellEnd(recorded)];
}

/** Why a trajectory whose doublings are all whole ended. */
export function tellEnd({ outcome }) {
  if (outcome.termination === TERMINATION.MAX_DEPTH) {
    const most = `${counted(outcome.tree_depth, "doubling")}, the most allowed`;
    return [`The trajectory ends after ${most}, before it turned; with more doublings it would have gone farther.`];
  }
  if (outcome.termination === TERMINATION.U_TURN)
    return ["The trajectory ends: U-turn. To go on would lead back to where it has been."];
  return [];
}

function tellSteps({ number, isForward, leaves }) {
  const planned = 2 ** (number - 1);
  const ofAKind = leaves[0].walks.length > 0 ? macroSteps : leapfrogSteps;
  const taken = leaves.length === planned ? ofAKind(planned) : `${leaves.length} of ${ofAKind(planned)}`;
  const where = stretch(leaves[0].number, leaves.at(-1).number);
  return `Doubling ${number}, ${isForward ? "forwards" : "backwards"}: ${taken}, ${where}; ${tellErrors(leaves)}${tellPieces(leaves)}.`;
}

/** Which steps of WALNUTS took more than one leapfrog step; "" where none did. */
function tellPieces(leaves) {
  const told = leaves
    .filter((leaf) => !isAstray(leaf) && wayOf(leaf)?.level > 0)
    .map((leaf) => `to leaf ${leaf.number} in ${2 ** wayOf(leaf).level} leapfrog steps`);
  return told.length > 0 ? `; the step ${told.join(", ")}` : "";
}

function tellErrors(leaves) {
  const errors = leaves.map((leaf) => leaf.energy_error);
  if (errors.length === 1) return `energy error ${short(errors[0])}`;
  if (errors.some(Number.isNaN)) return `energy errors up to ${short(NaN)}`;
  return `energy errors ${short(Math.min(...errors))} to ${short(Math.max(...errors))}`;
}

/** Why a doubling was not finished, and what became of its leaves. */
export function tellGivingUp(recorded, doubling) {
  const wasted = "The doubling is given up: none of its leaves can be the draw, and the trajectory ends.";
  if (recorded.outcome.termination === TERMINATION.DIVERGENCE)
    return `${tellDivergence(doubling.leaves.at(-1))} ${wasted}`;
  if (recorded.outcome.termination === TERMINATION.IRREVERSIBLE)
    return `${tellIrreversible(doubling.leaves.at(-1))} ${wasted}`;
  return `A part of it turns back on itself: ${tellTurning(doubling.joins.at(-1))}. ${wasted}`;
}

export function tellIrreversible(leaf) {
  const back = 2 ** leaf.walks.at(-1).level;
  return (
    `The step to leaf ${leaf.number} took ${leapfrogSteps(2 ** wayOf(leaf).level)}, but ${back} ` +
    `${back === 1 ? "leads" : "lead"} back within the tolerance. The way back would be a different one, so this step is not allowed.`
  );
}

export function tellDivergence(leaf) {
  const level = wayOf(leaf)?.level ?? 0;
  if (leaf.termination === TERMINATION.DIVERGENCE && level > 0) {
    const most = leapfrogSteps(2 ** level);
    return `Divergence at leaf ${leaf.number}: in ${most}, too, the energies are further apart than the tolerance.`;
  }
  return (
    `Divergence at leaf ${leaf.number}: an energy error of ${short(leaf.energy_error)}, where at most ` +
    `${MAX_ENERGY_ERROR} passes; the steps have lost the trajectory.`
  );
}

/** The biased progressive draw between the trajectory before and the doubling. */
export function tellProposal({ proposals, weights, taken }) {
  const [old, added] = proposals;
  const told =
    `The new leaves weigh ${short(weights[1])} together, those before ${short(weights[0])}: ` +
    `leaf ${added}, drawn from them,`;
  if (weights[1] >= weights[0]) return `${told} becomes the proposal.`;
  const result = taken === added ? "does" : `does not: it stays leaf ${old}`;
  return `${told} has a chance of ${short(weights[1] / weights[0])} to become the proposal, and ${result}.`;
}

export function tellVerdict(join) {
  const whole = stretch(...ordered(join.earlier[0], join.later[1]));
  if (join.is_turning) return `The whole, ${whole}, turns back on itself: ${tellTurning(join)}.`;
  return `The whole, ${whole}, does not turn: both ends still move in the direction of the sum of its momenta.`;
}

/** By which checks, and at which leaves, a joined stretch turns. */
export function tellTurning(join) {
  const [whole, ...across] = join.checks.map(tellFailing);
  if (whole) return `from end to end, ${whole}`;
  return `seen across the join only, ${across.filter(Boolean).join(", and ")}`;
}

function tellFailing(check) {
  const ends = [[check.first, check.along_first], [check.last, check.along_last]];
  const moves = ends
    .filter(([, along]) => !(along > 0))
    .map(([leaf, along]) => `leaf ${leaf} (its momentum times the sum: ${short(along)})`);
  if (moves.length === 0) return "";
  const verb = moves.length === 1 ? "moves" : "move";
  return `${moves.join(" and ")} ${verb} against the sum of the momenta of ${stretch(...ordered(check.first, check.last))}`;
}

function tellStatic(recorded) {
  const path = recorded.leaves.slice(1);
  const told = `Path: ${leapfrogSteps(path.length)}, ${stretch(1, path.at(-1).number)}; ${tellErrors(path)}.`;
  return [told, tellAcceptance(recorded)];
}

/** Whether the end of a static path was accepted. */
export function tellAcceptance(recorded) {
  if (recorded.outcome.termination !== TERMINATION.PATH_END)
    return `${tellDivergence(recorded.leaves.at(-1))} The path is given up, and its end cannot be the draw.`;
  const chance = short(recorded.outcome.acceptance_rate);
  return `The end of the path is ${recorded.chosen ? "accepted" : "rejected"} (a chance of ${chance} to be accepted).`;
}

export function tellDraw(recorded) {
  const { outcome, chosen, algorithm } = recorded;
  const start = recorded.leaves[0];
  const depth = algorithm === "hmc" ? "" : `tree depth ${outcome.tree_depth}, `;
  const sums = `${depth}${leapfrogSteps(outcome.n_steps)}${tellOfThem(outcome)}, acceptance rate ${short(outcome.acceptance_rate)}`;
  if (chosen === 0) return `Draw: leaf 0, the start itself; the chain stays where it was. In all: ${sums}.`;
  const ofAKind = algorithm === "walnuts" ? macroSteps : leapfrogSteps;
  const where = `${ofAKind(Math.abs(chosen))} ${chosen > 0 ? "forwards" : "backwards"} from the start`;
  const end = leafOf(recorded, chosen).log_density;
  const change = `log density from ${twoDecimals(start.log_density)} to ${twoDecimals(end)}`;
  const distance = `${short(distanceMoved(recorded))} standard deviations of the metric away`;
  return `Draw: leaf ${chosen}, ${where} and ${distance}; ${change}. In all: ${sums}.`;
}

/** How many leapfrog steps are on the trajectory, where others are not. */
function tellOfThem({ n_steps, micro_steps }) {
  return micro_steps === n_steps ? "" : ` (${micro_steps} from leaf to leaf, the others to try and look back)`;
}

export function stretch(first, last) {
  return first === last ? `leaf ${first}` : `leaves ${first} to ${last}`;
}

export function ordered(a, b) {
  return a < b ? [a, b] : [b, a];
}

export function leapfrogSteps(n) {
  return counted(n, "leapfrog step");
}

export function macroSteps(n) {
  return counted(n, "macro step");
}

function counted(n, name) {
  return `${n} ${name}${n === 1 ? "" : "s"}`;
}
