// The traces of two coordinates, with their names.

import { makeChart } from "./chart.mjs";
import { labelOf } from "./coordinates.mjs";
import { element } from "./dom.mjs";
import { columnsOf } from "./joint.mjs";
import { drawTrace } from "./trace.mjs";

/** @param {() => import("./frame.mjs").Frame | null} frameOf */
export function makeTraces(frameOf) {
  let gathering = null;
  const draw = (sheet, axis) => {
    const frame = frameOf(), each = frame?.pair[axis];
    if (!each || each.ofMomentum || gathering === null) return;
    const columns = columnsOf(gathering, each, frame.isConstrained);
    const divergent = columns.map((_, chain) => gathering.divergent(chain));
    drawTrace(sheet, { columns, divergent, draws: gathering.draws, range: frame.ranges[axis] });
  };
  const charts = [0, 1].map((axis) => makeChart("trace", "", (sheet) => draw(sheet, axis)));
  const titles = charts.map(() => element("h2", {}));
  const sections = charts.map(({ root }, axis) => element("section", {}, titles[axis], root));
  return {
    sections,
    show(pair, isConstrained) {
      pair.forEach((each, axis) => {
        const name = labelOf(each, isConstrained);
        sections[axis].hidden = each.ofMomentum;
        titles[axis].textContent = `Trace of ${name}`;
        charts[axis].canvas.setAttribute("aria-label", `Trace of ${name}: the draws of each chain in their order`);
      });
    },
    gather: (shown) => (gathering = shown),
    redraw: () => charts.forEach((chart) => chart.redraw()),
  };
}
