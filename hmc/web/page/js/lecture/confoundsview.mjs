// Confounds: five estimators of two effects, of a study whose truth is known and can be changed.

import { makeChart } from "../chart.mjs";
import { element } from "../dom.mjs";
import { choice, where } from "../fields.mjs";
import { drawMarginal } from "../marginal.mjs";
import { makeAxis, shownTick } from "./axis.mjs";
import { confoundsPython, ESTIMATORS, estimatorRun, LIMITS, sizeOf, truthOfStudy } from "./confounds.mjs";
import { makeExplorable, makeSlider } from "./explorable.mjs";
import { newestOf } from "./latest.mjs";
import { EFFECT_RANGES, STUDY_SETTINGS } from "./ranges.mjs";

const OF_CONFOUNDS = ["study", "groups", "individuals", "bXY", "bZY", "sd_U", "seed"];
const EFFECTS = ["bXY", "bZY"];
const CONFOUND_TASKS = [
  ["Make the confound strong. Which estimators credit X with its work?",
    "The naive one most, and the multilevel one too: partial pooling leaves a part of U to X. The Mundlak machines stay nearer to the truth. Fixed effects are free of U, but tend to be too large, with so few individuals for the intercept of each group. One study is luck: simulate others."],
  ["What do fixed effects say of Z?",
    "Next to nothing: each group has an intercept of its own, and Z is the same for all of a group. Its density of bZY is nearly the prior, Normal(0, 1)."],
  ["Run the hundred studies. Whose 89% intervals hold the truth about 89 times?",
    "One study is luck. Over many, the naive and the multilevel estimator and fixed effects miss bXY far more often than they say; the Mundlak machines hold it about as often as they promise."],
];

/** @param {HTMLElement} root @param {import("../store.mjs").Store} store @param {any} engine */
export function makeConfoundsView(root, store, engine) {
  const { tables } = engine;
  const truthOf = (effect) => truthOfStudy(store.get())[effect];
  const rows = ESTIMATORS.map(([model, words]) => makeEstimatorRow(engine, model, words, truthOf, () => store.get().study === 0));
  const set = (name) => (value) => store.set({ [name]: value });
  const sliders = {
    sd_U: makeSlider("Strength of the confound (sd of U)", { ...LIMITS.sd_U, step: 0.1 }, set("sd_U"), String),
    bXY: makeSlider("True bXY", { ...LIMITS.bXY, step: 0.1 }, set("bXY"), shownTick),
    bZY: makeSlider("True bZY", { ...LIMITS.bZY, step: 0.1 }, set("bZY"), shownTick),
  };
  const sizes = Object.keys(tables.noise).map((size) => [size, size.replace(" ", " groups, ") + " individuals"]);
  const fields = [
    choice("Study", [["0", "The lecture's"], ["1", "Simulated"]], ({ study }) => (study === 0 ? "0" : "1"), (value) => store.set({ study: Number(value) })),
    where(choice("Size", sizes, ({ groups, individuals }) => sizeOf(groups, individuals), (size) => {
      const [groups, individuals] = size.split(" ").map(Number);
      store.set({ groups, individuals, study: 1 });
    }), ({ study }) => study > 0),
  ];
  const countOf = ({ groups, individuals }) => tables.noise[sizeOf(groups, individuals)].length;
  const another = element("button", {
    type: "button", onclick: () => store.set({ study: (store.get().study % countOf(store.get())) + 1 }),
  }, "Simulate another");
  const coverage = makeCoverage(root, store, engine, rows, () => countOf(store.get()));
  const told = element("p", { class: "words" });
  const frame = makeExplorable(root, {
    heading: "Confounds",
    words: "Individuals in groups. A trait U of the group, which nobody measured, moves the treatment X as well as the outcome Y; a trait Z was measured. Five estimators look for the effects of X and of Z.",
    stage: [element("div", { class: "estimators" }, headOfRows(), ...rows.map((row) => row.root), footOfRows()),
      element("div", { class: "transport" }, element("div", { class: "row" }, another, coverage.button), coverage.note)],
    side: [
      element("section", { class: "switches" }, ...fields.map(({ row }) => row), ...Object.values(sliders).map((slider) => slider.root)), told,
    ],
    python: () => confoundsPython(store.get()), link: engine.link, exercises: CONFOUND_TASKS,
  });
  const sampled = newestOf(async ({ state }, isStale) => {
    for (const [k, [model]] of ESTIMATORS.entries()) {
      const found = await engine.sampler("estimator", model, [estimatorRun(model, state, tables)]);
      if (isStale()) return;
      rows[k].show(found);
    }
  }, (_, { at }, isNewest) => isNewest && frame.answered(at, "Five estimators, 4 × 500 draws each"), frame.fail);
  const show = (state) => {
    coverage.stop();
    for (const field of fields) field.show(state);
    for (const [name, slider] of Object.entries(sliders)) slider.show(state[name]);
    for (const row of rows) row.wait();
    for (const { root: row } of Object.values(sliders)) row.hidden = state.study === 0;
    told.textContent = state.study === 0 ? "The lecture's study. Upright lines show its truth, bXY = 1 and bZY = \u22120.5; above the bars are the exact 89% intervals, except for the latent machine. Choose \u201cSimulated\u201d to change the truth."
      : `Study ${state.study} of ${countOf(state)}. Upright lines show the truth.`;
    sampled({ state, at: performance.now() });
  };
  store.subscribe((state, changed) => OF_CONFOUNDS.some((name) => changed.has(name)) && show(state));
  show(store.get());
}

function headOfRows() {
  return element("div", { class: "estimator head" }, element("span", {}), ...EFFECTS.map((effect) =>
    element("span", {}, effect === "bXY" ? "bXY: the effect of X" : "bZY: the effect of Z")));
}

/** The axes of both effects, whose numbers stand below all rows. */
function footOfRows() {
  return element("div", { class: "estimator foot", "aria-hidden": "true" }, element("span", {}), ...EFFECT_RANGES.map(makeAxis));
}

/** The row of an estimator: what it makes of one study, or of many. */
function makeEstimatorRow(engine, model, words, truthOf, isBundled) {
  let found = null, intervals = null;
  const exact = (k) => (isBundled() ? (engine.described(model).exact[["bxy", "bzy"][k]] ?? {}) : {});
  const charts = EFFECTS.map((effect, k) => makeChart("effect", `${words}: draws of ${effect}`, (sheet) => {
    drawTruth(sheet, truthOf(effect), EFFECT_RANGES[k]);
    if (intervals !== null) drawIntervals(sheet, intervals.map((each) => each[k]), truthOf(effect), EFFECT_RANGES[k]);
    else if (found) drawMarginal(sheet, { heights: found[k].heights, range: EFFECT_RANGES[k], exact: exact(k), isUpright: true });
  }));
  const share = element("span", { class: "count" });
  const redraw = () => charts.forEach((chart) => chart.redraw());
  const root = element("div", { class: "estimator" }, element("div", { class: "name" }, element("strong", {}, words), element("code", {}, model), share), ...charts.map((chart) => chart.root));
  return {
    root,
    /** Another study is asked for: until its draws are there, those of the last are dimmed. */
    wait() {
      intervals = null;
      share.textContent = "";
      root.classList.add("waits");
      redraw();
    },
    show(now) {
      found = now;
      root.classList.remove("waits");
      redraw();
    },
    /** @param {[number, number][][]} all  the intervals of both effects, of each study */
    showIntervals(all) {
      intervals = all;
      root.classList.remove("waits");
      const holds = EFFECTS.map((effect, k) => all.filter((each) => each[k][0] <= truthOf(effect) && truthOf(effect) <= each[k][1]).length);
      share.textContent = `bXY ${holds[0]}, bZY ${holds[1]} of ${all.length}`;
      redraw();
    },
  };
}

const along = ([low, high], width, value) => ((value - low) / (high - low)) * width;

function drawTruth({ context, width, height, colour }, truth, range) {
  context.lineWidth = 1;
  context.strokeStyle = colour("--rule");
  context.beginPath();
  context.moveTo(0, height - 0.5);
  context.lineTo(width, height - 0.5);
  context.stroke();
  context.strokeStyle = colour("--ink");
  context.beginPath();
  const x = Math.round(along(range, width, truth)) + 0.5; // a sharp line
  context.moveTo(x, 0);
  context.lineTo(x, height);
  context.stroke();
}

function drawIntervals({ context, width, height, colour }, intervals, truth, range) {
  const step = Math.min(4, (height - 4) / Math.max(intervals.length, 1));
  context.lineWidth = Math.max(0.6, Math.min(2, step * 0.7));
  intervals.forEach(([low, high], k) => {
    context.strokeStyle = colour(low <= truth && truth <= high ? "--accent" : "--bad");
    context.beginPath();
    context.moveTo(along(range, width, low), 2 + k * step);
    context.lineTo(along(range, width, high), 2 + k * step);
    context.stroke();
  });
}

/** Many studies, one after another: where their intervals are, and how many hold the truth. */
function makeCoverage(root, store, engine, rows, count) {
  let turn = 0, isRunning = false;
  const note = element("p", { class: "note" });
  const idle = () => `Run ${count()} studies`;
  const end = () => {
    turn++;
    isRunning = false;
    button.textContent = idle();
  };
  const run = async () => {
    if (store.get().study === 0) store.set({ study: 1 });
    const mine = ++turn, all = ESTIMATORS.map(() => []);
    isRunning = true;
    button.textContent = "Stop";
    for (let study = 1; study <= count(); study++) {
      for (const [k, [model]] of ESTIMATORS.entries()) {
        const asked = estimatorRun(model, { ...store.get(), study }, engine.tables, STUDY_SETTINGS);
        const found = await engine.sampler("estimator", model, [asked]);
        if (mine !== turn) return;
        all[k].push(found.map(({ interval }) => interval));
        rows[k].showIntervals(all[k]);
      }
      note.textContent = `${study} of ${count()} studies, 4 × 250 draws of each estimator; red intervals miss the truth, and below each name stands how many hold it`;
      root.dataset.studies = String(study);
    }
    end();
  };
  const button = element("button", { type: "button", class: "play", onclick: () => (isRunning ? end() : run()) }, idle());
  return {
    button, note,
    /** Stop, and forget what was seen. */
    stop() {
      end();
      note.textContent = "";
    },
  };
}
