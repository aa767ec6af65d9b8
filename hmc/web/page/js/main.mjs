// The page: its state, the engine, the views, and `window.hmc` for whoever would rather call than click.

import { followLink, textOfLink } from "./linking.mjs";
import { readData, unpackedModule } from "./pagedata.mjs";
import { fragmentOf, stateOfFragment } from "./state.mjs";
import { makeRaceView } from "./raceview.mjs";
import { makeRunView } from "./runview.mjs";
import { makeStepView } from "./stepview.mjs";
import { makeStore } from "./store.mjs";
import { makeTabs } from "./tabs.mjs";
import { makeWarmupView } from "./warmupview.mjs";
import { makeEngine } from "./workers.mjs";

const data = readData();
const names = data.models.map(({ name }) => name);
const engine = {
  ...makeEngine(data.models, data.worker, (model) => unpackedModule(names.indexOf(model))),
  sources: data.sources,
  lines: data.lines,
};

const VIEWS = [
  { id: "step", label: "Step", make: (root) => makeStepView(root, store, engine) },
  { id: "run", label: "Run", make: (root) => makeRunView(root, store, engine) },
  { id: "race", label: "Race", make: (root) => makeRaceView(root, store, engine) },
  { id: "warmup", label: "Warm-up", make: (root) => makeWarmupView(root, store, engine) },
];

const stateOfLink = (text) => stateOfFragment(text, data.models, VIEWS.map(({ id }) => id));
const store = makeStore(stateOfLink(textOfLink()));
followLink(store, stateOfLink, (state) => fragmentOf(state, engine.described(state.model)));

Object.assign(window, {
  hmc: {
    ready: Promise.all(names.slice(0, 1).map((name) => engine.loaded(name))).then(() => undefined),
    models: () => [...names],
    sample: (model, settings = {}) => engine.sample(known(model), settings),
    record: (model, settings = {}) => engine.record(known(model), settings),
    state: () => store.get(),
  },
});

/** The name, if a model has it; a RangeError lists those that there are. */
function known(model) {
  if (names.includes(model)) return model;
  throw new RangeError(`no model is called ${model}; there are ${names.join(", ")}`);
}

makeTabs(document.getElementById("tabs"), document.getElementById("views"), VIEWS, store);
