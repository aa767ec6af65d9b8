// The plane: the path of a transition over the target, with what the sampler looks at.

import { labelOf } from "./coordinates.mjs";
import { element, setAttributes, shape } from "./dom.mjs";
import { ticksOf } from "./frame.mjs";
import { grouped } from "./grouped.mjs";
import { velocityOf } from "./metrics.mjs";
import { isAstray, leafOf, wayOf } from "./trajectory.mjs";

const ARROW = 0.5; // units of time that an arrow lasts
const NARROW = 34; // pixels kept free at the left and below for the axes' numbers

/** The elements of a plane: a canvas for what lies behind, and layers of SVG, from below. */
export function makePlane() {
  const canvas = element("canvas", { class: "backdrop", "aria-hidden": "true" });
  const names = ["axes", "past", "path", "checks", "handles"];
  const layers = Object.fromEntries(names.map((name) => [name, shape("g", { class: name })]));
  const attributes = { class: "drawing", role: "group", "aria-label": "The plane of the two coordinates" };
  const svg = shape("svg", attributes, arrowHeads(), ...Object.values(layers));
  return { root: element("div", { class: "plane" }, canvas, svg), canvas, svg, layers };
}

/** What the marks of a plane mean. */
export function makeKey() {
  const mark = (words, drawn, name = "") =>
    element("span", { class: name }, shape("svg", { viewBox: "0 0 14 14", "aria-hidden": "true" }, drawn), words);
  const circle = (name, r) => shape("circle", { class: name, cx: 7, cy: 7, r });
  return element("p", { class: "marks" },
    mark("start (drag)", shape("g", { class: "handle of-start" }, circle("knob", 5)), "of-drag"),
    element("span", { class: "of-vector" }, "nothing can be dragged on the scale of a vector"),
    mark("momentum (drag)", shape("g", { class: "handle" }, circle("knob", 5)), "of-plane"),
    mark("metric, 2 sd", shape("path", { class: "ellipse", d: "M1 7a6 6 0 1 1 12 0a6 6 0 1 1 -12 0" }), "of-plane"),
    mark("leapfrog steps within a step", shape("path", { class: "micro", d: "M1 7h0M5 7h0M9 7h0M13 7h0" }), "of-macro"),
    mark("a try, or a look back", shape("path", { class: "try", d: "M0 7h14" }), "of-macro"),
    mark("proposal", circle("ring proposal", 6)),
    mark("draw", circle("ring chosen", 6)));
}

/** Heads of arrows, in the colour of their lines. */
function arrowHeads() {
  const size = { viewBox: "0 0 8 8", refX: 6, refY: 4, markerWidth: 7, markerHeight: 7 };
  const head = shape("marker", { id: "head", orient: "auto-start-reverse", ...size },
    shape("path", { d: "M1 1 L7 4 L1 7", fill: "none", stroke: "context-stroke", "stroke-width": 1.4 }));
  return shape("defs", {}, head);
}

/** Draw the axes of a frame: round numbers at the left and below, and the coordinates' names.
 * @param {SVGElement} layer @param {import("./frame.mjs").Frame} frame */
export function drawAxes(layer, { pair, ranges, size, isConstrained, pixelOfShown }) {
  const marks = [];
  const count = size < 260 ? 3 : 5;
  for (const tick of ticksOf(ranges[0], count)) {
    const { x } = pixelOfShown([tick, ranges[1][0]]);
    if (x > NARROW && x < size - 12)
      marks.push(shape("text", { x, y: size - 8, "text-anchor": "middle" }, label(tick)));
  }
  for (const tick of ticksOf(ranges[1], count)) {
    const { y } = pixelOfShown([ranges[0][0], tick]);
    if (y > 30 && y < size - NARROW) marks.push(shape("text", { x: 8, y: y + 4 }, label(tick)));
  }
  marks.push(shape("text", { x: size - 10, y: size - 24, "text-anchor": "end", class: "name" }, labelOf(pair[0], isConstrained)));
  marks.push(shape("text", { x: 10, y: 20, class: "name" }, labelOf(pair[1], isConstrained)));
  layer.replaceChildren(...marks);
}

const label = (tick) => String(tick).replace("-", "−");

/** Draw the draws of the transitions before.
 * @param {SVGElement} layer @param {import("./frame.mjs").Frame} frame @param {any[]} before  recorded transitions */
export function drawPast(layer, frame, before) {
  const draws = before.map((recorded) => frame.pixelOf(frame.rawOf(leafOf(recorded, recorded.chosen))));
  layer.replaceChildren(shape("path", { class: "draws", d: dots(draws) }));
}

/** Draw a transition as far as it has gone.
 * @param {SVGElement} layer @param {import("./frame.mjs").Frame} frame
 * @param {ReturnType<typeof import("./timeline.mjs").soFar>} so */
export function drawPath(layer, frame, so) {
  const place = new Map(so.leaves.map((leaf) => [leaf.number, frame.pixelOf(frame.rawOf(leaf))]));
  const walked = walkedOf(frame);
  const doublings = grouped(so.leaves, ({ doubling }) => doubling);
  const drawn = [];
  for (const [doubling, leaves] of doublings) {
    const between = leaves.map((leaf) => (wayOf(leaf)?.is_tight ? walked(wayOf(leaf)).slice(0, -1) : [])); // the last is the leaf
    const from = ({ number }) => place.get(number - Math.sign(number));
    const step = (leaf, k) => line([from(leaf), ...between[k], place.get(leaf.number)]);
    const colour = colourClass(doubling);
    drawn.push(shape("path", { class: `steps ${colour}`, d: leaves.map(step).join("") }));
    drawn.push(shape("path", { class: `micro ${colour}`, d: dots(between.flat()) }));
    drawn.push(shape("path", { class: `leaves ${colour}`, d: dots(leaves.map(({ number }) => place.get(number))) }));
  }
  drawn.push(...tries(frame, so, walked));
  const astray = so.leaves.find(isAstray);
  if (astray) drawn.push(shape("path", { class: "diverging", d: cross(place.get(astray.number)) }));
  drawn.push(ring("last", place.get(so.last.number), 7));
  drawn.push(ring(so.isOver ? "chosen" : "proposal", place.get(so.proposal), 9));
  layer.replaceChildren(...drawn);
}

/** Where the leapfrog steps of a walk led, in pixels; of none, and where momenta are shown, which walks do not have, none.
 * @param {import("./frame.mjs").Frame} frame @returns {(walk: any) => import("./frame.mjs").Pixel[]} */
function walkedOf(frame) {
  if (frame.pair.some(({ ofMomentum }) => ofMomentum)) return () => [];
  return (walk) => Array.from({ length: walk?.energies.length ?? 0 }, (_, k) => {
    const dimension = walk.positions.length / walk.energies.length;
    return frame.pixelOf(frame.rawOf({ position: walk.positions.slice(k * dimension, (k + 1) * dimension) }));
  });
}

/** The walks of the macro step under way that do not become a step: from the leaf before, or back from its end. */
function tries(frame, { tries: walks, leaves, now }, walked) {
  if (walks.length === 0) return [];
  const to = now.to ?? now.leaf;
  const before = frame.pixelOf(frame.rawOf(leaves.find(({ number }) => number === to.number - Math.sign(to.number))));
  const end = frame.pixelOf(frame.rawOf(to));
  return walks.flatMap((walk) => {
    const pixels = walked(walk);
    const way = shape("path", { class: walk === now.walk ? "try now" : "try", d: line([walk.is_back ? end : before, ...pixels]) });
    return [way, shape("path", { class: "micro", d: dots(pixels) })];
  });
}

/** The class that gives a doubling its colour. @param {number} doubling */
export const colourClass = (doubling) => `doubling-${Math.min(doubling, 10)}`;

/** Draw what the last U-turn check looks at: the momentum at both ends of the stretch, and rho, their sum's way.
 * @param {SVGElement} layer @param {import("./frame.mjs").Frame} frame
 * @param {ReturnType<typeof import("./timeline.mjs").soFar>} so @param {import("./metrics.mjs").InverseMetric} inverse */
export function drawChecks(layer, frame, so, inverse) {
  const check = so.now.join?.checks[0];
  const isPhase = frame.pair.some(({ ofMomentum }) => ofMomentum); // momenta are a coordinate there, not an arrow
  if (!check || isPhase) return layer.replaceChildren();
  const [low, high] = [check.first, check.last].sort((a, b) => a - b);
  const stretch = so.leaves.filter(({ number }) => number >= low && number <= high);
  const rho = sumOf(stretch.map(({ momentum }) => momentum));
  const mean = rho.map((value) => value / stretch.length);
  const drawn = [];
  for (const [number, along] of [[check.first, check.along_first], [check.last, check.along_last]]) {
    const leaf = so.leaves.find((each) => each.number === number);
    drawn.push(arrow(frame, leaf.position, velocityOf(inverse, mean), "rho"));
    const name = along > 0 ? "momentum" : "momentum against";
    drawn.push(arrow(frame, leaf.position, velocityOf(inverse, leaf.momentum), name));
  }
  layer.replaceChildren(...drawn);
}

function sumOf(rows) {
  const sum = new Float64Array(rows[0].length);
  for (const row of rows) row.forEach((value, i) => (sum[i] += value));
  return sum;
}

/** Where the arrow of a velocity at a position ends, as `rawOf` gives it.
 * @param {import("./frame.mjs").Frame} frame @param {ArrayLike<number>} position @param {ArrayLike<number>} velocity */
export function tipOf(frame, position, velocity) {
  const tip = Float64Array.from(position, (value, i) => value + ARROW * velocity[i]);
  return frame.rawOf({ position: tip, momentum: tip });
}

/** The velocity of an arrow's part in the plane that ends there.
 * @param {import("./frame.mjs").Frame} frame @param {ArrayLike<number>} position @param {number[]} tip */
export const velocityTo = ({ pair }, position, tip) =>
  pair.map(({ index }, k) => (tip[k] - position[index]) / ARROW);

function arrow(frame, position, velocity, name) {
  const [from, to] = [frame.rawOf({ position }), tipOf(frame, position, velocity)].map(frame.pixelOf);
  return shape("path", { class: `arrow ${name}`, d: `M${at(from)}L${at(to)}`, "marker-end": "url(#head)" });
}

const at = ({ x, y }) => `${clipped(x)} ${clipped(y)}`;
const clipped = (value) => (Number.isFinite(value) ? Math.max(-1e4, Math.min(1e4, value)).toFixed(2) : "-9999");
const line = (pixels) => pixels.map((pixel, k) => `${k === 0 ? "M" : "L"}${at(pixel)}`).join("");
const dots = (pixels) => pixels.map((pixel) => `M${at(pixel)}h0`).join("");
const cross = (pixel) => `M${at(pixel)}m-6 -6l12 12m0 -12l-12 12`;
const ring = (name, { x, y }, r) => shape("circle", { class: `ring ${name}`, cx: clipped(x), cy: clipped(y), r });

/** Fit a plane's drawing to its size. @param {ReturnType<typeof makePlane>} plane @param {number} size */
export function fitPlane({ svg }, size) {
  setAttributes(svg, { viewBox: `0 0 ${size} ${size}` });
}
