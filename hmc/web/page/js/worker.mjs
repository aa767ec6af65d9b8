// The worker of `hmc explore`: what it is asked, and its answers.

import { load, logDensity, openChain, record, recordFrom, sample } from "../../js/hmc.mjs";
import { planOf } from "../../js/plan.mjs";
import { checkedSettings } from "../../js/settings.mjs";
import { answerWith } from "./answering.mjs";
import { diagnose } from "./diagnostics.mjs";
import { pieceOf, watchedPiece } from "./pieces.mjs";

const loadedModels = new Map();
const chains = new Map();
let opened = 0;

const CALLS = {
  async load(name, bytes) {
    loadedModels.set(name, await load(bytes));
  },
  loaded: () => undefined, // the module is sent before the first call
  logDensity: (name, position, gradient) => logDensity(loadedModels.get(name), position, gradient),
  sample: (name, settings) => sample(loadedModels.get(name), settings),
  record: (name, settings) => record(loadedModels.get(name), settings),
  recordFrom: (name, position, stepSize, settings) => recordFrom(loadedModels.get(name), position, stepSize, settings),
  grid,
  adapted,
  plan(name, settings) {
    const { constants, dimension } = loadedModels.get(name);
    return { plan: planOf(checkedSettings(settings, constants, dimension), constants), actions: constants };
  },
  diagnose: (name, parameters) => parameters.map(diagnose),
  openChain(name, settings, chain) {
    const id = ++opened;
    chains.set(id, openChain(loadedModels.get(name), settings, chain));
    return id;
  },
  /** Call a method of an opened chain. */
  ofChain(name, id, method, values) {
    const chain = chains.get(id);
    const result = CHAIN_CALLS[method](chain, ...values);
    return { iteration: chain.iteration, result };
  },
};

const CHAIN_CALLS = {
  advance: (chain, until) => void chain.advance(until),
  positions: (chain, from, to) => chain.positions(from, to),
  stats: (chain) => chain.stats,
  metric: (chain) => chain.metric(),
  stepSize: (chain) => chain.stepSize(),
  recordNext: (chain) => chain.recordNext(),
  piece: pieceOf,
  watched: watchedPiece,
  close: (chain) => void chains.forEach((other, id) => other === chain && chains.delete(id)),
};

/** The log density on all points of one or two axes, row by row, where all other coordinates are 0.
 * @param {string} name @param {{axes: number[][], indices: number[]}} asked  each axis and which coordinate it is of
 * @returns {Float64Array} */
function grid(name, { axes: [columns, rows = [0]], indices: [across, upwards] }) {
  const model = loadedModels.get(name);
  const position = new Float64Array(model.dimension);
  return Float64Array.from({ length: columns.length * rows.length }, (_, n) => {
    position[across] = columns[n % columns.length];
    if (upwards !== undefined) position[upwards] = rows[Math.floor(n / columns.length)];
    return logDensity(model, position);
  });
}

/** What a warm-up learns, and where it ends.
 * @param {string} name @param {any} settings */
function adapted(name, settings) {
  const chain = openChain(loadedModels.get(name), { ...settings, chains: 1, draws: 1 }, 0).advance(settings.warmup + 1);
  return { position: chain.position(settings.warmup), stepSize: chain.stepSize(), inverseMetric: chain.metric() };
}

answerWith(CALLS);
