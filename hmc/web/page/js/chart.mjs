// Charts on a canvas: as sharp as the screen, in the page's colours, drawn anew when size, colours or data change.

import { element } from "./dom.mjs";
import { ticksOf } from "./frame.mjs";

const FONT = "11px";
const LEFT = 46, BOTTOM = 20, TOP = 6, RIGHT = 8; // pixels around the plot, for the axes' numbers

/** What a chart draws on; lengths in CSS pixels, colours by the names of custom properties.
 * @typedef {{context: CanvasRenderingContext2D, width: number, height: number, colour: (name: string) => string}} Sheet */

/** A chart. Its canvas fills its root; `redraw` asks for a new drawing in the next frame.
 * @param {string} name  of its class @param {string} label  what it shows, for readers of screens
 * @param {(sheet: Sheet) => void} draw */
export function makeChart(name, label, draw) {
  const canvas = element("canvas", { role: "img", "aria-label": label });
  const root = element("div", { class: `chart ${name}` }, canvas);
  let asked = false;
  const paint = () => {
    asked = false;
    const sheet = sheetOf(canvas);
    if (sheet !== null) draw(sheet);
  };
  const redraw = () => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(paint);
  };
  new ResizeObserver(redraw).observe(root);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  matchMedia("print").addEventListener("change", paint); // on paper a dark page is light, and no frame comes before it
  return { root, canvas, redraw };
}

/** A canvas, emptied and fitted to its place; null where it has none, as in a view that is not shown.
 * @param {HTMLCanvasElement} canvas @returns {Sheet | null} */
function sheetOf(canvas) {
  const width = canvas.clientWidth, height = canvas.clientHeight;
  if (width === 0 || height === 0) return null;
  const scale = devicePixelRatio * (/** @type {any} */ (canvas).currentCSSZoom ?? 1);
  const [across, down] = [Math.round(width * scale), Math.round(height * scale)];
  const context = canvas.getContext("2d");
  if (canvas.width !== across || canvas.height !== down) [canvas.width, canvas.height] = [across, down];
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.clearRect(0, 0, width, height);
  const style = getComputedStyle(canvas);
  context.font = `${FONT} ${style.fontFamily}`;
  return { context, width, height, colour: (name) => style.getPropertyValue(name).trim() };
}

/** The way from values to pixels of a plot with room for axes around it.
 * @param {Sheet} sheet @param {[number, number]} across @param {[number, number]} upwards
 * @param {{isLog?: boolean}} scale  of the values upwards, which are then given by their logs to base 10 */
export function plotOf({ width, height }, across, upwards, { isLog = false } = {}) {
  const [left, right, top, bottom] = [LEFT, width - RIGHT, TOP, height - BOTTOM];
  return {
    left, right, top, bottom, across, upwards, isLog,
    x: (value) => left + ((value - across[0]) / (across[1] - across[0])) * (right - left),
    y: (value) => bottom - ((value - upwards[0]) / (upwards[1] - upwards[0])) * (bottom - top),
  };
}

/** Draw the axes of a plot: fine lines at round numbers.
 * @param {Sheet} sheet @param {ReturnType<typeof plotOf>} plot @param {string} [below]  words at the end of the axis
 * @param {number[]} [ticks]  numbers across */
export function drawPlotAxes({ context, colour }, plot, below = "", ticks = ticksOf(plot.across)) {
  context.lineWidth = 1;
  context.fillStyle = colour("--muted");
  context.strokeStyle = colour("--rule");
  context.textBaseline = "middle";
  context.textAlign = "right";
  for (const tick of plot.isLog ? decadesOf(plot.upwards) : ticksOf(plot.upwards, 4)) {
    const y = Math.round(plot.y(tick)) + 0.5;
    strokeLine(context, plot.left, y, plot.right, y);
    context.fillText(plot.isLog ? tickText(10 ** tick) : tickText(tick), plot.left - 6, y);
  }
  context.textAlign = "center";
  context.textBaseline = "alphabetic";
  const room = below === "" ? 0 : context.measureText(below).width + 14;
  for (const tick of ticks) {
    const x = plot.x(tick);
    if (x < plot.right - room - 4) context.fillText(tickText(tick), x, plot.bottom + 14);
  }
  context.textAlign = "right";
  context.fillText(below, plot.right, plot.bottom + 14);
}

/** Draw a row of values as a line; it breaks where a value is not finite.
 * @param {Sheet} sheet @param {ReturnType<typeof plotOf>} plot @param {ArrayLike<number>} xs @param {ArrayLike<number>} ys
 * @param {string} name  of its colour */
export function drawLine({ context, colour }, plot, xs, ys, name) {
  context.strokeStyle = colour(name);
  context.beginPath();
  let isDrawing = false;
  for (let k = 0; k < xs.length; k++) {
    const isKnown = Number.isFinite(ys[k]);
    if (isKnown) context[isDrawing ? "lineTo" : "moveTo"](plot.x(xs[k]), plot.y(ys[k]));
    isDrawing = isKnown;
  }
  context.stroke();
}

/** A line between two points. */
export function strokeLine(context, x0, y0, x1, y1) {
  context.beginPath();
  context.moveTo(x0, y0);
  context.lineTo(x1, y1);
  context.stroke();
}

/** Powers of ten within a range of logs to base 10; with 2 and 5 between where there are few. */
function decadesOf([low, high]) {
  const parts = high - low > 2.5 ? [1] : high - low > 1.2 ? [1, 3] : high - low > 0.5 ? [1, 2, 5] : [1, 1.5, 2, 3, 4, 5, 6, 8];
  const found = [];
  for (let power = Math.floor(low); power <= high; power++)
    for (const part of parts) {
      const tick = power + Math.log10(part);
      if (tick >= low && tick <= high) found.push(tick);
    }
  return found;
}

function tickText(value) {
  const size = Math.abs(value);
  if (size >= 1e6) return `${Number((value / 1e6).toPrecision(3))} M`.replace("-", "−");
  if (size >= 1e4) return `${Number((value / 1e3).toPrecision(3))} k`.replace("-", "−");
  return String(Number(value.toPrecision(3))).replace("-", "−");
}
