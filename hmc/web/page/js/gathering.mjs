// The draws of a run as they gather: memory for all of them is taken once, so that a long run needs no more than its
// settings say.

/** @typedef {ReturnType<typeof makeGathering>} Gathering */

/** Room for the draws of some coordinates.
 * @param {{chains: number, warmup: number, draws: number}} settings
 * @param {number} dimension @param {number[]} kept  the coordinates that are kept; all, if there is none */
export function makeGathering({ chains, warmup, draws }, dimension, kept = null) {
  const indices = kept ?? Array.from({ length: dimension }, (_, i) => i);
  const columns = Array.from({ length: chains }, () => indices.map(() => new Float64Array(draws)));
  const divergent = Array.from({ length: chains }, () => []); // numbers of draws
  const iterations = new Array(chains).fill(0);
  const total = { gradients: 0, ofWarmup: 0, divergences: 0 };
  const countOf = (chain) => Math.max(0, iterations[chain] - warmup);
  return {
    chains, draws, warmup, iterations, total, countOf,
    /** Draws that every chain has. */
    common: () => Math.min(...iterations.map((_, chain) => countOf(chain))),
    /** Draws of a coordinate in a chain: a view, of `count` of them. */
    column: (chain, index, count = countOf(chain)) => columns[chain][indices.indexOf(index)].subarray(0, count),
    /** Numbers of the draws whose transitions diverged. */
    divergent: (chain) => divergent[chain],
    /** Add a piece of a chain (pieces.mjs). */
    add(chain, { from, iteration, positions, n_steps, diverging }) {
      const first = Math.max(0, from - warmup);
      const count = positions.length / dimension;
      indices.forEach((index, column) => {
        const into = columns[chain][column];
        for (let k = 0; k < count; k++) into[first + k] = positions[k * dimension + index];
      });
      for (let k = 0; k < n_steps.length; k++) {
        total.gradients += n_steps[k];
        if (from + k < warmup) total.ofWarmup += n_steps[k];
        else if (diverging[k]) {
          total.divergences++;
          divergent[chain].push(from + k - warmup);
        }
      }
      iterations[chain] = iteration;
    },
  };
}

/** Chains of a model that run in a worker, a piece at a time.
 * @param {any} engine @param {string} model @param {any} settings  of `sample`
 * @param {number[] | null} kept  the coordinates whose draws are kept; all, if null */
export async function openRun(engine, model, settings, kept = null) {
  const dimension = engine.described(model).coordinates.filter(({ ofMomentum }) => !ofMomentum).length;
  const numbers = Array.from({ length: settings.chains }, (_, k) => k);
  const opened = await Promise.all(numbers.map((k) => engine.openChain(model, settings, k)));
  const gathering = makeGathering(settings, dimension, kept);
  const last = settings.warmup + settings.draws;
  return {
    model, settings, gathering,
    isOver: () => gathering.iterations.every((iteration) => iteration >= last),
    isWarmingUp: () => gathering.iterations.some((iteration) => iteration < settings.warmup),
    /** Advance every chain by so many transitions; within the warm-up at most to its end. */
    async advance(count) {
      const pieces = await Promise.all(opened.map((chain, k) => {
        const now = gathering.iterations[k];
        const end = now < settings.warmup ? settings.warmup : last;
        return chain.piece(Math.min(now + count, end));
      }));
      pieces.forEach((piece, k) => gathering.add(k, piece));
    },
    close: () => Promise.all(opened.map((chain) => chain.close())),
  };
}
