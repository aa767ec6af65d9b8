// The parts of the Run, Race and Warm-up views that need no browser. Run by node's own runner: node --test.
import assert from "node:assert/strict";
import { test } from "node:test";

const js = "../../../../../hmc/web/page/js";
const { axesOf, ellipsePoints } = await import(`${js}/ellipse.mjs`);
const { makeGathering, openRun } = await import(`${js}/gathering.mjs`);
const { binsFor, exactAsShown, histogramOf } = await import(`${js}/marginal.mjs`);
const { makePacer } = await import(`${js}/pacing.mjs`);
const { perThousandGradients } = await import(`${js}/counters.mjs`);
const { errorOf, laneWords, neckOf, openRace, shareBelow, sharedPair } = await import(`${js}/racing.mjs`);
const { secondOf } = await import(`${js}/race_panel.mjs`);
const { ofAlgorithm } = await import(`${js}/target_fields.mjs`);
const { envelopeOf } = await import(`${js}/trace.mjs`);
const { actionWords, marksOf, phasesOf, runningMean, tellPlace } = await import(`${js}/warmup.mjs`);
const { shownNumber, shownWhole } = await import(`${js}/display.mjs`);

const near = (a, b, error = 1e-12) => assert.ok(Math.abs(a - b) <= error * Math.max(1, Math.abs(b)), `${a} is not ${b}`);

test("an ellipse's points are one standard deviation away by its covariance", () => {
  for (const covariance of [[1, 0, 1], [4, 0, 0.25], [2, 1.2, 1], [1, -0.999, 1], [1e-6, 1e-4, 1]]) {
    const [xx, xy, yy] = covariance, determinant = xx * yy - xy * xy;
    for (const radius of [1, 2])
      for (const [x, y] of ellipsePoints(covariance, [3, -1], radius)) {
        const [u, v] = [x - 3, y + 1];
        near((yy * u * u - 2 * xy * u * v + xx * v * v) / determinant, radius * radius, 1e-6);
      }
  }
  near(axesOf([4, 0, 1])[0][0], 2);
  near(axesOf([1, 0, 4])[0][1], 2);
});

test("a histogram is a density of all draws, those outside of its range too", () => {
  const columns = [Float64Array.of(0.1, 0.4, 0.6), Float64Array.of(0.9, 7)];
  assert.deepEqual([...histogramOf(columns, [0, 1], 2)], [2 / 2.5, 2 / 2.5]);
  assert.deepEqual([...histogramOf([new Float64Array(0)], [0, 1], 3)], [0, 0, 0]);
  assert.ok(binsFor(1) >= 12 && binsFor(1e9) <= 60);
});

test("quantiles go with the scale that is shown, means and curves do not", () => {
  const exact = { mean: 2, sd: 1, lower: 1, upper: Math.E };
  const positive = { kind: 1, lower: 0, upper: 0 }, real = { kind: 0, lower: 0, upper: 0 };
  assert.deepEqual(exactAsShown(exact, positive, true), exact);
  assert.deepEqual(exactAsShown(exact, real, false), exact);
  assert.deepEqual(exactAsShown(exact, positive, false), { lower: 0, upper: 1 });
  assert.deepEqual(exactAsShown(undefined, positive, false), {});
  assert.deepEqual(exactAsShown({ mean: 1, sd: 1 }, positive, false), {});
});

const piece = (from, count, { dimension = 2, warmup = 3, diverging = [] } = {}) => ({
  from, iteration: from + count,
  positions: Float64Array.from({ length: dimension * Math.max(0, from + count - Math.max(from, warmup)) }, (_, i) => i),
  n_steps: new Float64Array(count).fill(7), diverging: Float64Array.from({ length: count }, (_, k) => Number(diverging.includes(from + k))),
});

test("draws gather in their order, warm-up apart", () => {
  const gathering = makeGathering({ chains: 2, warmup: 3, draws: 4 }, 2);
  gathering.add(0, piece(0, 3, { diverging: [1] }));
  assert.equal(gathering.countOf(0), 0);
  gathering.add(0, piece(3, 2, { diverging: [4] }));
  gathering.add(1, piece(0, 4));
  assert.deepEqual([...gathering.column(0, 0)], [0, 2]);
  assert.deepEqual([...gathering.column(0, 1)], [1, 3]);
  assert.deepEqual([...gathering.column(1, 1)], [1]);
  assert.equal(gathering.common(), 1);
  assert.deepEqual(gathering.divergent(0), [1]);
  assert.deepEqual(gathering.total, { gradients: 63, ofWarmup: 42, divergences: 1 });
  near(perThousandGradients(2.1, gathering.total), 100);
  assert.ok(Number.isNaN(perThousandGradients(2, { gradients: 5, ofWarmup: 5 })));
});

/** An engine whose chains take a number of steps for each transition. */
const engineOf = (steps) => ({
  described: () => ({ coordinates: [{ name: "x", index: 0 }, { name: "y", index: 1 }] }),
  async openChain(model, { warmup }) {
    let iteration = 0;
    return {
      async piece(until) {
        const made = { ...piece(iteration, until - iteration, { warmup }), n_steps: new Float64Array(until - iteration).fill(steps[model]) };
        iteration = until;
        return made;
      },
      async close() {},
    };
  },
});

test("a run stops at the end of the warm-up and at its own", async () => {
  const run = await openRun(engineOf({ a: 1 }), "a", { chains: 2, warmup: 3, draws: 4 });
  await run.advance(100);
  assert.deepEqual(run.gathering.iterations, [3, 3]);
  assert.ok(!run.isWarmingUp() && !run.isOver());
  await run.advance(100);
  assert.ok(run.isOver());
});

test("both lanes of a race spend the same gradients, up to a transition", async () => {
  const settings = { chains: 2, warmup: 10, draws: 1 };
  const entries = [{ model: "short", settings, kept: [0, 1] }, { model: "long", settings, kept: [0, 1] }];
  const race = await openRace(engineOf({ short: 1, long: 31 }), entries, 5000);
  for (let n = 0; n < 10000 && !race.isOver(); n++) {
    await race.advance(50);
    const [a, b] = race.lanes.map(race.spent);
    if (!race.lanes.some(({ run }) => run.isWarmingUp())) assert.ok(Math.abs(a - b) <= 2 * 31 + 2 * 50, `${a} and ${b}`);
  }
  assert.ok(race.isOver());
  for (const lane of race.lanes) assert.ok(race.spent(lane) >= 5000 && race.spent(lane) <= 5000 + 2 * 31);
});

test("errors are the largest that are known, in exact standard deviations", () => {
  const found = [{ mean: 1.5 }, { mean: -1 }];
  near(errorOf(found, [{ mean: 1, sd: 2 }, { mean: -2, sd: 1 }]), 1);
  near(errorOf(found, [{ mean: 1, sd: 2 }, undefined]), 0.25);
  assert.ok(Number.isNaN(errorOf(found, [undefined, {}])));
});

test("a race is shown in coordinates that both models have", () => {
  const [a, b] = [["mu", "tau", "theta"], ["tau", "z", "mu"]].map((names) => names.map((name) => ({ name })));
  assert.deepEqual(sharedPair([a, b], ["mu", "tau"]), ["mu", "tau"]);
  assert.deepEqual(sharedPair([a, b], ["theta", "tau"]), ["mu", "tau"]);
  assert.deepEqual(sharedPair([a, [{ name: "q" }]], ["mu", "tau"]), []);
});

test("a lane is called by what is different of it", () => {
  const one = { model: "m", algorithm: "nuts", metric: "diag", target_accept: 0.8, max_depth: 10 };
  assert.equal(laneWords(one, { ...one, metric: "dense" }), "diagonal metric");
  assert.equal(laneWords({ ...one, algorithm: "hmc", path_length: 1.5707963 }, one), "static HMC, path length 1.57");
  assert.equal(laneWords({ ...one, algorithm: "walnuts", tolerance: 3 }, one), "WALNUTS, tolerance 3");
  assert.equal(laneWords(one, one), "the same settings");
});

test("only the settings that an algorithm has are sent, in both lanes", () => {
  const state = { algorithm: "nuts", path_length: 1.5, tolerance: 3, run_metric: "auto", model: "m", race: {} };
  assert.deepEqual(ofAlgorithm(state), {});
  assert.deepEqual(ofAlgorithm({ ...state, algorithm: "hmc" }), { path_length: 1.5 });
  assert.deepEqual(ofAlgorithm({ ...state, algorithm: "walnuts" }), { tolerance: 3 });
  const own = (first, race) => {
    const { algorithm, path_length, tolerance } = secondOf({ ...state, ...first, race });
    return { algorithm, path_length, tolerance };
  };
  const none = { path_length: undefined, tolerance: undefined };
  assert.deepEqual(own({}, { algorithm: "walnuts" }), { algorithm: "walnuts", ...none, tolerance: 3 });
  assert.deepEqual(own({}, { algorithm: "walnuts", tolerance: 0.5 }), { algorithm: "walnuts", ...none, tolerance: 0.5 });
  assert.deepEqual(own({ algorithm: "walnuts" }, { algorithm: "hmc", tolerance: 0.5 }), { algorithm: "hmc", ...none, path_length: 1.5 });
  assert.deepEqual(own({ algorithm: "hmc" }, { algorithm: "nuts", path_length: 2 }), { algorithm: "nuts", ...none });
});

test("a neck is that of the first coordinate that has one, and its share counts all chains", () => {
  const coordinate = (name, more = {}) => ({ name, kind: 0, ofMomentum: false, ...more });
  const described = { exact: { x: { mean: 0 }, v: { neck: { below: -5, probability: 0.05 } } } };
  assert.deepEqual(neckOf(described, [coordinate("x"), coordinate("v")]), { name: "v", below: -5, probability: 0.05 });
  assert.equal(neckOf(described, [coordinate("x"), coordinate("y")]), null);
  near(shareBelow([Float64Array.of(-6, -5, 0), Float64Array.of(-7)], -5), 0.5);
  assert.ok(Number.isNaN(shareBelow([new Float64Array(0)], 0)));
});

test("a pacer keeps the pace, and pieces grow while they are quick", () => {
  const pacer = makePacer(4);
  let drawn = 0;
  for (let now = 0; now <= 10000; now += 16) {
    const count = pacer.count(now, 400);
    drawn += 4 * count;
    if (count > 0) pacer.took(count, 1);
  }
  assert.ok(Math.abs(drawn - 4000) < 100, String(drawn));
  for (let now = 0; now < 20; now++) pacer.took(pacer.count(now, Infinity), 1);
  assert.ok(pacer.count(30, Infinity) > 1000);
  pacer.took(5000, 1000);
  assert.ok(pacer.count(31, Infinity) <= 100);
});

test("an envelope holds the extremes of its values", () => {
  const values = Float64Array.from({ length: 1000 }, (_, k) => Math.sin(k * 12.9898) * 43758.5453 % 1);
  const parts = envelopeOf(values, 10);
  assert.equal(parts.length, 10);
  assert.equal(Math.min(...parts.map(({ low }) => low)), Math.min(...values));
  assert.equal(Math.max(...parts.map(({ high }) => high)), Math.max(...values));
  assert.deepEqual(envelopeOf([3, 1], 10).map(({ at, low, high }) => [at, low, high]), [[0, 3, 3], [1, 1, 1]]);
  assert.deepEqual(envelopeOf([], 10), []);
});

const actions = { COLLECT: 1, ROTATE: 2, UPDATE: 4, CLEAR: 8, RESTART: 16, FIT: 32, FIT_IF_WORTH: 64, NUTS_SHARE: 0.3 };

test("phases are the stretches of a plan in which draws are collected", () => {
  assert.deepEqual(phasesOf([0, 1, 5, 65, 0, 0], actions), [
    { from: 0, to: 1, learns: false }, { from: 1, to: 4, learns: true }, { from: 4, to: 6, learns: false }]);
  assert.deepEqual(marksOf([0, 1, 5, 65, 33, 9], actions), [3, 4, 5]);
  assert.match(actionWords(0, actions).text, /stays what it is/);
  assert.equal(actionWords(0, actions).source, "adapt_step_size");
  assert.match(actionWords(5, actions).text, /variances of the metric/);
  assert.equal(actionWords(5, actions).source, "adapt_metric");
});

test("a place of a warm-up is a trial of the search, or a transition", () => {
  const watched = {
    search: [{ step_size: 1, energy_error: 20 }, { step_size: 0.5, energy_error: 0.1 }], plan: [1, 0], actions,
    step_size: [0.5, 0.4], n_steps: [3, 7], acceptance_rate: [0.9, 0.7], diverging: [0, 1],
    settings: { algorithm: "nuts", warmup: 2 },
  };
  assert.equal(tellPlace(watched, 0).trial, 0);
  assert.match(tellPlace(watched, 0).text, /trial 1 of 2.*Next, half of it/);
  assert.match(tellPlace(watched, 1).text, /begins with it/);
  assert.deepEqual([tellPlace(watched, 3).trial, tellPlace(watched, 3).transition], [null, 1]);
  assert.match(tellPlace(watched, 3).text, /^Transition 2 of 2: step size 0\.400, 7 leapfrog steps, acceptance rate 0\.700, a divergence/);
  const ofWalnuts = { ...watched, settings: { algorithm: "walnuts", warmup: 4 } }; // its first transition is of NUTS
  assert.match(tellPlace(ofWalnuts, 2).text, /^Transition 1 of 2 \(until transition 1, WALNUTS is NUTS\): step size/);
  assert.match(tellPlace(ofWalnuts, 3).text, /^Transition 2 of 2: step size/);
});

test("a running mean is over the latest values", () => {
  assert.deepEqual([...runningMean([1, 2, 3, 4], 2)], [1, 1.5, 2.5, 3.5]);
});

test("numbers for readers", () => {
  assert.equal(shownNumber(-0.01234), "−0.0123");
  assert.equal(shownNumber(NaN), "–");
  assert.equal(shownNumber(1e7), "1.00e+7");
  assert.equal(shownWhole(1234567), "1\u2009234\u2009567");
});
