// What lies behind a path: the density of a model of two coordinates (of a line's position and momentum too), or else a
// cloud of draws.

import { contourOf, levelsBelow } from "./contours.mjs";
import { logJacobianOf } from "./coordinates.mjs";
import { rangeOf } from "./frame.mjs";

const CELLS = 144;
const QUICK = { chains: 4, warmup: 400, draws: 300, seed: 1 };

/** Draws of a model in a quick run, (draws, dimension) in rows.
 * @param {any} engine @param {string} model @returns {Promise<Float64Array[]>} */
export async function cloudOf(engine, model) {
  const { position, shape } = await engine.sample(model, QUICK);
  const dimension = shape[2];
  return Array.from({ length: shape[0] * shape[1] }, (_, k) => position.subarray(k * dimension, (k + 1) * dimension));
}

/** The ranges of two coordinates in which nearly all draws are.
 * @param {Float64Array[]} cloud @param {import("./coordinates.mjs").Coordinate[]} pair
 * @param {(coordinate: import("./coordinates.mjs").Coordinate, draw: Float64Array) => number} shown
 * @returns {[number, number][]} */
export function rangesOf(cloud, pair, shown) {
  const valuesOf = (each) => cloud.map((draw) => shown(each, draw));
  return pair.map((each) => (each.ofMomentum ? [-3.2, 3.2] : rangeOf(valuesOf(each))));
}

/** The log density, as shown, on the points of a grid over a frame, row by row from below.
 * @param {any} engine @param {string} model @param {import("./frame.mjs").Frame} frame */
export async function gridOf(engine, model, frame) {
  const { pair, size, isConstrained } = frame;
  const [columns, rows] = [0, 1].map((k) =>
    Array.from({ length: CELLS }, (_, n) => {
      const along = (n / (CELLS - 1)) * size;
      return frame.valuesOf(k === 0 ? { x: along, y: 0 } : { x: 0, y: size - along })[k];
    }));
  const ofMomentum = pair.findIndex((each) => each.ofMomentum);
  const axes = [columns, rows].filter((_, k) => k !== ofMomentum);
  const indices = pair.filter((each) => !each.ofMomentum).map(({ index }) => index);
  const values = await engine.grid(model, { axes, indices });
  const jacobian = (k, value) => (isConstrained ? logJacobianOf(pair[k], value) : 0);
  return Float64Array.from({ length: CELLS * CELLS }, (_, n) => {
    const column = n % CELLS, row = Math.floor(n / CELLS);
    if (ofMomentum === 0) return values[row] - 0.5 * columns[column] ** 2;
    if (ofMomentum === 1) return values[column] - 0.5 * rows[row] ** 2;
    return values[n] - jacobian(0, columns[column]) - jacobian(1, rows[row]);
  });
}

/** Draw a grid's shades and contour lines. @param {HTMLCanvasElement} canvas @param {Float64Array} grid */
export function drawDensity(canvas, grid) {
  const { context, size, ink } = cleared(canvas);
  let highest = -Infinity;
  for (const value of grid) if (value > highest) highest = value;
  const shades = new ImageData(CELLS, CELLS);
  for (let row = 0; row < CELLS; row++)
    for (let column = 0; column < CELLS; column++) {
      const density = Math.exp(grid[row * CELLS + column] - highest) || 0;
      shades.data.set([...ink, Math.round(38 * density ** 0.7)], 4 * ((CELLS - 1 - row) * CELLS + column));
    }
  const small = new OffscreenCanvas(CELLS, CELLS);
  small.getContext("2d").putImageData(shades, 0, 0);
  context.imageSmoothingQuality = "high";
  context.drawImage(small, 0, 0, size, size);
  context.strokeStyle = `rgb(${ink.join(" ")} / 0.3)`;
  context.lineWidth = 1;
  context.beginPath();
  const pixel = (along) => (along / (CELLS - 1)) * size;
  for (const level of levelsBelow(highest))
    for (const [x0, y0, x1, y1] of contourOf(grid, CELLS, CELLS, level)) {
      context.moveTo(pixel(x0), size - pixel(y0));
      context.lineTo(pixel(x1), size - pixel(y1));
    }
  context.stroke();
}

/** Draw a cloud of pixels. @param {HTMLCanvasElement} canvas @param {import("./frame.mjs").Pixel[]} pixels */
export function drawCloud(canvas, pixels) {
  const { context, ink } = cleared(canvas);
  context.fillStyle = `rgb(${ink.join(" ")} / 0.22)`;
  for (const { x, y } of pixels) context.fillRect(x - 1, y - 1, 2, 2);
}

function cleared(canvas) {
  const size = canvas.clientWidth;
  const scale = devicePixelRatio;
  canvas.width = canvas.height = Math.round(size * scale);
  const context = canvas.getContext("2d");
  context.scale(scale, scale);
  const ink = getComputedStyle(canvas).color.match(/[\d.]+/g).slice(0, 3).map(Number);
  return { context, size, ink };
}
