// The explorables as a page of their own: its state, and one of them at a time, behind tabs.

import { followLink, textOfLink } from "../linking.mjs";
import { readData } from "../pagedata.mjs";
import { makeStore } from "../store.mjs";
import { makeTabs } from "../tabs.mjs";
import { linkOf, stateOfLink } from "./lecture_state.mjs";
import { listenToPresenter } from "./presenter.mjs";
import { EXPLORABLE_IDS, EXPLORABLES, makeLectureEngine } from "./views.mjs";

const data = readData();
const linkNow = () => `${location.href.split("#")[0]}#${linkOf(store.get(), data.tables)}`;
const made = makeLectureEngine(data, linkNow);
const read = (text) => stateOfLink(text, data.tables, EXPLORABLE_IDS);
const store = makeStore(read(textOfLink()));
followLink(store, read, (state) => linkOf(state, data.tables));

window.hmc = {
  ready: made.engine.sampler("loaded", made.names[0], []).then(() => undefined),
  models: () => [...made.names],
  /** Draws of a model with other data: {model, data, dimension, settings}. */
  sample: (run) => made.engine.sampler("sample", run.model, [run]),
  state: () => store.get(),
};

const views = EXPLORABLES.map(({ id, label, make }) => ({ id, label, make: (root) => make(root, store, made.of(id)) }));
listenToPresenter(store, EXPLORABLE_IDS);
makeTabs(document.getElementById("tabs"), document.getElementById("views"), views, store);
