// Draws of a run in the plane of two coordinates, over the target's density where it has no others; divergent ones on top.

import { drawDensity } from "./backdrop.mjs";
import { shownOf } from "./coordinates.mjs";
import { element } from "./dom.mjs";
import { makeFrame } from "./frame.mjs";
import { drawAxes, fitPlane, makePlane } from "./plane.mjs";
import { sceneOf } from "./scene.mjs";
import { chainColour } from "./trace.mjs";

const DOT = 2.5; // pixels
const ORDER = { name: "draw", ofMomentum: true, kind: 0 }; // what stands upwards where a model has one coordinate

/** The values of a coordinate in a chain, as they are shown.
 * @param {import("./gathering.mjs").Gathering} gathering @param {import("./coordinates.mjs").Coordinate} coordinate
 * @param {number} chain @param {boolean} isConstrained @param {number} [count] @returns {Float64Array} */
export function shownColumn(gathering, coordinate, chain, isConstrained, count = gathering.countOf(chain)) {
  if (coordinate.ofMomentum) return Float64Array.from({ length: count }, (_, k) => k);
  if (!isConstrained || coordinate.kind === 0) return gathering.column(chain, coordinate.index, count);
  const columns = new Map(coordinate.indices.map((index) => [index, gathering.column(chain, index, count)]));
  return Float64Array.from({ length: count }, (_, k) => shownOf(coordinate, true, (index) => columns.get(index)[k]));
}

/** A plane for draws.
 * @param {any} engine @param {(chain: number) => string} colourOf  a chain's number to the property of its colour */
export function makeCloudPlane(engine, colourOf = chainColour) {
  const plane = makePlane();
  const [cloud, divergent] = ["cloud", "divergent"].map((name) => element("canvas", { class: name, "aria-hidden": "true" }));
  plane.canvas.after(cloud, divergent);
  let scene = null, frame = null, wanted = 0, gathering = null, painted = [];

  /** Draw everything anew, at the size that the plane has now. */
  const redraw = () => {
    const size = plane.root.clientWidth;
    if (scene === null || size === 0) return;
    frame = makeFrame(scene.frame.pair, scene.frame.isConstrained, scene.frame.ranges, size);
    fitPlane(plane, size);
    drawAxes(plane.layers.axes, frame);
    if (scene.grid) drawDensity(plane.canvas, scene.grid);
    else plane.canvas.width = 0;
    for (const canvas of [cloud, divergent]) {
      canvas.width = canvas.height = Math.round(size * devicePixelRatio);
      canvas.getContext("2d").scale(devicePixelRatio, devicePixelRatio);
    }
    painted = [];
    paint();
  };
  /** Draw what was added since. */
  const paint = () => {
    if (frame === null || gathering === null) return;
    const style = getComputedStyle(plane.root);
    const above = divergent.getContext("2d"), below = cloud.getContext("2d");
    above.fillStyle = style.getPropertyValue("--bad");
    below.globalAlpha = 0.55;
    for (let chain = 0; chain < gathering.chains; chain++) {
      const first = painted[chain] ?? 0, end = gathering.countOf(chain);
      const columns = frame.pair.map((each) => shownColumn(gathering, each, chain, frame.isConstrained));
      below.fillStyle = style.getPropertyValue(colourOf(chain));
      const place = (k) => frame.pixelOfShown([columns[0][k], columns[1][k]]);
      for (let k = first; k < end; k++) {
        const { x, y } = place(k);
        below.fillRect(x - DOT / 2, y - DOT / 2, DOT, DOT);
      }
      const numbers = gathering.divergent(chain);
      for (let n = numbers.length - 1; n >= 0 && numbers[n] >= first; n--) {
        const { x, y } = place(numbers[n]);
        above.beginPath();
        above.arc(x, y, 2.5, 0, 2 * Math.PI);
        above.fill();
      }
      painted[chain] = end;
    }
  };
  new ResizeObserver(redraw).observe(plane.root);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);

  return {
    root: plane.root,
    layers: plane.layers,
    frame: () => frame,
    /** Show the plane of two coordinates; resolves to whether it is the last that was asked for. `among`: models that
     * share its ranges. */
    async show(model, names, isConstrained, draws, among = [model]) {
      const turn = ++wanted;
      const made = await sceneOf(engine, model, names, isConstrained, plane.root.clientWidth || 1, { among });
      if (turn !== wanted) return false;
      scene = engine.described(model).coordinates[1].ofMomentum ? inOrder(made, draws) : made;
      redraw();
      return true;
    },
    /** Show the draws of a run from now on. @param {import("./gathering.mjs").Gathering | null} shown */
    gather(shown) {
      gathering = shown;
      redraw();
    },
    paint,
  };
}

/** A scene of one coordinate: the draws one above the other, in their order. */
function inOrder(scene, draws) {
  const { pair, isConstrained, ranges, size } = scene.frame;
  const isFirst = pair[0].ofMomentum;
  const order = [0, draws];
  const both = isFirst ? [ORDER, pair[1]] : [pair[0], ORDER];
  return { ...scene, grid: null, frame: makeFrame(both, isConstrained, isFirst ? [order, ranges[1]] : [ranges[0], order], size) };
}
