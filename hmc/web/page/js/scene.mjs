// A scene: a frame of the plane for two coordinates of a model, and what lies behind a path in it.

import { cloudOf, gridOf, rangesOf } from "./backdrop.mjs";
import { shownOf } from "./coordinates.mjs";
import { makeFrame } from "./frame.mjs";

const clouds = new Map();

/** The ranges of two coordinates in which draws of all these models are, as shown.
 * @param {any} engine @param {string[]} models @param {string[]} names @param {boolean} constrained
 * @returns {Promise<[number, number][]>} */
async function commonRanges(engine, models, names, constrained) {
  const all = await Promise.all(models.map(async (model) => rangesOf(await cloudFor(engine, model), pairOf(engine, model, names), shownBy(constrained))));
  return names.map((_, k) => [Math.min(...all.map((ranges) => ranges[k][0])), Math.max(...all.map((ranges) => ranges[k][1]))]);
}

const pairOf = (engine, model, names) => names.map((name) => engine.described(model).coordinates.find((each) => each.name === name));
const shownBy = (constrained) => (each, draw) => shownOf(each, constrained, (index) => draw[index]);

function cloudFor(engine, model) {
  if (!clouds.has(model)) clouds.set(model, cloudOf(engine, model));
  return clouds.get(model);
}

/** A frame for two coordinates of a model, and what is behind a path in it. `among`: models that share its ranges;
 * `ranges`: others than those that draws are in.
 * @param {any} engine @param {string} model @param {string[]} names @param {boolean} constrained @param {number} size
 * @param {{among?: string[], ranges?: [number, number][] | null}} options */
export async function sceneOf(engine, model, names, constrained, size, { among = [model], ranges = null } = {}) {
  const { coordinates } = engine.described(model);
  const pair = pairOf(engine, model, names);
  const cloud = await cloudFor(engine, model);
  const frame = makeFrame(pair, constrained, ranges ?? (await commonRanges(engine, among, names, constrained)), size);
  const centre = pair.map(({ index, ofMomentum }) => (ofMomentum ? 0 : medianOf(cloud.map((draw) => draw[index]))));
  const grid = coordinates.length === 2 && frame.isInvertible ? await gridOf(engine, model, frame) : null;
  return { model, frame, centre, cloud, grid };
}

const medianOf = (values) => Float64Array.from(values).sort()[values.length >> 1];
