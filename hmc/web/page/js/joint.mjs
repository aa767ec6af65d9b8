// Draws of two coordinates: the cloud in the plane, and along its edges both marginals, on the plane's own scales.

import { makeChart } from "./chart.mjs";
import { makeCloudPlane, shownColumn } from "./cloudplane.mjs";
import { labelOf } from "./coordinates.mjs";
import { element } from "./dom.mjs";
import { binsFor, drawMarginal, histogramOf } from "./marginal.mjs";

/** @param {any} engine
 * @param {(coordinate: import("./coordinates.mjs").Coordinate) => import("./marginal.mjs").Exact} exactOf */
export function makeJoint(engine, exactOf) {
  let gathering = null;
  const cloud = makeCloudPlane(engine);
  const drawSide = (sheet, axis) => {
    const frame = cloud.frame(), each = frame?.pair[axis];
    if (!each || each.ofMomentum || gathering === null) return;
    const heights = histogramOf(columnsOf(gathering, each, frame.isConstrained), frame.ranges[axis], binsFor(gathering.chains * gathering.draws));
    drawMarginal(sheet, { heights, range: frame.ranges[axis], exact: exactOf(each), isUpright: axis === 0 });
  };
  const sides = ["across", "upwards"].map((name, axis) => makeChart(`marginal ${name}`, "", (sheet) => drawSide(sheet, axis)));
  return {
    root: element("div", { class: "joint" }, sides[0].root, cloud.root, sides[1].root),
    frame: cloud.frame,
    /** Show two coordinates; resolves to whether they are the last that were asked for. */
    async show(model, pair, isConstrained, draws) {
      pair.forEach((each, axis) => {
        sides[axis].root.hidden = each.ofMomentum;
        sides[axis].canvas.setAttribute("aria-label", `Histogram of the draws of ${labelOf(each, isConstrained)}`);
      });
      return cloud.show(model, pair.map(({ name }) => name), isConstrained, draws);
    },
    /** Show the draws of a run. */
    gather(shown) {
      gathering = shown;
      cloud.gather(shown);
    },
    /** Draw what was added. */
    paint() {
      cloud.paint();
      for (const side of sides) side.redraw();
    },
  };
}

/** The draws of a coordinate in all chains, as shown; so many of each, if given.
 * @param {import("./gathering.mjs").Gathering} gathering @param {import("./coordinates.mjs").Coordinate} coordinate
 * @param {boolean} isConstrained @param {number} [count] @returns {Float64Array[]} */
export function columnsOf(gathering, coordinate, isConstrained, count) {
  return Array.from({ length: gathering.chains }, (_, chain) => shownColumn(gathering, coordinate, chain, isConstrained, count));
}
