// A coordinate's draws as a histogram, beside what is known of its exact distribution.

import { isOfVector, unconstrainedOf } from "./coordinates.mjs";

/** What is known of a coordinate: by its constrained value the mean, the sd and the 5.5% and 94.5% quantiles; where the
 * density has a closed form, its heights at equal distances.
 * @typedef {{mean?: number, sd?: number, lower?: number, upper?: number,
 *   curve?: {from: number, to: number, heights: number[]}}} Exact */

/** The density of numbers in equal bins of a range: of all numbers, those outside the range too.
 * @param {Float64Array[]} columns @param {[number, number]} range @param {number} bins @returns {Float64Array} */
export function histogramOf(columns, [low, high], bins) {
  const heights = new Float64Array(bins);
  let total = 0;
  for (const column of columns)
    for (const value of column) {
      total++;
      const bin = Math.floor(((value - low) / (high - low)) * bins);
      if (bin >= 0 && bin < bins) heights[bin]++;
    }
  const unit = (Math.max(total, 1) * (high - low)) / bins;
  return heights.map((count) => count / unit);
}

/** How many bins suit a number of draws. @param {number} draws @returns {number} */
export function binsFor(draws) {
  return Math.max(12, Math.min(60, Math.round(2 * Math.cbrt(draws))));
}

/** What is known of a coordinate as it is shown: quantiles go with any scale, moments and curves with their own.
 * @param {Exact | undefined} exact @param {import("./coordinates.mjs").Coordinate} coordinate
 * @param {boolean} isConstrained @returns {Exact} */
export function exactAsShown(exact, coordinate, isConstrained) {
  if (!exact) return {};
  if (isConstrained || coordinate.kind === 0) return exact;
  if (exact.lower === undefined || isOfVector(coordinate)) return {};
  const ends = [exact.lower, exact.upper].map((value) => unconstrainedOf(coordinate, value)).sort((a, b) => a - b);
  return { lower: ends[0], upper: ends[1] };
}

/** Draw a marginal into a box: bars, and over them the exact curve, or the exact 89% interval with its mean.
 * @param {import("./chart.mjs").Sheet} sheet @param {{heights: Float64Array, range: [number, number], exact: Exact,
 *   isUpright: boolean}} marginal  upright: values go to the right, heights upwards; else values upwards */
export function drawMarginal({ context, width, height, colour }, { heights, range, exact, isUpright }) {
  const [length, room] = isUpright ? [width, height] : [height, width];
  const curve = exact.curve?.heights ?? [];
  const ofBars = Math.max(...heights), ofCurve = Math.max(...curve, 0);
  // A narrow peak of the curve is cut off rather than that it makes the bars flat.
  const highest = 1.06 * (ofBars > 0 ? Math.min(Math.max(ofBars, ofCurve), 1.8 * ofBars) : ofCurve || 1);
  /** @returns {[number, number]} */
  const place = (value, density) => {
    const along = ((value - range[0]) / (range[1] - range[0])) * length;
    const up = (density / highest) * (room - 8);
    return isUpright ? [along, room - up] : [up, length - along];
  };
  const step = (range[1] - range[0]) / heights.length;
  context.fillStyle = colour("--accent");
  context.globalAlpha = 0.3;
  heights.forEach((density, k) => {
    const [x0, y0] = place(range[0] + k * step, 0), [x1, y1] = place(range[0] + (k + 1) * step, density);
    context.fillRect(x0, y0, isUpright ? x1 - x0 - 1 : x1, isUpright ? y1 - y0 : y1 - y0 + 1);
  });
  context.globalAlpha = 1;
  context.strokeStyle = context.fillStyle = colour("--ink");
  context.lineWidth = 1.5;
  if (curve.length > 0) {
    const { from, to } = exact.curve;
    context.beginPath();
    curve.forEach((density, k) => context.lineTo(...place(from + ((to - from) * k) / (curve.length - 1), Math.min(density, 1.1 * highest))));
    context.stroke();
  } else if (exact.lower !== undefined) drawInterval(context, place, exact, highest);
}

/** The interval between the quantiles, as a line near the top, with a dot at the mean.
 * @param {CanvasRenderingContext2D} context @param {(value: number, density: number) => [number, number]} place
 * @param {Exact} exact @param {number} highest */
function drawInterval(context, place, { lower, upper, mean }, highest) {
  const level = 0.96 * highest;
  context.beginPath();
  context.moveTo(...place(lower, level));
  context.lineTo(...place(upper, level));
  for (const end of [lower, upper]) {
    context.moveTo(...place(end, 0.92 * highest));
    context.lineTo(...place(end, highest));
  }
  context.stroke();
  if (mean === undefined) return;
  context.beginPath();
  context.arc(...place(mean, level), 3, 0, 2 * Math.PI);
  context.fill();
}
