// Models with memory: waits at five cafes, and what the sampler is asked to make of them.

import { densitiesOf, evenly, groupedPosterior, momentsOf } from "./grouped.mjs";
import { listText, program, settingsText } from "./python.mjs";

export const CAFES = 5;
export const LONGEST = 20; // minutes, of a wait
export const MOST_VISITS = 60;

/** A visit: the cafe, from 1, and the wait in minutes. @typedef {[number, number]} Visit */

/** What is sampled for a state: of all cafes together, or with amnesia of each alone.
 * @param {{visits: Visit[], amnesia: boolean, seed: number}} state @param {{logFactorial: number[]}} tables
 * @returns {{model: string, data: object, dimension: number, settings: object}[]} */
export function cafeRuns({ visits, amnesia, seed }, tables) {
  const settings = cafeSettings(seed);
  const run = (seen, cafes) => ({ model: "cafes", data: cafeData(seen, cafes, tables), dimension: cafes + 2, settings });
  return amnesia ? eachAlone(visits).map((waits) => run(waits.map((wait) => [1, wait]), 1)) : [run(visits, CAFES)];
}

const cafeSettings = (seed) => ({ chains: 4, warmup: 400, draws: 1000, seed });

/** The waits at each cafe. @param {Visit[]} visits @returns {number[][]} */
export const eachAlone = (visits) =>
  Array.from({ length: CAFES }, (_, j) => visits.filter(([cafe]) => cafe === j + 1).map(([, wait]) => wait));

function cafeData(visits, cafes, { logFactorial }) {
  const waits = visits.map(([, wait]) => wait);
  return {
    cafe: visits.map(([cafe]) => cafe - 1), wait: waits, log_factorial: waits.map((wait) => logFactorial[wait]),
    weight: waits.map(() => 1), cafes,
  };
}

/** The Python that gives the same draws: `fit`, or with amnesia `fits` of each cafe. */
export function cafePython({ visits, amnesia, seed }) {
  const settings = settingsText(cafeSettings(seed));
  const imports = ["import pandas as pd", "import hmc", "import models"];
  if (amnesia)
    return program(imports, [
      `waits = {${eachAlone(visits).map((waits, j) => `${j + 1}: [${waits.join(", ")}]`).join(", ")}}`,
      "fits = {}",
      "for cafe, seen in waits.items():  # each learns alone",
      '    table = pd.DataFrame({"visit": range(1, max(1, len(seen)) + 1), "cafe": 1, "wait": seen or [0]})',
      "    model = models.cafes(table, visits=len(seen))",
      `    fits[cafe] = hmc.sample(model, ${settings})`,
    ]);
  const unseen = Array.from({ length: CAFES }, (_, j) => j + 1).filter((j) => visits.every(([cafe]) => cafe !== j));
  const rows = [...visits, ...unseen.map((cafe) => [cafe, 0])];
  return program(imports, [
    `cafe = ${listText(rows.map(([cafe]) => cafe))}`,
    `wait = ${listText(rows.map(([, wait]) => wait))}`,
    'table = pd.DataFrame({"visit": range(1, len(cafe) + 1), "cafe": cafe, "wait": wait})',
    ...(unseen.length ? ["# Rows after the visits that were made say only that these cafes are there."] : []),
    `model = models.cafes(table, visits=${visits.length})`,
    `fit = hmc.sample(model, ${settings})`,
  ]);
}

/** log density of Normal(mean, sd). */
const logNormal = (x, mean, sd) => -0.5 * ((x - mean) / sd) ** 2 - Math.log(sd) - 0.5 * Math.log(2 * Math.PI);

/** The log likelihood of waits at a cafe, up to a constant. @returns {import("./grouped.mjs").LogLikelihood} */
function ofWaits(waits) {
  const sum = waits.reduce((total, wait) => total + wait, 0), count = waits.length;
  return (a, into) => {
    const expected = count === 0 ? 0 : count * Math.exp(a);
    into[0] = sum * a - expected;
    into[1] = sum - expected;
    into[2] = -expected;
  };
}

function posteriorOf(waits) {
  const likelihoods = waits.map(ofWaits);
  const grid = groupedPosterior({
    likelihoods, groups: waits.map((_, j) => j), points: [65, 49], centre: [-1.5, 5], spread: [-13, 1.5],
    logPriorCentre: (a_bar) => logNormal(a_bar, 2, 0.5),
    logPriorSpread: (logSigma) => Math.log(10) - 10 * Math.exp(logSigma) + logSigma,
  });
  return { likelihoods, grid };
}

/** The exact posterior of a state: moments of a_bar, sigma and each a, and densities per minute of the mean wait, at
 * equal distances from the first to LONGEST, of a new cafe and of each.
 * @param {{visits: Visit[], amnesia: boolean}} state @param {number} count  of the distances */
export function exactCafes({ visits, amnesia }, count = 160) {
  const minutes = evenly([LONGEST / count, LONGEST], count);
  const perMinute = (heights) => heights.map((density, k) => density / minutes[k]);
  const values = minutes.map(Math.log);
  const of = (waits) => {
    const { likelihoods, grid } = posteriorOf(waits);
    const { fresh, groups } = densitiesOf(grid, likelihoods, values);
    return { ...momentsOf(grid), fresh: perMinute(fresh), groups: groups.map(perMinute) };
  };
  const range = { from: minutes[0], to: LONGEST };
  if (!amnesia) return { ...of(eachAlone(visits)), ...range };
  const alone = eachAlone(visits).map((waits) => of([waits]));
  return { ...of([[]]), a: alone.map(({ a }) => a[0]), groups: alone.map(({ groups }) => groups[0]), ...range };
}
