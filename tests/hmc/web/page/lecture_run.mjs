// Runs what a test asks of the lecture's explorables, a JSON on standard input: {call, ...}; arrays of float64 go as
// hexadecimal bytes, as in tests/hmc/web/run.mjs.
import fs from "node:fs";

import { withData } from "../../../../hmc/web/js/data.mjs";
import { load, sample } from "../../../../hmc/web/js/hmc.mjs";
import { cafePython, cafeRuns, exactCafes } from "../../../../hmc/web/page/js/lecture/cafes.mjs";
import { confoundsPython, ESTIMATORS, estimatorRun, studyOf } from "../../../../hmc/web/page/js/lecture/confounds.mjs";
import { lookAtTanks, scoringOfTanks } from "../../../../hmc/web/page/js/lecture/looks.mjs";
import { psisOf, waicOf } from "../../../../hmc/web/page/js/lecture/psis.mjs";
import { schoolsPython, schoolsRun } from "../../../../hmc/web/page/js/lecture/schools.mjs";
import { exactPooling, poolingPython, poolingRun, scoringOfSigma } from "../../../../hmc/web/page/js/lecture/tanks.mjs";

const KINDS = {
  cafes: { runs: cafeRuns, python: cafePython },
  tanks: { runs: (state, tables) => [poolingRun(state, tables)], python: poolingPython },
  confounds: { runs: (state, tables) => ESTIMATORS.map(([name]) => estimatorRun(name, state, tables)), python: confoundsPython },
  schools: { runs: (state) => [schoolsRun(state)], python: schoolsPython },
};

const CALLS = {
  /** For each state the draws of all its runs, and the Python that should give them. */
  async draws({ folder, tables, states }) {
    const models = new Map();
    const loaded = async (name) => {
      if (!models.has(name)) models.set(name, await load(fs.readFileSync(`${folder}/${name}.wasm`)));
      return models.get(name);
    };
    const found = [];
    for (const { kind, ...state } of states) {
      const runs = [];
      for (const { model, data, dimension, settings } of KINDS[kind].runs(state, tables)) {
        const made = await loaded(model);
        const { position, shape } = sample(data === undefined ? made : withData(made, data, dimension), settings);
        fs.writeFileSync(`${folder}/${found.length}.${runs.length}`, position);
        runs.push({ shape });
      }
      found.push({ runs, python: KINDS[kind].python(state) });
    }
    return found;
  },
  exactCafes: ({ states }) => states.map((state) => exactCafes(state)),
  exactPooling: ({ states, tables }) => states.map((state) => exactPooling(state, tables)),
  scoresOfSigma: ({ state, tables }) => scored(scoringOfSigma(state, tables)),
  studies: ({ states, tables }) => states.map((state) => studyOf(state, tables)),
  scores({ columns, chains }) {
    const of = columns.map((column) => Float64Array.from(column));
    return { ...waicOf(of), ...psisOf(of, chains) };
  },
  tanks({ state, tables, position, shape }) {
    const zeros = new Float64Array(shape[0] * shape[1]);
    const drawn = { position: Float64Array.from(position), shape, stats: { n_steps: zeros, diverging: zeros } };
    const run = poolingRun(state, tables);
    return { ...lookAtTanks(state, run, drawn), ...scored(scoringOfTanks(state, run, drawn)) };
  },
};

function scored(steps) {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}

const exact = (key, value) =>
  value instanceof Float64Array ? { float64: Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("hex") } : value;
const { call, ...asked } = JSON.parse(fs.readFileSync(0, "utf8"));
process.stdout.write(JSON.stringify(await CALLS[call](asked), exact));
