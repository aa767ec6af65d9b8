// A worker: it answers messages {id, call, model, values} with {id, result} or {id, error}.

import { load, sample } from "../../js/hmc.mjs";

const models = new Map();

const CALLS = {
  async load(name, bytes) {
    models.set(name, await load(bytes));
  },
  loaded: () => undefined, // the module is sent before the first call
  sample: (name, settings) => sample(models.get(name), settings),
};

self.onmessage = async ({ data: { id, call, model, values } }) => {
  try {
    self.postMessage({ id, result: await CALLS[call](model, ...values) });
  } catch (error) {
    self.postMessage({ id, error: { name: error.name, message: error.message } });
  }
};
