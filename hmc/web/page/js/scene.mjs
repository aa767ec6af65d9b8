// A scene: a frame of the plane for two coordinates of a model, and what lies behind a path in it.

import { cloudOf, gridOf, rangesOf } from "./backdrop.mjs";
import { constrainedOf } from "./coordinates.mjs";
import { makeFrame } from "./frame.mjs";

const clouds = new Map();

/** A frame for two coordinates of a model, and what is behind a path in it. */
export async function sceneOf(engine, model, names, constrained, size) {
  const { coordinates } = engine.described(model);
  const pair = names.map((name) => coordinates.find((each) => each.name === name));
  if (!clouds.has(model)) clouds.set(model, cloudOf(engine, model));
  const cloud = await clouds.get(model);
  const shown = (each, value) => (constrained ? constrainedOf(each, value) : value);
  const frame = makeFrame(pair, constrained, rangesOf(cloud, pair, shown), size);
  const centre = pair.map(({ index, ofMomentum }) => (ofMomentum ? 0 : medianOf(cloud.map((draw) => draw[index]))));
  const grid = coordinates.length === 2 ? await gridOf(engine, model, frame) : null;
  return { model, frame, centre, cloud, grid };
}

const medianOf = (values) => Float64Array.from(values).sort()[values.length >> 1];
