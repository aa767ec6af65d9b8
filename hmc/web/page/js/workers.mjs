// The engine as the page sees it: functions that give promises, answered by workers. One worker answers what the reader
// waits for; another runs chains meanwhile, so that neither the page nor a step ever waits for a long run.

/** @param {any[]} models  as of `readData` @param {string} source  the worker's script
 * @param {(name: string) => Promise<ArrayBuffer>} bytesOf  of a model's module */
export function makeEngine(models, source, bytesOf) {
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  const [quick, patient] = [0, 1].map(() => remote(new Worker(url), bytesOf));
  return {
    models: () => models.map(({ name }) => name),
    described: (model) => models.find(({ name }) => name === model),
    loaded: (model) => quick("loaded", model, []),
    logDensity: (model, position, gradient) => quick("logDensity", model, [position, gradient]),
    grid: (model, asked) => quick("grid", model, [asked]),
    adapted: (model, settings) => quick("adapted", model, [settings]),
    plan: (model, settings) => quick("plan", model, [settings]),
    /** What `diagnose` finds of each of some coordinates, given as the draws of their chains. */
    diagnose: (model, coordinates) => quick("diagnose", model, [coordinates]),
    recordFrom: (model, position, stepSize, settings) => quick("recordFrom", model, [position, stepSize, settings]),
    record: (model, settings) => patient("record", model, [settings]),
    sample: (model, settings) => patient("sample", model, [settings]),
    openChain: async (model, settings, chain) => {
      const id = await patient("openChain", model, [settings, chain]);
      return remoteChain((method, ...values) => patient("ofChain", model, [id, method, values]), settings);
    },
  };
}

/** A chain that a worker holds: each method gives a promise; `iteration` is as of the last answer.
 * `positions(from, to)` are one after another, `stats()` those of all transitions so far. `close` lets the worker forget
 * the chain. */
function remoteChain(call, { warmup }) {
  const chain = { iteration: 0, warmup };
  for (const method of ["advance", "positions", "stats", "metric", "stepSize", "recordNext", "piece", "watched", "close"])
    chain[method] = async (...values) => {
      const { iteration, result } = await call(method, ...values);
      chain.iteration = iteration;
      return result;
    };
  return chain;
}

/** A function that has a worker answer calls, in their order; it sends a model's module before the first of it.
 * @param {Worker} worker @param {(name: string) => Promise<ArrayBuffer>} bytesOf */
export function remote(worker, bytesOf) {
  const waiting = new Map();
  const loaded = new Map();
  let count = 0;
  worker.onmessage = ({ data: { id, result, error } }) => {
    const { resolve, reject } = waiting.get(id);
    waiting.delete(id);
    if (error === undefined) resolve(result);
    else reject(Object.assign(new Error(error.message), { name: error.name }));
  };
  worker.onerror = (event) => {
    for (const { reject } of waiting.values()) reject(new Error(event.message));
    waiting.clear();
  };
  const ask = (call, model, values) =>
    new Promise((resolve, reject) => {
      waiting.set(++count, { resolve, reject });
      worker.postMessage({ id: count, call, model, values });
    });
  return async (call, model, values) => {
    if (!loaded.has(model)) loaded.set(model, bytesOf(model).then((bytes) => ask("load", model, [bytes])));
    await loaded.get(model);
    return ask(call, model, values);
  };
}
