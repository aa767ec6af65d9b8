// The explorables, and what they all need: workers that sample and integrate.

import { unpackedModule } from "../pagedata.mjs";
import { remote } from "../workers.mjs";
import { makeCafesView } from "./cafesview.mjs";
import { makeConfoundsView } from "./confoundsview.mjs";
import { makePoolingView } from "./poolingview.mjs";
import { makeSchoolsView } from "./schoolsview.mjs";
import { poolingModel } from "./tanks.mjs";

/** Each explorable: what its tab says, the model that it samples first in a state, and how it is made. */
export const EXPLORABLES = [
  { id: "cafes", label: "Models with memory", first: () => "cafes", make: makeCafesView },
  { id: "pooling", label: "How much to pool", first: poolingModel, make: makePoolingView },
  { id: "confounds", label: "Confounds", first: () => "m0", make: makeConfoundsView },
  { id: "schools", label: "Divergences", first: ({ schools }) => `schools_${schools}`, make: makeSchoolsView },
];
export const EXPLORABLE_IDS = EXPLORABLES.map(({ id }) => id);

/** @param {any} data  of the page @param {(view: string) => string} link  to the state that is shown */
export function makeLectureEngine(data, link) {
  const names = data.models.map(({ name }) => name);
  const script = URL.createObjectURL(new Blob([data.worker], { type: "text/javascript" }));
  const started = (bytesOf) => remote(new Worker(script), bytesOf);
  const engine = {
    tables: data.tables,
    described: (model) => data.models.find(({ name }) => name === model),
    /** Draws, and what is seen of them. */
    sampler: started((model) => unpackedModule(names.indexOf(model))),
    /** What needs no module: integrals, which must not keep draws waiting. */
    exact: started(async () => null),
  };
  return { names, engine, of: (view) => ({ ...engine, link: () => link(view) }) };
}
