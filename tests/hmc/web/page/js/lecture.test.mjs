// The parts of the lecture's explorables that need no browser. Run by node's own runner: node --test.
import assert from "node:assert/strict";
import { test } from "node:test";

const js = "../../../../../hmc/web/page/js/lecture";
const { newestOf } = await import(`${js}/latest.mjs`);
const { firstState, linkOf, stateOfLink } = await import(`${js}/lecture_state.mjs`);
const { poolingModel, poolingTrouble } = await import(`${js}/tanks.mjs`);
const { rowsOfPooling } = await import(`${js}/pooling_table.mjs`);
const { truthOfStudy } = await import(`${js}/confounds.mjs`);
const { holdsState } = await import(`${js}/../state.mjs`);
const { listText } = await import(`${js}/python.mjs`);

const TABLES = {
  visits: Array.from({ length: 20 }, (_, k) => [(k % 5) + 1, k % 7]),
  noise: { "30 200": Array(100).fill([]), "10 200": Array(10).fill([]) },
  tanks: [[10, "no", "big", 9], [25, "pred", "small", 3], [35, "no", "small", 0]],
};
const VIEWS = ["cafes", "pooling", "confounds", "schools"];
const read = (fields) => stateOfLink(encodeURIComponent(JSON.stringify(fields)), TABLES, VIEWS);

test("of requests that come meanwhile the newest is asked for, and none but the last is left", async () => {
  const asked = [], heard = [];
  const answers = [];
  const ask = newestOf((x) => new Promise((resolve) => (asked.push(x), answers.push(() => resolve(x)))),
    (answer, _, isNewest) => heard.push([answer, isNewest]), assert.fail);
  for (const x of [1, 2, 3]) ask(x);
  assert.deepEqual(asked, [1]);
  answers.shift()();
  await new Promise(setImmediate);
  assert.deepEqual(asked, [1, 3]);
  answers.shift()();
  await new Promise(setImmediate);
  assert.deepEqual(heard, [[1, false], [3, true]]);
  ask(4);
  assert.deepEqual(asked, [1, 3, 4]);
});

test("what is dropped is not heard of, and what comes after it is", async () => {
  const heard = [], failed = [], answers = [], seen = [];
  const ask = newestOf((x, _, isDropped) => new Promise((resolve, reject) =>
    answers.push((isGood) => (seen.push(isDropped()), isGood ? resolve(x) : reject(new Error(x))))),
    (answer) => heard.push(answer), (error) => failed.push(error.message));
  const next = async (isGood) => (answers.shift()(isGood), new Promise(setImmediate));
  for (const isGood of [true, false]) {
    ask("of old");
    ask("waits");
    ask.drop();
    ask("new");
    await next(isGood);
    await next(true);
  }
  assert.deepEqual([heard, failed, seen], [["new", "new"], [], [true, false, true, false]]);
  assert.equal(answers.length, 0); // what waited was not even asked
});

test("after an error the newest request is asked for", async () => {
  const failed = [], heard = [];
  const ask = newestOf(async (x) => (x === 1 ? Promise.reject(new Error("no")) : x), (answer) => heard.push(answer), (error) => failed.push(error.message));
  ask(1);
  ask(2);
  await new Promise(setImmediate);
  assert.deepEqual([failed, heard], [["no"], [2]]);
});

test("a state goes into a link and back", () => {
  const state = {
    ...firstState(TABLES), view: "pooling", visits: [[5, 20], [1, 0]], amnesia: true, tanks: [[60, "pred", "big", 0], [1, "no", "small", 1]],
    tank: 1, sigma: null, predators: true, form: "noncentred", schools: "noncentred", target_accept: 0.99, seed: 2 ** 40,
    study: 9, groups: 10, individuals: 200, bXY: -0.3, bZY: 0.7, sd_U: 2.1,
  };
  assert.deepEqual(stateOfLink(linkOf(state, TABLES), TABLES, VIEWS), state);
  assert.equal(linkOf(firstState(TABLES), TABLES), encodeURIComponent("{}"));
});

test("what a link must not set is left as at first", () => {
  const first = firstState(TABLES);
  const wrong = {
    view: ["<img>", "step", 3], seed: [-1, 0.5, "12", 2 ** 60], amnesia: ["yes", 1], predators: [null], sigma: [0, 5.1, "1"],
    form: ["other"], schools: [{}], target_accept: [1, 0, 0.595, 0.991, "0.8"], tank: [-1, 0.5], study: [-1, 101, 0.5], bXY: [9, 2.1, -1.1, null, "1"], bZY: [1.1, -2.1], sd_U: [0, -1, 2.6],
    visits: [[[6, 1]], [[1, 21]], [[1, -1]], [[1]], "all", [[1, 2, 3]], Array(61).fill([1, 1])],
    tanks: [[], [[10, "no", "big", 9]], [[10, "no", "big", 11], [1, "no", "big", 1]], [[61, "no", "big", 1], [1, "no", "big", 1]],
      [[10, "<b>", "big", 1], [1, "no", "big", 1]], [[10, "no", 'big"])', 1], [1, "no", "big", 1]]],
  };
  for (const [name, values] of Object.entries(wrong))
    for (const value of values) assert.deepEqual(read({ [name]: value }), first, `${name} ${JSON.stringify(value)}`);
  for (const text of ["", "%", "[]", "null", "{", "alert(1)"]) assert.deepEqual(stateOfLink(text, TABLES, VIEWS), first);
  assert.equal(read({ tank: 70 }).tank, 2); // there are three
  assert.equal(read({ groups: 10, study: 60 }).study, 10);
  assert.equal(read({ groups: 17 }).groups, 30); // no such size
});

test("only an object is a state: no name of a place in the page, and no part of a link", () => {
  const whole = linkOf({ ...firstState(TABLES), sigma: null, visits: [[1, 4]] }, TABLES);
  assert.ok([whole, "{}", "%7B%7D"].every(holdsState));
  for (let end = 0; end < whole.length; end++) assert.ok(!holdsState(whole.slice(0, end)), whole.slice(0, end));
  for (const text of ["views", "null", "[]", "3", "%", '"{}"']) assert.ok(!holdsState(text), text);
});

test("the model follows from sigma, predators and form", () => {
  const of = (sigma, predators, form) => poolingModel({ sigma, predators, form });
  assert.equal(of(1, false, "noncentred"), "mST_fixed");
  assert.equal(of(null, false, "centred"), "mST");
  assert.equal(of(null, false, "noncentred"), "mSTnc");
  assert.equal(of(1, true, "centred"), "mSTP");
  assert.equal(of(null, true, "noncentred"), "mSTPnc");
  const alike = { ...firstState(TABLES), predators: true, tanks: [[1, "no", "big", 1], [2, "no", "big", 1]] };
  assert.match(poolingTrouble(alike, TABLES), /no slope/);
  assert.equal(poolingTrouble({ ...alike, tanks: null }, TABLES), null);
});

test("a sigma that is set is no row of what the draws say, whatever its draws' rounding", () => {
  const summary = { sigma: { mean: 0.1, sd: 5.6e-15 }, a_bar: { mean: 1, sd: 0.1 }, slope: null, gradients: 1, divergences: 0 };
  const names = (state) => rowsOfPooling(state, summary, null, null).map(({ name }) => name);
  const isOfSigma = (name) => name.includes("sigma");
  for (const sigma of [0.1, 1, 1.61, 5]) assert.ok(!names({ sigma, predators: false, form: "centred" }).some(isOfSigma));
  for (const predators of [true, false])
    assert.equal(names({ sigma: null, predators, form: "centred" }).filter(isOfSigma).length, 2);
});

test("the truth of the lecture's study is not what the sliders say", () => {
  const { bXY, bZY } = truthOfStudy({ study: 0, bXY: 2, bZY: 1 });
  assert.deepEqual([bXY, bZY], [1, -0.5]);
  assert.deepEqual(truthOfStudy({ study: 3, bXY: 2, bZY: 1 }), { bXY: 2, bZY: 1 });
});

test("lists are Python's", () => {
  assert.equal(listText([1, 2]), "[1, 2]");
  assert.equal(listText(["no", "pred"]), '["no", "pred"]');
  assert.ok(listText(Array(80).fill("pred")).split("\n").every((line) => line.length < 110));
});
