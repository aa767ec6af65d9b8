// The transitions that the Step view walks through: what the engine records from the state's start with the state's
// settings. The same state gives the same walk, so that a link shows what its writer saw.

import { eventsOf } from "./events.mjs";
import { unitMetric, withPlane } from "./metrics.mjs";
import { ofAlgorithm } from "./target_fields.mjs";
import { timelineOf } from "./timeline.mjs";

const FIRST = 4; // transitions at first; twice as many whenever the reader comes near their end
const AHEAD = 2; // transitions that are there before the reader is
const MOST = 512;
const MOST_NUMBERS = 1e7; // in all positions: long trajectories of a large model fill the memory
const OF_WARMUP = ["model", "algorithm", "path_length", "tolerance", "max_depth", "seed", "warmup", "target_accept"];
const OF_WALK = [...OF_WARMUP, "start", "momentum", "step_size", "metric", "inverse_metric", "x", "y"];

/** @typedef {{told: import("./timeline.mjs").Told[], timeline: ReturnType<typeof timelineOf>, model: string,
 *   adapted: any, stepSize: number, inverseMetric: import("./metrics.mjs").InverseMetric, position: number[]}} Walk */

/** Keeps a walk for the store's state. `heard(walk, error)`: whenever there is a new one, or why there is none.
 * @param {import("./store.mjs").Store} store @param {any} engine
 * @param {(walk: Walk | null, error: Error | null) => void} heard */
export function makeWalk(store, engine, heard) {
  const adaptations = new Map();
  let transitions = FIRST, isBusy = false, isStale = false, walk = null;

  const adapted = (state) => {
    const settings = settingsOfWarmup(state);
    const key = JSON.stringify([state.model, settings]);
    if (!adaptations.has(key)) {
      if (adaptations.size > 20) adaptations.clear();
      adaptations.set(key, engine.adapted(state.model, settings));
    }
    return adaptations.get(key);
  };

  const renew = async () => {
    if (isBusy) {
      isStale = true;
      return;
    }
    isBusy = true;
    try {
      walk = await recorded(store.get(), engine, adapted, transitions);
      heard(walk, null);
    } catch (error) {
      walk = null;
      heard(null, error);
    }
    isBusy = false;
    if (isStale) {
      isStale = false;
      renew();
    } else reach(store.get().cursor);
  };

  /** Record as many transitions as a cursor needs. */
  const reach = (cursor) => {
    if (walk === null || transitions >= MOST || sizeOf(walk) >= MOST_NUMBERS) return;
    const { number } = walk.timeline.at(cursor);
    if (cursor < walk.timeline.length && number + AHEAD < walk.told.length) return;
    transitions *= 2;
    renew();
  };

  store.subscribe((state, changed) => {
    if (OF_WALK.some((name) => changed.has(name))) {
      transitions = FIRST;
      renew();
    } else if (changed.has("cursor")) reach(state.cursor);
  });
  renew();
}

function settingsOfWarmup(state) {
  const { seed, warmup, target_accept, max_depth, algorithm } = state;
  const metric = state.metric === "unit" ? "unit" : "auto";
  return { seed, warmup, target_accept, max_depth, algorithm, metric, ...ofAlgorithm(state) };
}

/** How many numbers the positions of a walk are. @param {Walk} walk */
const sizeOf = ({ told, position }) =>
  told.reduce((sum, { recorded }) => sum + placesOf(recorded) * position.length, 0);
const placesOf = ({ leaves }) => leaves.reduce((sum, { walks }) => walks.reduce((n, { energies }) => n + energies.length, sum + 1), 0);

/** @returns {Promise<Walk>} */
async function recorded(state, engine, adaptedOf, transitions) {
  const { model, algorithm, max_depth, seed, momentum } = state;
  const { coordinates } = engine.described(model);
  const adapted = await adaptedOf(state);
  const position = state.start ?? Array.from(adapted.position);
  const stepSize = state.step_size ?? adapted.stepSize;
  const inverseMetric = metricOf(state, coordinates, adapted.inverseMetric, position.length);
  /** @type {any} */
  const settings = { algorithm, max_depth, seed, transitions, inverseMetric, ...ofAlgorithm(state) };
  if (momentum !== null) settings.momentum = momentum;
  const told = (await engine.recordFrom(model, position, stepSize, settings)).map((each) => ({
    recorded: each, events: eventsOf(each),
  }));
  return { told, timeline: timelineOf(told), model, adapted, stepSize, inverseMetric, position };
}

/** The metric that a state asks for. */
function metricOf({ metric, inverse_metric, x, y }, coordinates, adapted, dimension) {
  if (metric === "unit") return unitMetric(dimension);
  if (metric === "adapted" || inverse_metric === null) return adapted;
  const [i, j] = [x, y].map((name) => coordinates.find((coordinate) => coordinate.name === name).index);
  return withPlane(inverse_metric, adapted, i, j, dimension);
}
