// The worker of the lecture's explorables: what it is asked, and its answers. Draws are made by the production sampler.

import { withData } from "../../../js/data.mjs";
import { load, openChain, sample } from "../../../js/hmc.mjs";
import { answerWith } from "../answering.mjs";
import { exactCafes } from "./cafes.mjs";
import { lookAtCafes, lookAtEstimator, lookAtSchools, lookAtTanks, scoringOfTanks } from "./looks.mjs";
import { exactPooling, scoringOfSigma } from "./tanks.mjs";

const loaded = new Map();
const last = new Map(); // what was sampled last, of cafes and of tanks
let turns = 0; // of tanks: what was begun in an earlier one is not wanted any more

const FIRST = 250; // draws of the first chain, enough for a picture while the others are drawn

/** @typedef {{model: string, data?: object, dimension?: number, settings: any}} Run */

const modelOf = ({ model, data, dimension }) => (data === undefined ? loaded.get(model) : withData(loaded.get(model), data, dimension));

/** Draws of a run. @param {Run} run */
const drawsOf = (run) => sample(modelOf(run), run.settings);

/** The first draws of each run's first chain. @param {string} what @param {Run[]} runs */
function begun(what, runs) {
  if (what === "tanks") turns++;
  const chains = runs.map((run) => openChain(modelOf(run), { ...run.settings, keep_warmup: false }, 0));
  last.set(what, { runs, chains, drawn: null });
  return chains.map((chain) => drawnBy(chain, FIRST));
}

/** All draws of what was begun last. @param {string} what */
function completed(what) {
  const of = last.get(what);
  of.drawn = of.runs.map((run, k) => together(drawnBy(of.chains[k], run.settings.draws), sample(modelOf(run), run.settings, 1)));
  of.chains = null;
  return of.drawn;
}

/** A chain's draws up to a number of them. */
function drawnBy(chain, draws) {
  const { warmup, model } = chain, end = warmup + draws;
  chain.advance(end);
  const stats = Object.fromEntries(Object.entries(chain.stats).map(([name, values]) => [name, values.subarray(warmup)]));
  return { position: chain.positions(warmup, end), shape: [1, draws, model.dimension], stats };
}

/** Draws of chains and of further ones. */
function together(first, others) {
  const joined = (a, b) => {
    const all = new Float64Array(a.length + b.length);
    all.set(a);
    all.set(b, a.length);
    return all;
  };
  const stats = Object.fromEntries(Object.entries(first.stats).map(([name, values]) => [name, joined(values, others.stats[name])]));
  const [chains, ...size] = first.shape;
  return { position: joined(first.position, others.position), shape: [chains + others.shape[0], ...size], stats };
}

/** Let what was asked meanwhile be answered first. */
const turn = () => new Promise((resolve) => {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = resolve;
  port2.postMessage(null);
});

/** What a generator gives in the end; null where something else is asked for before. */
async function unlessStopped(steps) {
  const mine = turns;
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
    await turn();
    if (turns !== mine) return null;
  }
}

answerWith({
  async load(name, bytes) {
    if (bytes !== null) loaded.set(name, await load(bytes)); // the worker of integrals has no modules
  },
  loaded: () => undefined, // the module is sent before the first call
  sample: (_, run) => drawsOf(run),
  firstCafes: (_, runs) => lookAtCafes(begun("cafes", runs)),
  allCafes: () => lookAtCafes(completed("cafes")),
  firstTanks: (_, state, run) => lookAtTanks(state, run, begun("tanks", [run])[0]),
  allTanks: (_, state, run) => lookAtTanks(state, run, completed("tanks")[0]),
  scores: (_, state, run) => unlessStopped(scoringOfTanks(state, run, last.get("tanks").drawn[0])),
  stop: () => void turns++,
  estimator: (_, run) => lookAtEstimator(run, drawsOf(run)),
  schools: (_, form, run) => lookAtSchools(form, drawsOf(run)),
  exactCafes: (_, state) => exactCafes(state),
  exactPooling: (_, state, tables) => exactPooling(state, tables),
  scoresOfSigma: (_, state, tables) => unlessStopped(scoringOfSigma(state, tables)),
});
