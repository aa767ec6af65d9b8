// The trace of a coordinate: the draws of each chain in their order.

import { drawPlotAxes, plotOf } from "./chart.mjs";

const CHAIN_COLOURS = 4; // custom properties --chain-1 ... --chain-4; further chains take them in turn

/** The colour of a chain. @param {number} chain @returns {string} */
export const chainColour = (chain) => `--chain-${(chain % CHAIN_COLOURS) + 1}`;

/** The lowest and highest of each of some equal parts of a row of values, in order: what a screen of so many columns
 * can show of it. All values, where they are fewer.
 * @param {ArrayLike<number>} values @param {number} parts @returns {{at: number, low: number, high: number}[]} */
export function envelopeOf(values, parts) {
  const found = [];
  const count = Math.min(parts, values.length);
  for (let part = 0; part < count; part++) {
    const first = Math.floor((part * values.length) / count), end = Math.floor(((part + 1) * values.length) / count);
    let low = values[first], high = values[first];
    for (let k = first + 1; k < end; k++) {
      if (values[k] < low) low = values[k];
      if (values[k] > high) high = values[k];
    }
    found.push({ at: (first + end - 1) / 2, low, high });
  }
  return found;
}

/** Draw the traces of all chains.
 * @param {import("./chart.mjs").Sheet} sheet
 * @param {{columns: Float64Array[], divergent: number[][], draws: number, range: [number, number]}} trace */
export function drawTrace(sheet, { columns, divergent, draws, range }) {
  const plot = plotOf(sheet, [0, draws], range);
  drawPlotAxes(sheet, plot, "draw");
  const { context, colour } = sheet;
  context.save();
  context.beginPath();
  context.rect(plot.left, plot.top, plot.right - plot.left, plot.bottom - plot.top);
  context.clip();
  context.lineWidth = 1;
  context.globalAlpha = 0.75;
  columns.forEach((column, chain) => {
    context.strokeStyle = colour(chainColour(chain));
    context.beginPath();
    for (const { at, low, high } of envelopeOf(column, Math.round((2 * (plot.right - plot.left) * column.length) / draws))) {
      context.lineTo(plot.x(at), plot.y(low));
      if (high > low) context.lineTo(plot.x(at), plot.y(high));
    }
    context.stroke();
  });
  context.restore();
  context.fillStyle = colour("--bad");
  for (const numbers of divergent) for (const k of numbers) context.fillRect(plot.x(k) - 0.5, plot.bottom - 6, 1.5, 6);
}
