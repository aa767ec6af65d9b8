// For Node: loads the module in the file that is named; where it gives other draws than it should, says so and fails.
import fs from "node:fs";

import { load } from "./hmc.mjs";

try {
  await load(fs.readFileSync(process.argv[2]));
} catch (error) {
  process.stderr.write(error.message);
  process.exitCode = 1;
}
