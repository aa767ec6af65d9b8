// The lecture's page: its state, the workers that sample and integrate, and the explorables.

import { readData, unpackedModule } from "../pagedata.mjs";
import { makeStore } from "../store.mjs";
import { makeTabs } from "../tabs.mjs";
import { remote } from "../workers.mjs";
import { makeCafesView } from "./cafesview.mjs";
import { makeConfoundsView } from "./confoundsview.mjs";
import { listenToPresenter } from "./explorable.mjs";
import { linkOf, stateOfLink } from "./lecture_state.mjs";
import { makePoolingView } from "./poolingview.mjs";
import { makeSchoolsView } from "./schoolsview.mjs";

const data = readData();
const names = data.models.map(({ name }) => name);
const scriptOfWorker = URL.createObjectURL(new Blob([data.worker], { type: "text/javascript" }));
const engine = {
  tables: data.tables,
  described: (model) => data.models.find(({ name }) => name === model),
  /** Draws, and what is seen of them. */
  sampler: remote(new Worker(scriptOfWorker), (model) => unpackedModule(names.indexOf(model))),
  /** What needs no module: integrals, which must not keep draws waiting. */
  exact: remote(new Worker(scriptOfWorker), async () => null),
  link: () => `${location.href.split("#")[0]}#${linkOf(store.get(), data.tables)}`,
};

const VIEWS = [
  { id: "cafes", label: "Models with memory", make: (root) => makeCafesView(root, store, engine) },
  { id: "pooling", label: "How much to pool", make: (root) => makePoolingView(root, store, engine) },
  { id: "confounds", label: "Confounds", make: (root) => makeConfoundsView(root, store, engine) },
  { id: "schools", label: "Divergences", make: (root) => makeSchoolsView(root, store, engine) },
];
const ids = VIEWS.map(({ id }) => id);

const store = makeStore(stateOfLink(location.hash.slice(1), data.tables, ids));
let writing = 0;
store.subscribe(() => {
  clearTimeout(writing); // browsers refuse a link that changes a hundred times in a few seconds
  writing = setTimeout(() => history.replaceState(null, "", engine.link()), 300);
});
addEventListener("hashchange", () => store.set(stateOfLink(location.hash.slice(1), data.tables, ids)));

window.hmc = {
  ready: engine.sampler("loaded", names[0], []).then(() => undefined),
  models: () => [...names],
  /** Draws of a model with other data: {model, data, dimension, settings}. */
  sample: (run) => engine.sampler("sample", run.model, [run]),
  state: () => store.get(),
};

listenToPresenter(store, ids);
makeTabs(document.getElementById("tabs"), document.getElementById("views"), VIEWS, store);
