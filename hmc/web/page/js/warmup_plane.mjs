// A warm-up in the plane: where the chain has been, and its metric as an ellipse around the middle of the target.

import { drawCloud, drawDensity } from "./backdrop.mjs";
import { shape } from "./dom.mjs";
import { ellipsePoints } from "./ellipse.mjs";
import { drawAxes, fitPlane } from "./plane.mjs";

const WAY = 12; // transitions whose way is drawn
const FAR = 9999; // pixels

/** Draw what lies behind. @param {ReturnType<typeof import("./plane.mjs").makePlane>} plane @param {any} scene */
export function drawSceneOf(plane, { frame, grid, cloud }) {
  fitPlane(plane, frame.size);
  drawAxes(plane.layers.axes, frame);
  if (grid) drawDensity(plane.canvas, grid);
  else drawCloud(plane.canvas, cloud.map((draw) => frame.pixelOf(frame.rawOf({ position: draw }))));
}

/** Draw a warm-up after transition k; -1: before the first, where the metric is not known yet.
 * @param {ReturnType<typeof import("./plane.mjs").makePlane>} plane @param {any} scene @param {any} watched @param {number} k */
export function drawWarmup({ layers }, { frame, centre }, { points, indices, ellipses }, k) {
  const width = indices.length;
  const pixel = (n) => {
    const position = [];
    indices.forEach((index, k) => (position[index] = points[width * n + k]));
    return frame.pixelOf(frame.rawOf({ position, momentum: [0] }));
  };
  const pixels = Array.from({ length: k + 1 }, (_, n) => pixel(n));
  const way = pixels.slice(-WAY);
  layers.past.replaceChildren(shape("path", { class: "draws been", d: dotsAt(pixels) }));
  layers.path.replaceChildren(
    shape("path", { class: "steps way", d: way.map((each, n) => `${n ? "L" : "M"}${pointOf(each)}`).join("") }),
    shape("path", { class: "leaves way", d: dotsAt(way.slice(-1)) }));
  const isPlane = k >= 0 && frame.isInvertible && !frame.pair.some(({ ofMomentum }) => ofMomentum);
  layers.checks.replaceChildren(...(isPlane ? [1, 2] : []).map((radius) => {
    const ring = ellipsePoints(ellipses.subarray(3 * k, 3 * k + 3), centre, radius).map((point) => frame.pixelOf(point));
    return shape("path", { class: `metric-ring ring-${radius}`, d: `M${ring.map(pointOf).join("L")}Z` });
  }));
}

const inSight = (pixel) => (Number.isFinite(pixel) ? Math.max(-FAR, Math.min(FAR, pixel)).toFixed(1) : String(-FAR));
const pointOf = ({ x, y }) => `${inSight(x)} ${inSight(y)}`;
const dotsAt = (pixels) => pixels.map((each) => `M${pointOf(each)}h0`).join("");
