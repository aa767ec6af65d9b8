// The parts of the Step view and of the page's state that need no browser. Run by node's own runner: node --test.
import assert from "node:assert/strict";
import { test } from "node:test";

const js = "../../../../../hmc/web/page/js";
const { rangesAround } = await import(`${js}/closeup.mjs`);
const { contourOf, levelsBelow } = await import(`${js}/contours.mjs`);
const { constrainedOf, coordinatesOf, labelOf, logJacobianOf, unconstrainedOf } = await import(`${js}/coordinates.mjs`);
const { makeFrame, rangeOf, ticksOf } = await import(`${js}/frame.mjs`);
const { axesOf, ellipseOf } = await import(`${js}/ellipse.mjs`);
const { inPlane, velocityOf, withPlane } = await import(`${js}/metrics.mjs`);
const { defaultState, fragmentOf, stateOfFragment } = await import(`${js}/state.mjs`);
const { makeStore } = await import(`${js}/store.mjs`);
const { soFar, timelineOf } = await import(`${js}/timeline.mjs`);
const { whitened } = await import(`${js}/trajectory.mjs`);

const near = (a, b, error = 1e-10) => assert.ok(Math.abs(a - b) <= error * Math.max(1, Math.abs(b)), `${a} is not ${b}`);
const allNear = (a, b) => (assert.equal(a.length, b.length), a.forEach((value, i) => near(value, b[i])));

const METRICS = [
  { kind: "diag", variances: [4, 0.25, 1] },
  { kind: "dense", covariance: [2, 0.6, 0.1, 0.6, 1, -0.3, 0.1, -0.3, 0.5] },
  { kind: "low_rank", scale: [1, 2, 0.5], vectors: [[0.6, 0, 0.8]], eigenvalues: [9] },
];

for (const metric of METRICS) {
  test(`a ${metric.kind} metric: a velocity's momentum is the one that it is of, and L L' is the inverse metric`, () => {
    const momentum = [0.3, -1.2, 2];
    allNear(whitened(metric, Array.from(velocityOf(metric, momentum))), momentum);
    const columns = [0, 1, 2].map((k) => velocityOf(metric, [0, 1, 2].map((i) => Number(i === k))));
    const entry = (i, j) => columns.reduce((sum, column) => sum + column[i] * column[j], 0);
    for (const [i, j] of [[0, 1], [0, 2], [2, 1]]) allNear(inPlane(metric, i, j), [entry(i, i), entry(i, j), entry(j, j)]);
  });

  test(`an ellipse of one's own in a plane keeps a ${metric.kind} metric's other variances`, () => {
    const own = withPlane([3, 0.5, 2], metric, 2, 0, 3);
    allNear(inPlane(own, 2, 0), [3, 0.5, 2]);
    near(inPlane(own, 1, 1)[0], inPlane(metric, 1, 1)[0]);
  });
}

test("the half axes of an ellipse are those of its covariance", () => {
  for (const ellipse of [[1, 0, 1], [4, 1.5, 1], [0.01, -0.02, 3]]) {
    allNear(ellipseOf(axesOf(ellipse)), ellipse);
    const [[a, b], [c, d]] = axesOf(ellipse);
    near(a * c + b * d, 0);
  }
});

const KINDS = [[0, 0, 0], [1, -2, 0], [2, 0, 3], [3, -1, 4]];

test("values go to the constrained scale and back, with the derivative between", () => {
  for (const [kind, lower, upper] of KINDS)
    for (const x of [-3, -0.2, 0, 1.7]) {
      const coordinate = { kind, lower, upper };
      near(unconstrainedOf(coordinate, constrainedOf(coordinate, x)), x);
      const slope = (constrainedOf(coordinate, x + 1e-6) - constrainedOf(coordinate, x - 1e-6)) / 2e-6;
      near(logJacobianOf(coordinate, x), Math.log(Math.abs(slope)), 1e-8);
    }
  assert.ok(Number.isNaN(unconstrainedOf({ kind: 1, lower: 0, upper: 0 }, -1)));
});

test("a line has its momentum as a second coordinate, a plane has not", () => {
  const names = (parameters) => coordinatesOf(parameters).map(({ name }) => name);
  assert.deepEqual(names([{ elements: ["x"], constraint: KINDS[0] }]), ["x", "momentum"]);
  assert.deepEqual(names([{ elements: ["a[1]", "a[2]"], constraint: KINDS[0] }, { elements: ["s"], constraint: KINDS[1] }]), ["a[1]", "a[2]", "s"]);
});

test("an axis says which scale it has", () => {
  const labels = (constraint) => [false, true].map((isConstrained) => {
    const [kind, lower, upper] = constraint;
    return labelOf({ name: "s", kind, lower, upper }, isConstrained);
  });
  assert.deepEqual(labels([0, 0, 0]), ["s", "s"]);
  assert.deepEqual(labels([1, 0, 0]), ["log s", "s"]);
  assert.deepEqual(labels([1, 2, 0]), ["s, unconstrained", "s"]);
  assert.deepEqual(labels([3, 0, 1]), ["s, unconstrained", "s"]);
  assert.deepEqual(labels([5, 0, 0]), ["s, unconstrained", "s"]);
});

test("a frame's pixels and values are each other's inverse", () => {
  const pair = coordinatesOf([{ elements: ["x"], constraint: KINDS[1] }, { elements: ["y"], constraint: KINDS[0] }]);
  for (const isConstrained of [false, true]) {
    const frame = makeFrame(pair, isConstrained, [[-1, 3], [-5, 5]], 400);
    for (const values of [[0.5, 2], [-0.9, -4]]) allNear(frame.valuesOf(frame.pixelOf(values)), values);
  }
  const frame = makeFrame(pair, false, [[0, 4], [0, 8]], 400);
  assert.deepEqual(frame.pixelOf([1, 2]), { x: 100, y: 300 });
});

test("a range reaches beyond the middle of the values, and ticks are round", () => {
  const [low, high] = rangeOf(Float64Array.from({ length: 1001 }, (_, i) => i / 1000));
  assert.ok(low < 0 && low > -1 && high > 1 && high < 2);
  assert.deepEqual(rangeOf([NaN]), [-1, 1]);
  assert.deepEqual(ticksOf([-0.31, 0.62]), [-0.2, 0, 0.2, 0.4, 0.6]);
});

test("a contour lies where the values are at its level", () => {
  const n = 41, values = Float64Array.from({ length: n * n }, (_, k) => -0.5 * (((k % n) - 20) ** 2 + (Math.floor(k / n) - 20) ** 2) / 25);
  for (const level of levelsBelow(0)) {
    const segments = contourOf(values, n, n, level), radius = Math.sqrt(-2 * level) * 5;
    assert.ok(segments.length > 8);
    for (const [x, y] of segments) assert.ok(Math.abs(Math.hypot(x - 20, y - 20) - radius) < 0.15);
  }
  assert.deepEqual(contourOf(new Float64Array(16).fill(NaN), 4, 4, 0), []);
});

const leaf = (number, doubling) => ({ number, doubling });
const told = () => {
  const leaves = [leaf(0, 0), leaf(1, 1), leaf(-1, 2), leaf(-2, 2)];
  const joins = [{ doubling: 1, is_final: true, taken: 1 }, { doubling: 2, is_final: false, taken: -2 }, { doubling: 2, is_final: true, taken: -2 }];
  const events = [
    { kind: "momentum", leaf: leaves[0] }, { kind: "doubling" }, { kind: "leaf", leaf: leaves[1] }, { kind: "final_join", join: joins[0] },
    { kind: "proposal", join: joins[0] }, { kind: "doubling" }, { kind: "leaf", leaf: leaves[2] }, { kind: "leaf", leaf: leaves[3] },
    { kind: "join", join: joins[1] }, { kind: "final_join", join: joins[2] }, { kind: "proposal", join: joins[2] }, { kind: "end" }, { kind: "draw" },
  ];
  return { recorded: { leaves, joins, chosen: -2 }, events };
};

test("a cursor goes by events, leaves, doublings and transitions, both ways", () => {
  const timeline = timelineOf([told(), told()]);
  assert.equal(timeline.length, 26);
  const way = (unit, from = 0) => {
    const stops = [];
    for (let at = timeline.next(from, unit, 1); at < timeline.length; at = timeline.next(at, unit, 1)) stops.push(at);
    return stops;
  };
  assert.deepEqual(way("event"), Array.from({ length: 25 }, (_, i) => i + 1));
  assert.deepEqual(way("leaf"), [2, 6, 7, 12, 13, 15, 19, 20, 25]);
  assert.deepEqual(way("doubling"), [4, 10, 12, 13, 17, 23, 25]);
  assert.deepEqual(way("transition"), [12, 25]);
  assert.equal(timeline.next(25, "leaf", 1), 26);
  assert.equal(timeline.next(15, "transition", -1), 12);
  assert.equal(timeline.next(0, "event", -1), -1);
  assert.deepEqual([timeline.at(13).number, timeline.at(13).event, timeline.at(99).event], [1, 0, 12]);
});

test("so far is what has happened by an event, and the proposal is that of the last whole join", () => {
  const each = told();
  const numbers = (event) => soFar(each, event).leaves.map(({ number }) => number);
  assert.deepEqual([numbers(0), numbers(2), numbers(12)], [[0], [0, 1], [0, 1, -1, -2]]);
  assert.deepEqual([0, 3, 4, 9, 10, 12].map((event) => soFar(each, event).proposal), [0, 0, 1, 1, -2, -2]);
  assert.deepEqual([3, 4, 9, 12].map((event) => soFar(each, event).joins.length), [1, 1, 3, 3]);
  assert.equal(soFar(each, 11).isOver, false);
  assert.equal(soFar(each, 12).isOver, true);
});

const MODELS = [
  { name: "plane", coordinates: coordinatesOf([{ elements: ["x", "y"], constraint: KINDS[0] }]) },
  { name: "big", coordinates: coordinatesOf([{ elements: ["a[1]", "a[2]"], constraint: KINDS[0] }, { elements: ["s"], constraint: KINDS[1] }]) },
];
const VIEWS = ["step", "run"];
const read = (text) => stateOfFragment(text, MODELS, VIEWS);

test("a close-up holds the trajectory and the places on the way, and no step that lost it", () => {
  const leaf = (position, walks = [], more = {}) => ({ position, momentum: [0, 0], diverging: false, walks, ...more });
  const way = { is_back: false, is_tight: true, energies: [1, 1], positions: [0, 8, 1, 1] };
  const lost = { is_back: false, is_tight: false, energies: [99], positions: [500, 500] };
  const back = { is_back: true, is_tight: false, energies: [99], positions: [-500, 500] };
  const leaves = [leaf([0, 0]), leaf([1, 1], [lost, way, back]), leaf([900, 0], [lost]), leaf([0, 900], [], { diverging: true })];
  const pair = [0, 1].map((index) => ({ index, indices: [index], kind: 0, lower: 0, upper: 0, ofMomentum: false }));
  const [across, upwards] = rangesAround({ leaves }, pair, false);
  assert.ok(across[0] < 0 && across[0] > -0.5 && across[1] > 1 && across[1] < 1.5, String(across));
  assert.ok(upwards[0] < 0 && upwards[1] > 8 && upwards[1] < 10, String(upwards));
  const [flat] = rangesAround({ leaves: [leaf([2, 0])] }, pair, false);
  assert.ok(flat[0] < 2 && flat[1] > 2);
});

test("a state's fragment gives the state", () => {
  const state = { ...defaultState(MODELS[1]), view: "run", step_size: 0.3, start: [0, 1, -2], x: "a[2]", seed: 7, cursor: 40, constrained: true,
    metric: "own", inverse_metric: [2, 0.5, 1], race: { metric: "dense", algorithm: "walnuts", tolerance: 0.5 }, algorithm: "walnuts", tolerance: 2.5, close_up: true };
  assert.deepEqual(read(fragmentOf(state, MODELS[1])), state);
  assert.deepEqual(read(fragmentOf(defaultState(MODELS[0]), MODELS[0])), defaultState(MODELS[0]));
});

test("of a fragment, only known fields of the right kind are taken", () => {
  const wrong = {
    view: "other", algorithm: ["nuts"], path_length: "1", tolerance: -1, close_up: 1, max_depth: 40, seed: -1, step_size: 0, metric: "own", inverse_metric: [1, 2, 1],
    x: "<img src=x>", y: 3, constrained: "yes", start: [1], momentum: [1, null], cursor: 1.5, chains: 1e9, warmup: -1, draws: {},
    target_accept: 1, race: { seed: "x" }, budget: "all", run_metric: "none", onload: "alert(1)", __proto__: { polluted: 1 },
  };
  assert.deepEqual(read(JSON.stringify({ model: "plane", ...wrong })), { ...defaultState(MODELS[0]), metric: "unit" });
  assert.equal({}.polluted, undefined);
  for (const text of ["", "nonsense", "%", "[]", "null", "3", '"step"', "%7B"]) assert.deepEqual(read(text), defaultState(MODELS[0]));
  assert.equal(read('{"__proto__": {"view": "run"}}').view, "step");
  for (const name of Object.keys(defaultState(MODELS[0])))
    for (const value of [{}, { toString: 1 }, "javascript:alert(1)", [[]]])
      if (!(name === "race" && JSON.stringify(value) === "{}"))
        assert.deepEqual(read(JSON.stringify({ [name]: value }))[name], defaultState(MODELS[0])[name], name);
});

test("a store tells what changed, each change after the one before", () => {
  const store = makeStore({ a: 1, b: [1, 2] }), heard = [];
  store.subscribe((state, changed) => {
    if (changed.has("a") && state.a === 2) store.set({ b: [3] });
  });
  store.subscribe((state, changed) => heard.push([...changed]));
  store.set({ a: 1, b: [1, 2] });
  assert.deepEqual(heard, []);
  store.set({ a: 2 });
  assert.deepEqual(heard, [["a"], ["b"]]);
});
