// The worker of the lecture's explorables: what it is asked, and its answers. Draws are made by the production sampler.

import { withData } from "../../../js/data.mjs";
import { load, sample } from "../../../js/hmc.mjs";
import { answerWith } from "../answering.mjs";
import { exactCafes } from "./cafes.mjs";
import { lookAtCafes, lookAtEstimator, lookAtSchools, lookAtTanks, scoreTanks } from "./looks.mjs";
import { exactPooling, scoresOfSigma } from "./tanks.mjs";

const loaded = new Map();
let last = null; // the last run of tanks

/** @param {{model: string, data?: object, dimension?: number, settings: object}} run */
function drawsOf({ model, data, dimension, settings }) {
  const made = loaded.get(model);
  return sample(data === undefined ? made : withData(made, data, dimension), settings);
}

answerWith({
  async load(name, bytes) {
    if (bytes !== null) loaded.set(name, await load(bytes)); // the worker of integrals has no modules
  },
  loaded: () => undefined, // the module is sent before the first call
  sample: (_, run) => drawsOf(run),
  cafes: (_, runs) => lookAtCafes(runs.map(drawsOf)),
  tanks(_, state, run) {
    last = { state, run, drawn: drawsOf(run) };
    return lookAtTanks(state, run, last.drawn);
  },
  scores: () => scoreTanks(last.state, last.run, last.drawn),
  estimator: (_, run) => lookAtEstimator(run, drawsOf(run)),
  schools: (_, form, run) => lookAtSchools(form, drawsOf(run)),
  exactCafes: (_, state) => exactCafes(state),
  exactPooling: (_, state, tables) => exactPooling(state, tables),
  scoresOfSigma: (_, state, tables) => scoresOfSigma(state, tables),
});
