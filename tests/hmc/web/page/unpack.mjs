// Prints what the page unpacks of the modules given as JSON on standard input, {text, shared} each: in base 64.
import fs from "node:fs";

import { unpackedModule } from "../../../../hmc/web/page/js/pagedata.mjs";

const modules = JSON.parse(fs.readFileSync(0, "utf8"));
globalThis.document = {
  getElementById(id) {
    const { text, shared } = modules[Number(id.replace("module-", ""))];
    return { textContent: text, dataset: { shared: JSON.stringify(shared) } };
  },
};
const unpacked = [];
for (const number of modules.keys()) unpacked.push(Buffer.from(await unpackedModule(number)).toString("base64"));
console.log(JSON.stringify(unpacked));
