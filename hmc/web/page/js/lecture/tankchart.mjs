// The tanks side by side: how many survived, and what the model makes of it.

import { drawPlotAxes, makeChart, plotOf, strokeLine } from "../chart.mjs";
import { setAttributes } from "../dom.mjs";
import { ticksOf } from "../frame.mjs";

const RADIUS = 3.5;
const expit = (x) => 1 / (1 + Math.exp(-x));

/** @param {{pick: (tank: number) => void, survive: (tank: number, survived: number) => void, drop: () => void}} done */
export function makeTankChart({ pick, survive, drop }) {
  let tanks = [], picked = 0, estimates = null, exact = null, plot = null;
  const chart = makeChart("tanks", "", (sheet) => {
    plot = plotOf(sheet, [0.5, tanks.length + 0.5], [-0.04, 1.04]);
    drawPlotAxes(sheet, plot, "tank", ticksOf(plot.across).filter(Number.isInteger));
    drawTanks(sheet, plot, { tanks, picked, estimates, exact });
  });
  setAttributes(chart.canvas, { tabindex: 0, role: "application", "aria-roledescription": "tanks" });
  const place = (event) => {
    const box = chart.canvas.getBoundingClientRect(), scale = chart.canvas.clientWidth / box.width;
    const [x, y] = [(event.clientX - box.left) * scale, (event.clientY - box.top) * scale];
    const share = (value, [low, high]) => low + value * (high - low);
    const across = share((x - plot.left) / (plot.right - plot.left), plot.across);
    const upwards = share((plot.bottom - y) / (plot.bottom - plot.top), plot.upwards);
    return { tank: Math.max(0, Math.min(tanks.length - 1, Math.round(across) - 1)), share: Math.max(0, Math.min(1, upwards)), y };
  };
  let held = null;
  chart.canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || plot === null) return;
    const { tank, y } = place(event);
    held = { tank, y, moves: false };
    chart.canvas.setPointerCapture(event.pointerId);
    pick(tank);
  });
  chart.canvas.addEventListener("pointermove", (event) => {
    if (held === null) return;
    const { share, y } = place(event);
    held.moves ||= Math.abs(y - held.y) > 4; // a click is no drag
    if (!held.moves) return;
    const survived = Math.round(share * tanks[held.tank][0]);
    if (survived !== tanks[held.tank][3]) survive(held.tank, survived);
  });
  for (const end of ["pointerup", "pointercancel"]) chart.canvas.addEventListener(end, () => (held = null));
  chart.canvas.addEventListener("keydown", (event) => {
    const [density, , , survived] = tanks[picked];
    if (event.key === "ArrowRight") pick(Math.min(tanks.length - 1, picked + 1));
    else if (event.key === "ArrowLeft") pick(Math.max(0, picked - 1));
    else if (event.key === "ArrowUp") survive(picked, Math.min(density, survived + 1));
    else if (event.key === "ArrowDown") survive(picked, Math.max(0, survived - 1));
    else if (event.key === "Delete") drop();
    else return;
    event.preventDefault();
  });
  return {
    root: chart.root,
    showTanks(now, tank) {
      if (now.length !== tanks.length) estimates = exact = null; // of other tanks
      [tanks, picked] = [now, tank];
      const [density, predators, , survived] = tanks[picked];
      chart.canvas.setAttribute("aria-label", `Tank ${picked + 1} of ${tanks.length}: ${survived} of ${density} tadpoles survived, ${predators === "pred" ? "with" : "without"} predators. Left and right pick another tank, up and down change how many survived, Delete drops it.`);
      chart.redraw();
    },
    showEstimates(summary, of) {
      if (of.length !== tanks.length) return;
      estimates = summary;
      chart.redraw();
    },
    /** @param {number[] | null} logits  exact means */
    showExact(logits) {
      exact = logits !== null && logits.length === tanks.length ? logits : null;
      chart.redraw();
    },
  };
}

function drawTanks({ context, colour }, plot, { tanks, picked, estimates, exact }) {
  context.fillStyle = colour("--wash");
  const width = plot.x(1) - plot.x(0);
  context.fillRect(plot.x(picked + 0.5), plot.top, width, plot.bottom - plot.top);
  context.strokeStyle = colour("--rule");
  tanks.forEach(([density], k) => {
    if (k > 0 && density !== tanks[k - 1][0] && tanks.length > 8) strokeLine(context, plot.x(k + 0.5), plot.top, plot.x(k + 0.5), plot.bottom);
  });
  if (estimates) {
    context.strokeStyle = colour("--ink");
    context.setLineDash([4, 3]);
    const middle = plot.y(expit(estimates.a_bar.mean));
    strokeLine(context, plot.left, middle, plot.right, middle);
    context.setLineDash([]);
  }
  const radius = Math.min(RADIUS, Math.max(2, width / 3));
  tanks.forEach(([density, predators, , survived], k) => {
    const x = plot.x(k + 1), name = predators === "pred" ? "--chain-2" : "--chain-1";
    context.strokeStyle = context.fillStyle = colour(name);
    if (estimates?.tanks[k]) {
      const { mean, lower, upper } = estimates.tanks[k];
      context.lineWidth = 2;
      context.globalAlpha = 0.35;
      strokeLine(context, x, plot.y(lower), x, plot.y(upper));
      context.globalAlpha = 1;
      context.beginPath();
      context.arc(x, plot.y(mean), radius, 0, 2 * Math.PI);
      context.fill();
    }
    context.lineWidth = 1.25;
    context.beginPath();
    context.arc(x, plot.y(survived / density), radius, 0, 2 * Math.PI);
    context.strokeStyle = colour("--ink");
    context.stroke();
    if (exact) {
      context.lineWidth = 1.5;
      strokeLine(context, x - radius - 2, plot.y(expit(exact[k])), x + radius + 2, plot.y(expit(exact[k])));
    }
  });
}
