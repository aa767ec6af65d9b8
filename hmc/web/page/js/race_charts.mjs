// How a race goes: effective draws and errors by the gradients that were spent.

import { drawLine, drawPlotAxes, makeChart, plotOf } from "./chart.mjs";
import { element } from "./dom.mjs";

export const LANE_COLOURS = ["--chain-1", "--chain-2"];

/** Both charts. @param {() => any} raceOf */
export function makeHistories(raceOf) {
  const titles = { ess: "Effective draws, the fewer of the two coordinates", error: "Error of the means, in exact standard deviations" };
  const charts = Object.entries(titles).map(([what, title]) => {
    const chart = makeChart("history", `${title}, by gradients spent`, (sheet) => drawHistory(sheet, raceOf(), what));
    return { what, chart, section: element("section", {}, element("h2", {}, title), chart.root) };
  });
  return {
    sections: charts.map(({ section }) => section),
    redraw() {
      for (const { what, chart, section } of charts) {
        section.hidden = raceOf().lanes.every(({ history }) => history[what].every(Number.isNaN));
        chart.redraw();
      }
    },
  };
}

function drawHistory(sheet, race, what) {
  if (race === null) return;
  const isLog = what === "error";
  const rows = race.lanes.map(({ history }) => (isLog ? history[what].map(Math.log10) : history[what]));
  const known = rows.flat().filter(Number.isFinite);
  if (known.length === 0) return;
  /** @type {[number, number]} */
  const upwards = isLog ? [Math.min(...known) - 0.1, Math.max(...known) + 0.1] : [0, 1.05 * Math.max(...known)];
  const plot = plotOf(sheet, [0, race.budget], upwards, { isLog });
  drawPlotAxes(sheet, plot, "gradients");
  sheet.context.lineWidth = 2;
  race.lanes.forEach(({ history }, k) => drawLine(sheet, plot, history.gradients, rows[k], LANE_COLOURS[k]));
}
