// Runs what a test asks of the page's modules, a JSON on standard input: {call, ...}; the answer is a JSON too.
// Numbers that JSON does not know go as the texts "NaN", "Infinity" and "-Infinity", both ways.
import fs from "node:fs";

import { coordinatesOf, labelOf, shownOf } from "../../../../hmc/web/page/js/coordinates.mjs";
import { diagnose } from "../../../../hmc/web/page/js/diagnostics.mjs";
import { eventsOf } from "../../../../hmc/web/page/js/events.mjs";
import { narrate } from "../../../../hmc/web/page/js/narrate.mjs";
import { normalQuantile } from "../../../../hmc/web/page/js/normal_quantile.mjs";
import { short, twoDecimals } from "../../../../hmc/web/page/js/numbers.mjs";

const CALLS = {
  numbers({ values }) {
    return values.map((x) => [twoDecimals(x), short(x)]);
  },
  narrate({ records }) {
    return records.map(narrate);
  },
  events({ records }) {
    return records.map(eventsOf);
  },
  diagnose({ arrays }) {
    return arrays.map((chains) => diagnose(chains.map((chain) => Float64Array.from(chain))));
  },
  constrained({ parameters, position }) {
    const coordinates = coordinatesOf(parameters).filter(({ ofMomentum }) => !ofMomentum);
    return coordinates.map((each) => [each.name, labelOf(each, true), shownOf(each, true, (index) => position[index])]);
  },
  quantiles({ probabilities }) {
    return probabilities.map(normalQuantile);
  },
};

const UNKNOWN = { NaN: NaN, Infinity: Infinity, "-Infinity": -Infinity };
const read = (key, value) => (typeof value === "string" && value in UNKNOWN ? UNKNOWN[value] : value);
const written = (key, value) => (typeof value === "number" && !Number.isFinite(value) ? String(value) : value);

const { call, ...asked } = JSON.parse(fs.readFileSync(0, "utf8"), read);
process.stdout.write(JSON.stringify(CALLS[call](asked), written));
