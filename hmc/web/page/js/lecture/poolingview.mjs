// How much to pool: tadpoles in tanks. A known sigma pools them more or less; or sigma is learned from all of them.

import { element } from "../dom.mjs";
import { check, choice, number, where } from "../fields.mjs";
import { inTwoSteps, makeExplorable, makeSlider } from "./explorable.mjs";
import { newestOf } from "./latest.mjs";
import { LEAST_TANKS, MOST_TANKS } from "./lecture_state.mjs";
import { makeScoreChart, makeSigmaChart } from "./pooling_charts.mjs";
import { makePoolingTable, storedOf } from "./pooling_table.mjs";
import { makeTankChart } from "./tankchart.mjs";
import { learnsSigma, MOST_TADPOLES, poolingPython, poolingRun, poolingTrouble, SIGMAS } from "./tanks.mjs";

const OF_POOLING = ["tanks", "sigma", "predators", "form", "seed"];
const TRIED = 100; // steps of the slider
const POOLING_TASKS = [
  ["Find a sigma that predicts better than the learned one.",
    "The curve below the tanks has its lowest point near 1.6, a little below the line of the learned sigma: who sets it has looked at all tanks. The difference is small beside its standard error; learning costs next to nothing."],
  ["Move sigma down. Which tanks move most towards the dashed line?",
    "The small ones, of 10 tadpoles, and those far from the line: they say least of themselves, and are most surprising."],
  ["Leave one tadpole in a tank: set its Tadpoles to 1. What happens to its estimate, and to all others?",
    "Its interval is wide, and it lies near the line. The others hardly move: one tank in 48 says little of a_bar and sigma."],
  ["Switch predators on, with sigma learned. Why does sigma shrink?",
    "Much of what differed between tanks was whether there were predators. What is explained need not vary any more."],
];

/** @param {HTMLElement} root @param {import("../store.mjs").Store} store @param {any} engine */
export function makePoolingView(root, store, engine) {
  const { tables } = engine;
  const tanksOf = (state) => state.tanks ?? tables.tanks;
  const setTank = (k, changes) => store.set({ tanks: tanksOf(store.get()).map((tank, j) => (j === k ? changed(tank, changes) : tank)) });
  const chart = makeTankChart({
    pick: (tank) => store.set({ tank }),
    survive: (tank, survived) => setTank(tank, { survived }),
    drop: () => drop(),
  });
  const scores = makeScoreChart(), sigmas = makeSigmaChart();
  const slider = makeSlider("sigma", { min: 0, max: TRIED, step: 1 }, (step) => store.set({ sigma: sigmaAt(step), predators: false }), () => shownSigma(store.get()));
  const learn = check("Learn sigma from the tanks", learnsSigma, (learn) => store.set(learn ? { sigma: null } : { sigma: 1, predators: false }));
  const switches = [
    check("Predators as a predictor", ({ predators }) => predators, (predators) => store.set(predators ? { predators, sigma: null } : { predators })),
    where(choice("Form", [["centred", "Centred"], ["noncentred", "Non-centred"]], ({ form }) => form, (form) => store.set({ form })), learnsSigma),
  ];
  const tankFields = fieldsOfTank(store, tanksOf, setTank);
  const table = makePoolingTable(engine);
  const drop = () => {
    const { tank } = store.get(), tanks = tanksOf(store.get()).filter((_, k) => k !== tank);
    if (tanks.length >= LEAST_TANKS) store.set({ tanks, tank: Math.min(tank, tanks.length - 1) });
  };
  const add = () => {
    const tanks = tanksOf(store.get()), { tank } = store.get();
    if (tanks.length < MOST_TANKS) store.set({ tanks: tanks.toSpliced(tank + 1, 0, tanks[tank]), tank: tank + 1 });
  };
  const button = (words, click) => element("button", { type: "button", onclick: click }, words);
  const whole = button("The lecture's tanks", () => store.set({ tanks: null, tank: 0 }));
  const [less, more] = [button("Drop it", drop), button("Add one like it", add)];
  const frame = makeExplorable(root, {
    heading: "How much to pool",
    words: "Of the tadpoles in 48 tanks, how many survive? A small sigma says that all tanks are alike, a large one that none tells of another. Pick a tank by a click or with the arrow keys, and drag it up or down.",
    stage: [chart.root, legendOfTanks(), element("section", { class: "scores" }, element("h2", {}, "Leave-one-out score of each sigma, exact: lower predicts better"), scores.root, slider.root, learn.row)],
    side: [
      element("section", { class: "switches" }, ...switches.map(({ row }) => row)),
      element("fieldset", { class: "tank" }, element("legend", {}, "The tank that is picked"),
        element("div", { class: "group" }, ...tankFields.map(({ row }) => row)),
        element("div", { class: "row" }, less, more, whole)),
      table.root,
      sigmas.root,
    ],
    python: () => poolingPython(store.get()), link: engine.link, exercises: POOLING_TASKS,
  });

  let scoredTanks;
  const scored = newestOf(({ state, run }) => engine.sampler("scores", run.model, [state, run]), (found, { state }, isNewest) => {
    if (found === null || !isNewest || !table.isOf(state)) return;
    table.showScore(state, found);
    root.dataset.scored = String(Number(root.dataset.scored ?? 0) + 1);
  }, frame.fail);
  const picture = (summary, { state }) => {
    table.showDraws(state, summary);
    chart.showEstimates(summary, tanksOf(state));
    sigmas.showDraws(learnsSigma(state) ? summary.sigmas : null);
  };
  const sampled = inTwoSteps(
    ({ state, run }) => engine.sampler("firstTanks", run.model, [state, run]),
    ({ state, run }) => engine.sampler("allTanks", run.model, [state, run]), picture, frame, ({ state, run }) => {
      scored({ state, run }); // what nobody waits for comes later
      if (!state.predators) exactly({ state });
      if (scoredTanks !== state.tanks) scoring({ state });
      return `${run.model}: 4 × 1,000 draws of ${run.dimension} parameters`;
    });
  const exactly = newestOf(({ state }) => engine.exact("exactPooling", "mST", [state, tables]), (found, { state }, isNewest) => {
    if (!isNewest || store.get().predators) return;
    table.showExact(state, found);
    chart.showExact(found.a.map(({ mean }) => mean));
    sigmas.showExact(found.curve);
    scores.showExactScore(state.sigma, found.looic);
  }, frame.fail);
  const scoring = newestOf(({ state }) => engine.exact("scoresOfSigma", "mST", [state, tables]), (found, { state }, isNewest) => {
    if (found === null || !isNewest) return;
    scoredTanks = state.tanks;
    scores.showScores(found);
  }, frame.fail);

  const showTrouble = (state, trouble) => {
    for (const asked of [sampled, exactly, scored]) asked.drop();
    table.clear();
    chart.showEstimates(null, tanksOf(state));
    chart.showExact(null);
    sigmas.showDraws(null);
    frame.fail(new Error(trouble));
    if (scoredTanks !== state.tanks) scoring({ state });
  };
  const show = (state, at) => {
    const trouble = poolingTrouble(state, tables);
    slider.input.disabled = state.predators;
    slider.show(stepOf(state.sigma ?? Math.exp(0.5)));
    scores.showSigma(state.predators ? undefined : state.sigma);
    engine.exact("stop", "mST", []);
    if (trouble !== null) return showTrouble(state, trouble);
    if (state.predators) chart.showExact(storedOf(engine, state)?.logits(tanksOf(state)) ?? null), sigmas.showExact(null);
    sampled({ state, run: poolingRun(state, tables), at });
  };
  const showFields = (state) => {
    for (const field of [learn, ...switches, ...tankFields]) field.show(state);
    whole.disabled = state.tanks === null;
    less.disabled = tanksOf(state).length <= LEAST_TANKS;
    more.disabled = tanksOf(state).length >= MOST_TANKS;
    chart.showTanks(tanksOf(state), state.tank);
  };
  store.subscribe((state, changedNames) => {
    showFields(state);
    if (OF_POOLING.some((name) => changedNames.has(name))) show(state, performance.now());
  });
  showFields(store.get());
  show(store.get(), performance.now());
}

function legendOfTanks() {
  const mark = (name, words) => element("span", { class: `mark ${name}` }, words);
  return element("p", { class: "legend of-tanks" }, mark("seen", "share that survived"), mark("believed", "estimate, with its 89% interval"),
    mark("believed pressed", "the same, with predators"), mark("integral", "exact"), mark("average", "average tank"));
}

const sigmaAt = (step) => Number((SIGMAS[0] * (SIGMAS[1] / SIGMAS[0]) ** (step / TRIED)).toPrecision(3));
const stepOf = (sigma) => Math.round((TRIED * Math.log(sigma / SIGMAS[0])) / Math.log(SIGMAS[1] / SIGMAS[0]));
const shownSigma = ({ sigma, predators }) => (predators ? "is learned, with predators" : sigma === null ? "is learned" : `= ${sigma}`);

/** A tank with other numbers: never more survivors than tadpoles. */
function changed([density, predators, size, survived], changes) {
  const tadpoles = changes.density ?? density;
  return [tadpoles, changes.predators ?? predators, size, Math.max(0, Math.min(tadpoles, changes.survived ?? survived))];
}

function fieldsOfTank(store, tanksOf, setTank) {
  const now = (state) => tanksOf(state)[state.tank];
  const names = (state) => tanksOf(state).map((_, k) => [String(k), `Tank ${k + 1}`]);
  const set = (changes) => setTank(store.get().tank, changes);
  return [
    choice("Tank", names, ({ tank }) => String(tank), (value) => store.set({ tank: Number(value) })),
    number("Tadpoles", { min: 1, max: MOST_TADPOLES, step: 1 }, (state) => now(state)[0], (density) => set({ density })),
    number("Survived", { min: 0, max: MOST_TADPOLES, step: 1 }, (state) => now(state)[3], (survived) => set({ survived })),
    check("with predators", (state) => now(state)[1] === "pred", (isOn) => set({ predators: isOn ? "pred" : "no" })),
  ];
}
