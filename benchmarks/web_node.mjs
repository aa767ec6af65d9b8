// Seconds of runs, one for each line of JSON on standard input: {module, settings}.
import fs from "node:fs";
import readline from "node:readline";

import { load, sample } from "../hmc/web/js/hmc.mjs";

const loaded = {};
for await (const line of readline.createInterface({ input: process.stdin })) {
  const { module, settings } = JSON.parse(line);
  loaded[module] ??= await load(fs.readFileSync(module));
  const begin = performance.now();
  sample(loaded[module], settings);
  process.stdout.write(`${(performance.now() - begin) / 1000}\n`);
}
