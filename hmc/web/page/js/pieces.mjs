// What a worker sends of a chain that runs piece by piece, so that a page can draw while it runs: copies, since the
// chain goes on in its memory.

import { inPlane } from "./metrics.mjs";

/** Advance a chain until an iteration, and give what it did.
 * @param {any} chain  of `openChain` of hmc/web/js @param {number} until
 * @returns {{from: number, iteration: number, positions: Float64Array, n_steps: Float64Array, diverging: Float64Array}}
 *   statistics of all transitions of the piece, and the positions of its draws, without those of the warm-up */
export function pieceOf(chain, until) {
  const from = chain.iteration;
  chain.advance(until);
  const { iteration, warmup } = chain;
  const first = Math.max(from, warmup);
  const positions = iteration > first ? chain.positions(first, iteration) : new Float64Array(0);
  return { from, iteration, positions, n_steps: chain.statistic("n_steps", from), diverging: chain.statistic("diverging", from) };
}

/** Advance a chain until an iteration, looking at it after each transition.
 * @param {any} chain @param {number} until @param {number[]} pair  the two coordinates whose metric is
 *   looked at @param {number[]} indices  the coordinates whose values are
 * @returns {{from: number, iteration: number, points: Float64Array, ellipses: Float64Array, step_size: Float64Array,
 *   acceptance_rate: Float64Array, n_steps: Float64Array, diverging: Float64Array, search: object[]}}  for each
 *   transition so many numbers of its draw, three of its metric as it is afterwards: variance, covariance, variance; the trials of the
 *   search for a step size, if the chain's first transition is among them */
export function watchedPiece(chain, until, pair, indices) {
  const from = chain.iteration;
  const [i, j] = pair;
  const points = new Float64Array(indices.length * Math.max(until - from, 0));
  const ellipses = new Float64Array(3 * Math.max(until - from, 0));
  let search = [];
  for (let k = 0; chain.iteration < until; k++) {
    if (chain.iteration === 0) ({ search } = chain.recordNext());
    else chain.advance(chain.iteration + 1);
    const position = chain.position(chain.iteration - 1);
    points.set(indices.map((index) => position[index]), indices.length * k);
    ellipses.set(inPlane(chain.metric(), i, j), 3 * k);
  }
  const names = ["step_size", "acceptance_rate", "n_steps", "diverging"];
  /** @type {any} */
  const statistics = Object.fromEntries(names.map((name) => [name, chain.statistic(name, from)]));
  return { from, iteration: chain.iteration, points, ellipses, search, ...statistics };
}
