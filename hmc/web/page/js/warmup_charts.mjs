// A warm-up over its transitions: step size, acceptance rate, and the scales of the metric.

import { drawLine, drawPlotAxes, makeChart, plotOf, strokeLine } from "./chart.mjs";
import { element } from "./dom.mjs";
import { marksOf, phasesOf, runningMean } from "./warmup.mjs";

const WINDOW = 30; // transitions of the running mean of acceptance rates
const SCALE_COLOURS = ["--chain-1", "--chain-2"];

/** What is drawn: the warm-up as far as it is known, the trial or the transition that the reader looks at, and the names
 * of the coordinates that have a scale.
 * @typedef {{watched: any, trial: number | null, transition: number | null, names: string[]}} Looked */

/** @param {() => Looked | null} lookedOf */
export function makeWarmupCharts(lookedOf) {
  const keys = element("span", {});
  const parts = [
    ["Step size", drawStepSizes, ""], ["Acceptance rate, its running mean, and its target", drawRates, ""],
    ["Scales of the metric ", drawScales, keys],
  ];
  const charts = parts.map(([title, draw]) => makeChart("history", `${title} at each transition`, (sheet) => {
    const looked = lookedOf();
    if (looked !== null) draw(sheet, looked);
  }));
  const legend = element("p", { class: "legend" },
    "In the plane: where the chain has been, and its metric, one and two standard deviations wide. Shaded: the metric is learned. Marks on the axis: correlations are fitted, or a window ends. " +
    "Dots at the start: steps tried in the search for a first step size.");
  return {
    legend,
    sections: parts.map(([title, , key], k) => element("section", {}, element("h2", {}, title, key), charts[k].root)),
    redraw() {
      for (const chart of charts) chart.redraw();
      keys.replaceChildren(...(lookedOf()?.names ?? []).map((name, axis) => element("span", { class: `key key-${axis + 1}` }, name)));
    },
  };
}

function drawStepSizes(sheet, looked) {
  const { watched, trial } = looked;
  const tried = watched.search.map(({ step_size }) => Math.log10(step_size));
  const used = watched.step_size.subarray(0, watched.done).map(Math.log10);
  const plot = planned(sheet, watched, spread([...tried, ...used]), true);
  sheet.context.lineWidth = 1.25;
  drawLine(sheet, plot, transitionsOf(watched), used, "--ink");
  tried.forEach((value, n) => {
    sheet.context.fillStyle = sheet.colour(n === trial ? "--accent" : "--muted");
    sheet.context.beginPath();
    sheet.context.arc(plot.x(0), plot.y(value), n === trial ? 4.5 : 2.5, 0, 2 * Math.PI);
    sheet.context.fill();
  });
  drawNow(sheet, plot, looked);
}

function drawRates(sheet, looked) {
  const { watched } = looked;
  const plot = planned(sheet, watched, [0, 1]);
  const rates = watched.acceptance_rate.subarray(0, watched.done);
  sheet.context.fillStyle = sheet.colour("--muted");
  rates.forEach((rate, k) => sheet.context.fillRect(plot.x(k + 1) - 0.75, plot.y(rate) - 0.75, 1.5, 1.5));
  sheet.context.strokeStyle = sheet.colour("--bad");
  sheet.context.lineWidth = 1;
  const target = plot.y(watched.settings.target_accept);
  strokeLine(sheet.context, plot.left, target, plot.right, target);
  sheet.context.lineWidth = 1.75;
  drawLine(sheet, plot, transitionsOf(watched), runningMean(rates, WINDOW), "--ink");
  drawNow(sheet, plot, looked);
}

function drawScales(sheet, looked) {
  const { watched, names } = looked;
  const rows = [0, 2].slice(0, names.length).map((part) =>
    Float64Array.from({ length: watched.done }, (_, k) => 0.5 * Math.log10(watched.ellipses[3 * k + part])));
  const plot = planned(sheet, watched, spread(rows.flatMap((row) => [...row])), true);
  sheet.context.lineWidth = 1.5;
  rows.forEach((row, axis) => drawLine(sheet, plot, transitionsOf(watched), row, SCALE_COLOURS[axis]));
  drawNow(sheet, plot, looked);
}

/** The axes of a plot over all transitions: shaded where the metric is learned, marked where correlations are fitted. */
function planned(sheet, { plan, actions }, upwards, isLog = false) {
  const plot = plotOf(sheet, [0, plan.length], upwards, { isLog });
  const { context, colour } = sheet;
  context.fillStyle = colour("--wash");
  for (const { from, to, learns } of phasesOf(plan, actions))
    if (learns) context.fillRect(plot.x(from), plot.top, plot.x(to) - plot.x(from), plot.bottom - plot.top);
  drawPlotAxes(sheet, plot, "transition");
  context.strokeStyle = colour("--muted");
  for (const k of marksOf(plan, actions)) strokeLine(context, plot.x(k + 1), plot.bottom - 5, plot.x(k + 1), plot.bottom);
  return plot;
}

/** A line where the reader looks. */
function drawNow({ context, colour }, plot, { transition }) {
  context.strokeStyle = colour("--accent");
  context.lineWidth = 1.5;
  const x = plot.x(transition === null ? 0 : transition + 1);
  strokeLine(context, x, plot.top, x, plot.bottom);
}

const transitionsOf = ({ done }) => Float64Array.from({ length: done }, (_, k) => k + 1);

/** A range around values, with a margin. */
function spread(values) {
  const known = values.filter(Number.isFinite);
  if (known.length === 0) return [-1, 1];
  const low = Math.min(...known), high = Math.max(...known), margin = Math.max(0.1, 0.06 * (high - low));
  return [low - margin, high + margin];
}
