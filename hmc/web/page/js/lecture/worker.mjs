// The worker of the lecture's explorables: what it is asked, and its answers. Draws are made by the production sampler.

import { withData } from "../../../js/data.mjs";
import { load, sample } from "../../../js/hmc.mjs";
import { answerWith } from "../answering.mjs";
import { exactCafes } from "./cafes.mjs";
import { lookAtCafes, lookAtSchools, lookAtTanks } from "./looks.mjs";
import { psisOf } from "./psis.mjs";
import { exactPooling, scoresOfSigma } from "./tanks.mjs";

const loaded = new Map();
let last = null; // the log likelihoods of the last run of tanks

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
    const drawn = drawsOf(run);
    const { summary, logLikelihoods } = lookAtTanks(state, run, drawn);
    last = { logLikelihoods, chains: drawn.shape[0] };
    return summary;
  },
  psis: () => psisOf(last.logLikelihoods, last.chains),
  schools: (_, form, run) => lookAtSchools(form, drawsOf(run)),
  exactCafes: (_, state) => exactCafes(state),
  exactPooling: (_, state, tables) => exactPooling(state, tables),
  scoresOfSigma: (_, state, tables) => scoresOfSigma(state, tables),
});
