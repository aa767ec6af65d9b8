// Runs what a test asks for, a JSON on standard input: {call, ...}; writes its answer as JSON, arrays of float64 as files.
import fs from "node:fs";

import { withData } from "../../../hmc/web/js/data.mjs";
import { load, logDensity, openChain, record, recordFrom, sample } from "../../../hmc/web/js/hmc.mjs";
import { mostKept, planOf } from "../../../hmc/web/js/plan.mjs";
import { pcg64 } from "../../../hmc/web/js/seeds.mjs";
import { argumentsOf, checkedSettings } from "../../../hmc/web/js/settings.mjs";
import { exact } from "../helpers/exact.mjs";

const CALLS = {
  async sample({ module, folder, runs }) {
    const model = await load(fs.readFileSync(module));
    return runs.map((settings, number) => {
      const { position, shape, stats, warmup, warmup_stats } = sample(model, settings);
      const of = (prefix, named) => Object.entries(named).map(([name, values]) => [prefix + name, values]);
      const all = [...of("", { position, ...stats }), ...of("warmup_", { ...(warmup && { position: warmup }), ...warmup_stats })];
      for (const [name, values] of all) fs.writeFileSync(`${folder}/${number}.${name}`, values);
      return { shape, names: all.map(([name]) => name) };
    });
  },
  async sampleWith({ module, states }) {
    const model = await load(fs.readFileSync(module));
    return states.map(({ data, dimension, settings }) => {
      const given = withData(model, data, dimension);
      const { position, shape, stats } = sample(given, settings);
      const zeros = new Float64Array(given.dimension);
      return { position, shape, energy: stats.energy, density: logDensity(given, zeros) };
    });
  },
  async refusedData({ module, states }) {
    const model = await load(fs.readFileSync(module));
    return states.map(({ data, dimension }) => {
      try {
        withData(model, data, dimension);
        return null;
      } catch (error) {
        return error.message;
      }
    });
  },
  async record({ module, runs }) {
    const model = await load(fs.readFileSync(module));
    return runs.map((settings) => record(model, settings));
  },
  async recordFrom({ module, runs }) {
    const model = await load(fs.readFileSync(module));
    return runs.map(({ position, stepSize, ...options }) => recordFrom(model, position, stepSize, options));
  },
  async pieces({ module, settings, ends, recorded }) {
    const model = await load(fs.readFileSync(module));
    const chain = openChain(model, settings);
    const seen = ends.map((end) => {
      chain.advance(end);
      if (recorded.includes(end)) chain.recordNext();
      return { iteration: chain.iteration, step_size: chain.stepSize(), metric: chain.metric() };
    });
    return { seen, position: chain.positions(0, chain.iteration), stats: chain.stats };
  },
  async densities({ module, positions }) {
    const model = await load(fs.readFileSync(module));
    const gradient = new Float64Array(model.dimension);
    return positions.map((position) => ({ value: logDensity(model, position, gradient), gradient: gradient.slice() }));
  },
  async memory({ module, runs }) {
    const model = await load(fs.readFileSync(module));
    const { Instance } = WebAssembly;
    return runs.map((settings) => {
      const memories = [];
      WebAssembly.Instance = function (compiled) {
        const made = new Instance(compiled);
        memories.push(made.exports.memory);
        return made;
      };
      sample(model, settings);
      WebAssembly.Instance = Instance;
      return Math.max(...memories.map((memory) => memory.buffer.byteLength));
    });
  },
  async imports({ module }) {
    return WebAssembly.Module.imports((await load(fs.readFileSync(module))).module);
  },
  generators({ seeds }) {
    return seeds.map(([seed, chain]) => pcg64(BigInt(seed), chain).map(String));
  },
  plans({ constants, settings }) {
    return settings.map((each) => {
      const plan = planOf(each, constants);
      return { plan, capacity: mostKept(plan, constants) };
    });
  },
  refusals({ constants, settings }) {
    return settings.map((each) => {
      try {
        checkedSettings(each, constants, 3);
        return null;
      } catch (error) {
        return error.message;
      }
    });
  },
  defaults({ constants }) {
    const { seed, ...others } = checkedSettings({}, constants);
    return { seed: Number(seed), ...others };
  },
  arguments({ constants, settings, dimension }) {
    return settings.map((each) => argumentsOf(checkedSettings(each, constants, dimension), dimension, constants));
  },
};

const { call, ...asked } = JSON.parse(fs.readFileSync(0, "utf8"));
process.stdout.write(JSON.stringify(await CALLS[call](asked), exact));
