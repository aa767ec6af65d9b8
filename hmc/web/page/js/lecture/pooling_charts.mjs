// Beside the tanks: how well each sigma predicts, and what the tanks say of sigma.

import { drawLine, makeChart, plotOf, strokeLine } from "../chart.mjs";
import { element } from "../dom.mjs";
import { ticksOf } from "../frame.mjs";
import { drawMarginal } from "../marginal.mjs";
import { makeAxis } from "./axis.mjs";
import { SIGMA_RANGE } from "./ranges.mjs";
import { SIGMAS } from "./tanks.mjs";

const WORST = 80; // above the best score: what is worse is not shown
const TICKS = [0.1, 0.2, 0.5, 1, 2, 5];

/** The exact leave-one-out score of each sigma, of learning it, and the sigma that is set. */
export function makeScoreChart() {
  let scores = null, sigma = null, exact = null;
  const chart = makeChart("scores", "Leave-one-out score of each sigma", (sheet) => {
    if (scores === null) return;
    const best = Math.min(...scores.looic), most = Math.min(Math.max(...scores.looic), best + WORST);
    const plot = plotOf(sheet, SIGMAS.map(Math.log10), [best - 0.1 * (most - best), most]);
    drawScoreAxes(sheet, plot);
    drawScores(sheet, plot, scores, most, sigma === undefined ? "sigma learned, without predators" : "sigma learned");
    if (typeof sigma !== "number") return;
    const here = exact?.sigma === sigma ? exact.looic : scoreOfSigma(scores, sigma);
    drawScoreHere(sheet, plot, { sigma, y: Math.min(here, most), isLeft: sigma < scores.sigmas[scores.looic.indexOf(best)] },
      exact?.sigma === sigma ? here.toFixed(1) : "");
  });
  return {
    root: chart.root,
    showScores(found) {
      scores = found;
      chart.redraw();
    },
    /** @param {number | null | undefined} now  null: learned; undefined: learned, with predators */
    showSigma(now) {
      sigma = now;
      exact = null;
      chart.redraw();
    },
    /** The score of a sigma by itself; between those of the curve it is only about right, and has no number. */
    showExactScore(of, looic) {
      exact = { sigma: of, looic };
      chart.redraw();
    },
  };
}

function drawScores(sheet, plot, { sigmas, looic, learned }, most, words) {
  const { context, colour } = sheet;
  context.lineWidth = 2;
  drawLine(sheet, plot, sigmas.map(Math.log10), looic.map((score) => (score > most ? NaN : score)), "--accent");
  context.lineWidth = 1;
  context.strokeStyle = context.fillStyle = colour("--ink");
  context.setLineDash([4, 3]);
  strokeLine(context, plot.left, plot.y(learned), plot.right, plot.y(learned));
  context.setLineDash([]);
  context.textAlign = "left";
  context.fillText(`${words}: ${learned.toFixed(1)}`, plot.left + 6, plot.y(learned) - 6);
}

/** A dot at the sigma that is set, and its score on the side on which the curve falls. */
function drawScoreHere({ context }, plot, { sigma, y: score, isLeft }, words) {
  const [x, y] = [plot.x(Math.log10(sigma)), plot.y(score)];
  context.beginPath();
  context.arc(x, y, 5, 0, 2 * Math.PI);
  context.fill();
  context.textAlign = isLeft ? "left" : "right";
  context.fillText(words, x + (isLeft ? 10 : -10), Math.max(y - 6, plot.top + 8));
}

/** The score of a sigma, between those that are known. */
function scoreOfSigma({ sigmas, looic }, sigma) {
  const k = Math.max(0, Math.min(sigmas.length - 2, sigmas.findLastIndex((each) => each <= sigma)));
  const share = Math.log(sigma / sigmas[k]) / Math.log(sigmas[k + 1] / sigmas[k]);
  return looic[k] + share * (looic[k + 1] - looic[k]);
}

function drawScoreAxes({ context, colour }, plot) {
  context.lineWidth = 1;
  context.strokeStyle = colour("--rule");
  context.fillStyle = colour("--muted");
  context.textBaseline = "middle";
  context.textAlign = "right";
  for (const tick of ticksOf(plot.upwards)) {
    const y = Math.round(plot.y(tick)) + 0.5;
    strokeLine(context, plot.left, y, plot.right, y);
    context.fillText(String(tick), plot.left - 6, y);
  }
  context.textBaseline = "alphabetic";
  context.textAlign = "center";
  for (const tick of TICKS) context.fillText(String(tick), plot.x(Math.log10(tick)), plot.bottom + 14);
}

/** The draws of sigma beside its exact density. */
export function makeSigmaChart() {
  let heights = null, curve = null;
  const chart = makeChart("sigma", "Draws of sigma, and its exact density", (sheet) => {
    if (heights !== null) drawMarginal(sheet, { heights, range: SIGMA_RANGE, exact: curve ? { curve } : {}, isUpright: true });
  });
  const root = element("section", { class: "of-sigma" }, element("h2", {}, "sigma, learned"), chart.root, makeAxis(SIGMA_RANGE));
  return {
    root,
    showDraws(shown) {
      heights = shown;
      root.hidden = shown === null;
      chart.redraw();
    },
    /** @param {{values: number[], heights: number[]} | null} shown  even in log sigma */
    showExact(shown) {
      curve = shown && evenCurve(shown);
      chart.redraw();
    },
  };
}

/** A density that is known at values even in their logs, at equal distances: its log is smooth, and is interpolated by
 * cubics. */
function evenCurve({ values, heights }) {
  const [from, to] = [0.02, SIGMA_RANGE[1]], points = 160;
  const step = Math.log(values[1] / values[0]), logs = heights.map(Math.log);
  const at = (value) => {
    const place = Math.log(value / values[0]) / step;
    const k = Math.floor(place) - 1;
    if (k < 0 || k + 3 >= values.length) return 0;
    const t = place - k;
    const weights = [
      (-(t - 1) * (t - 2) * (t - 3)) / 6, (t * (t - 2) * (t - 3)) / 2, (-t * (t - 1) * (t - 3)) / 2, (t * (t - 1) * (t - 2)) / 6,
    ];
    return Math.exp(weights.reduce((sum, weight, n) => sum + weight * logs[k + n], 0));
  };
  return { from, to, heights: Array.from({ length: points }, (_, k) => at(from + ((to - from) * k) / (points - 1))) };
}
