// A chain's warm-up, watched transition by transition: what it did, and in words, why.

import { shownNumber } from "./display.mjs";

const AT_A_TIME = 25; // transitions between two answers of the worker

/** Watch the whole warm-up of a chain; `heard` whenever more of it is known.
 * @param {any} engine @param {string} model @param {any} settings @param {import("./coordinates.mjs").Coordinate[]} pair @param {(watched: any) => boolean} heard
 *   false: the rest is not wanted
 * @returns {Promise<void>} */
export async function watchWarmup(engine, model, settings, pair, heard) {
  const chain = await engine.openChain(model, { ...settings, chains: 1, draws: 1 }, 0);
  const { plan, actions } = await engine.plan(model, settings);
  const n = settings.warmup;
  const shown = pair.map(({ index }) => index);
  const indices = [...new Set(pair.flatMap((each) => each.indices))]; // constrained values of a vector need all of it
  const watched = {
    plan, actions, indices, done: 0, search: [], settings,
    points: new Float64Array(indices.length * n), ellipses: new Float64Array(3 * n), step_size: new Float64Array(n),
    acceptance_rate: new Float64Array(n), n_steps: new Float64Array(n), diverging: new Float64Array(n),
  };
  const sizes = { points: indices.length, ellipses: 3, step_size: 1, acceptance_rate: 1, n_steps: 1, diverging: 1 };
  while (watched.done < n) {
    const piece = await chain.watched(Math.min(watched.done + AT_A_TIME, n), shown, indices);
    for (const [name, size] of Object.entries(sizes)) watched[name].set(piece[name], size * piece.from);
    if (piece.from === 0) watched.search = piece.search;
    watched.done = piece.iteration;
    if (!heard(watched)) break;
  }
  await chain.close();
}

/** The stretches of a plan: where the metric is learned, and where the step size alone is.
 * @param {number[]} plan @param {Record<string, number>} actions
 * @returns {{from: number, to: number, learns: boolean}[]} */
export function phasesOf(plan, { COLLECT }) {
  const phases = [];
  plan.forEach((action, k) => {
    const learns = (action & COLLECT) !== 0;
    if (phases.at(-1)?.learns === learns) phases.at(-1).to = k + 1;
    else phases.push({ from: k, to: k + 1, learns });
  });
  return phases;
}

/** Transitions after which correlations are fitted, or windows end.
 * @param {number[]} plan @param {Record<string, number>} actions @returns {number[]} */
export function marksOf(plan, { FIT, FIT_IF_WORTH, CLEAR }) {
  return plan.flatMap((action, k) => (action & (FIT | FIT_IF_WORTH | CLEAR) ? [k] : []));
}

/** What is done after a transition, in words, and the kind of event whose source it is.
 * @param {number} action @param {Record<string, number>} actions @returns {{text: string, source: string}} */
export function actionWords(action, { COLLECT, UPDATE, ROTATE, CLEAR, FIT, FIT_IF_WORTH, RESTART }) {
  const words = ["The step size is corrected by how far the acceptance rate was from its target."];
  if (action & FIT) words.push("The metric is fitted to the window of draws and gradients, correlations included.");
  if (action & FIT_IF_WORTH) words.push("Correlations are fitted to the window of draws and gradients, where that pays.");
  if (action & UPDATE) words.push("The variances of the metric are set from the latest draws, unless it was fitted.");
  if (action & ROTATE) words.push("The older half of the window is forgotten.");
  if (action & CLEAR) words.push("The window ends: all draws so far are forgotten.");
  if (action & RESTART) words.push("The search for a step size begins anew.");
  if (!(action & COLLECT)) words.push("The metric stays what it is.");
  const isOfMetric = action & (FIT | FIT_IF_WORTH | UPDATE | CLEAR);
  return { text: words.join(" "), source: isOfMetric ? "adapt_metric" : "adapt_step_size" };
}

/** What happened at a place of a warm-up: the trials of the search for a first step size, then the transitions.
 * @param {any} watched @param {number} place @returns {{trial: number | null, transition: number | null, text: string, source: string}} */
export function tellPlace(watched, place) {
  const { search, plan, actions } = watched;
  if (place < search.length) {
    const { step_size, energy_error } = search[place];
    const chance = Math.min(1, Math.exp(-energy_error));
    const text = `Search for a first step size, trial ${place + 1} of ${search.length}: a step of ${shownNumber(step_size)} changes the ` +
      `energy by ${shownNumber(energy_error)} and would be accepted with a chance of ${shownNumber(Number.isNaN(chance) ? 0 : chance)}. ` +
      (place + 1 < search.length ? `Next, ${search[place + 1].step_size < step_size ? "half" : "twice"} of it.` : "Here the chance crosses 0.8: the chain begins with it.");
    return { trial: place, transition: null, text, source: "first_guess" };
  }
  const k = place - search.length;
  const { text, source } = actionWords(plan[k], actions);
  const { algorithm, warmup } = watched.settings, ofNuts = Math.trunc(actions.NUTS_SHARE * warmup);
  const who = algorithm === "walnuts" && k < ofNuts ? ` (until transition ${ofNuts}, WALNUTS is NUTS)` : "";
  const told = `Transition ${k + 1} of ${plan.length}${who}: step size ${shownNumber(watched.step_size[k])}, ${watched.n_steps[k]} leapfrog ` +
    `steps, acceptance rate ${shownNumber(watched.acceptance_rate[k])}${watched.diverging[k] ? ", a divergence" : ""}. ${text}`;
  return { trial: null, transition: k, text: told, source };
}

/** The mean of the latest values at each place, over a window. @param {ArrayLike<number>} values @param {number} window */
export function runningMean(values, window) {
  let sum = 0;
  return Float64Array.from(values, (value, k) => {
    sum += value - (k >= window ? values[k - window] : 0);
    return sum / Math.min(k + 1, window);
  });
}
