// Runs what a test asks for, a JSON on standard input: {call, ...}; writes its answer as JSON, arrays of float64 as files.
import fs from "node:fs";

import { load, sample } from "../../../hmc/web/js/hmc.mjs";
import { mostKept, planOf } from "../../../hmc/web/js/plan.mjs";
import { pcg64 } from "../../../hmc/web/js/seeds.mjs";
import { argumentsOf, checkedSettings } from "../../../hmc/web/js/settings.mjs";

const CALLS = {
  async sample({ module, folder, runs }) {
    const model = await load(fs.readFileSync(module));
    return runs.map((settings, number) => {
      const { position, shape, stats } = sample(model, settings);
      for (const [name, values] of Object.entries({ position, ...stats }))
        fs.writeFileSync(`${folder}/${number}.${name}`, new Uint8Array(values.buffer));
      return { shape, names: Object.keys(stats) };
    });
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
        checkedSettings(each, constants);
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
    return settings.map((each) => argumentsOf(checkedSettings(each, constants), dimension, constants));
  },
};

const { call, ...asked } = JSON.parse(fs.readFileSync(0, "utf8"));
process.stdout.write(JSON.stringify(await CALLS[call](asked)));
