// Divergences: eight schools. The sampler cannot follow the neck of the funnel, until its coordinates are others, or its
// steps adapt to the place.

import { drawPlotAxes, makeChart, plotOf } from "../chart.mjs";
import { fillTable } from "../counters_table.mjs";
import { shownNumber, shownWhole } from "../display.mjs";
import { element } from "../dom.mjs";
import { choice, number } from "../fields.mjs";
import { drawMarginal } from "../marginal.mjs";
import { makeAxis } from "./axis.mjs";
import { makeExplorable, makeSlider } from "./explorable.mjs";
import { newestOf } from "./latest.mjs";
import { TAU_RANGE } from "./ranges.mjs";
import { schoolsPython, schoolsRun, TARGETS } from "./schools.mjs";

const OF_SCHOOLS = ["schools", "target_accept", "sampler", "seed"];
const THETA = [-25, 45];
const LOG_TAU = [-4, 4];
const FORMS = [["centred", "Centred: theta[j] ~ Normal(mu, tau)"], ["noncentred", "Non-centred: theta[j] = mu + tau z[j]"]];
const SAMPLERS = [["nuts", "NUTS: all steps are of one size"], ["walnuts", "WALNUTS: each step fits its place"]];
const SCHOOL_TASKS = [
  ["Raise the target acceptance. Do the crosses go away?",
    "Not for good. Steps get shorter, at a price in gradients, and the chain goes further down the neck. There may be no cross in one run and hundreds in the next, in which a chain sticks in the neck: try a few seeds. No step size fits both the mouth and the neck."],
  ["Where do the crosses fall, and what do bars and line say there?",
    "Where tau is small. The bars near 0 are lower or more ragged than the line: the chain goes there too rarely, or stays too long."],
  ["Choose the non-centred form. What changes?",
    "The same posterior, with next to no crosses: given tau, its coordinates z are all of one size. It reaches far further down the neck."],
  ["Go back to the centred form and choose WALNUTS. What changes, and at what price?",
    "The crosses go, and the bars near 0 rise: where a step is too long, WALNUTS takes it in 2, 4, 8, ... shorter ones. The neck is as narrow as before, so that it costs more gradients than NUTS, and has far fewer effective draws than the non-centred form."],
];

/** @param {HTMLElement} root @param {import("../store.mjs").Store} store @param {any} engine */
export function makeSchoolsView(root, store, engine) {
  let seen = null;
  const plane = makeChart("neck", "Draws of the first school's effect and log tau; crosses are divergences", (sheet) => {
    const plot = plotOf(sheet, THETA, LOG_TAU);
    drawPlotAxes(sheet, plot, "theta[1]");
    drawUpwardsName(sheet, "log tau");
    if (seen !== null) drawNeck(sheet, plot, seen);
  });
  const known = ({ schools }) => engine.described(`schools_${schools}`).exact.tau ?? {};
  const marginal = makeChart("sigma", "Draws of tau, and its exact density", (sheet) =>
    seen !== null && drawMarginal(sheet, { heights: seen.taus, range: TAU_RANGE, exact: { curve: known(store.get()).curve }, isUpright: true }));
  const slider = makeSlider("Target acceptance", { min: TARGETS[0], max: TARGETS[1], step: 0.01 }, (value) => store.set({ target_accept: value }), (value) => value.toFixed(2));
  const fields = [
    choice("Form", FORMS, ({ schools }) => schools, (schools) => store.set({ schools })),
    choice("Sampler", SAMPLERS, ({ sampler }) => sampler, (sampler) => store.set({ sampler })),
    number("Seed", { min: 0, max: Number.MAX_SAFE_INTEGER, step: 1 }, ({ seed }) => seed, (seed) => store.set({ seed })),
  ];
  const table = element("table", { class: "counters" });
  const frame = makeExplorable(root, {
    heading: "Divergences",
    words: "Coaching in eight schools, of which each has an effect theta[j]. Where the schools' spread tau is small, all effects must be alike: a narrow neck, in which the sampler's steps go astray. Crosses mark transitions that diverged.",
    stage: [plane.root, slider.root],
    side: [
      element("section", { class: "switches" }, ...fields.map(({ row }) => row)),
      element("section", {}, element("h2", {}, "What the draws say"), table),
      element("section", {}, element("h2", {}, "tau: draws, and the exact density"), marginal.root, makeAxis(TAU_RANGE)),
    ],
    python: () => schoolsPython(store.get()), link: engine.link, exercises: SCHOOL_TASKS,
  });
  const sampled = newestOf(({ state }) => {
    const run = schoolsRun(state);
    return engine.sampler("schools", run.model, [state.schools, run]);
  }, (found, { at }) => {
    seen = found;
    plane.redraw();
    marginal.redraw();
    root.dataset.divergences = String(found.divergences);
    root.dataset.inTheNeck = String(shareInNeck(found, known(store.get()).neck));
    fillTable(table, [], rowsOfSchools(found, known(store.get()).neck));
    frame.answered(at, "4 × 1,000 draws of 10 parameters");
  }, frame.fail);
  const show = (state) => {
    slider.show(state.target_accept);
    for (const field of fields) field.show(state);
    sampled({ state, at: performance.now() });
  };
  store.subscribe((state, changed) => OF_SCHOOLS.some((name) => changed.has(name)) && show(state));
  show(store.get());
}

/** The share of draws whose tau is below that of a neck; NaN where none is known. */
const shareInNeck = ({ logTau }, neck) => logTau.filter((value) => Math.exp(value) < neck?.below).length / (neck ? logTau.length : NaN);

function rowsOfSchools(found, neck) {
  const { divergences, effective, rhat, gradients, stepSize, tau } = found;
  const row = (name, text, isBad = false) => ({ name, cells: [["", text, isBad]] });
  return [
    row("divergences", shownWhole(divergences), divergences > 0),
    ...(neck ? [row(`P(tau < ${neck.below}), exact ${shownNumber(neck.probability)}`, shownNumber(shareInNeck(found, neck)))] : []),
    row("tau", `${shownNumber(tau.mean)} ± ${shownNumber(tau.sd, 2)}`),
    row("effective draws of log tau", shownWhole(effective), effective < 400),
    row("R-hat of log tau", rhat.toFixed(3), rhat > 1.01),
    row("mean step size", shownNumber(stepSize)),
    row("gradients", shownWhole(gradients)),
  ];
}

function drawUpwardsName({ context, colour }, name) {
  context.fillStyle = colour("--muted");
  context.textAlign = "left";
  context.fillText(name, 50, 18);
}

function drawNeck({ context, colour }, plot, { theta, logTau, diverging }) {
  context.save();
  context.beginPath();
  context.rect(plot.left, plot.top, plot.right - plot.left, plot.bottom - plot.top);
  context.clip();
  context.fillStyle = colour("--accent");
  context.globalAlpha = 0.4;
  theta.forEach((value, k) => context.fillRect(plot.x(value) - 1.25, plot.y(logTau[k]) - 1.25, 2.5, 2.5));
  context.globalAlpha = 1;
  context.strokeStyle = colour("--bad");
  context.lineWidth = 2;
  context.beginPath();
  diverging.forEach((isOne, k) => {
    if (!isOne) return;
    const [x, y] = [plot.x(theta[k]), plot.y(logTau[k])];
    context.moveTo(x - 4.5, y - 4.5);
    context.lineTo(x + 4.5, y + 4.5);
    context.moveTo(x - 4.5, y + 4.5);
    context.lineTo(x + 4.5, y - 4.5);
  });
  context.stroke();
  context.restore();
}
