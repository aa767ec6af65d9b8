// How a race goes: effective draws, errors and the share of draws in a neck by the gradients that were spent.

import { drawLine, drawPlotAxes, makeChart, plotOf } from "./chart.mjs";
import { shownNumber } from "./display.mjs";
import { element } from "./dom.mjs";

export const LANE_COLOURS = ["--chain-1", "--chain-2"];

const TITLES = {
  neck: ({ name, below, probability }) => `Share of draws with ${nameOfNeck({ name, below })}; exact, the line: ${shownNumber(probability)}`,
  ess: () => "Effective draws, the fewer of the two coordinates",
  error: () => "Error of the means, in exact standard deviations",
};

/** A neck in words. @param {{name: string, below: number}} neck */
export const nameOfNeck = ({ name, below }) => `${name} < ${String(below).replace("-", "\u2212")}`;

/** The charts. @param {() => any} raceOf @param {() => any} neckOfRace  as `neckOf` gives it */
export function makeHistories(raceOf, neckOfRace) {
  const charts = Object.keys(TITLES).map((what) => {
    const head = element("h2", {});
    const chart = makeChart("history", "", (sheet) => drawHistory(sheet, raceOf(), what, neckOfRace()));
    return { what, chart, head, section: element("section", {}, head, chart.root) };
  });
  return {
    sections: charts.map(({ section }) => section),
    redraw() {
      for (const { what, chart, head, section } of charts) {
        section.hidden = raceOf().lanes.every(({ history }) => history[what].every(Number.isNaN));
        if (section.hidden) continue;
        head.textContent = TITLES[what](neckOfRace());
        chart.canvas.setAttribute("aria-label", `${head.textContent}, by gradients spent`);
        chart.redraw();
      }
    },
  };
}

function drawHistory(sheet, race, what, neck) {
  if (race === null) return;
  const isLog = what === "error";
  const rows = race.lanes.map(({ history }) => (isLog ? history[what].map(Math.log10) : history[what]));
  const known = rows.flat().filter(Number.isFinite);
  if (known.length === 0) return;
  if (what === "neck") known.push(neck.probability);
  /** @type {[number, number]} */
  const upwards = isLog ? [Math.min(...known) - 0.1, Math.max(...known) + 0.1] : [0, 1.05 * Math.max(...known)];
  const plot = plotOf(sheet, [0, race.budget], upwards, { isLog });
  drawPlotAxes(sheet, plot, "gradients");
  sheet.context.lineWidth = 1.5;
  if (what === "neck") drawLine(sheet, plot, plot.across, [neck.probability, neck.probability], "--ink");
  sheet.context.lineWidth = 2;
  race.lanes.forEach(({ history }, k) => drawLine(sheet, plot, history.gradients, rows[k], LANE_COLOURS[k]));
}
