// Beneath the plane, over the same axis of time: each leaf's energy error, and the tree of joins.

import { element, setAttributes, shape } from "./dom.mjs";
import { grouped } from "./grouped.mjs";
import { short } from "./numbers.mjs";
import { colourClass } from "./plane.mjs";
import { isAstray, wayOf } from "./trajectory.mjs";

const ERRORS = 64, TREE = 92, GAP = 10, SIDE = 44; // pixels
const LARGEST = 5; // energy error that is drawn to scale: a leaf beyond it has next to no weight
const HEIGHT = ERRORS + GAP + TREE;

export function makeStrip() {
  const svg = shape("svg", { class: "strip", role: "img", height: HEIGHT });
  return { root: element("div", { class: "strip-room" }, svg), svg };
}

/** Draw a transition as far as it has gone.
 * @param {SVGElement} svg @param {number} width
 * @param {any} recorded  the whole transition, whose leaves set the scales, so that nothing moves while it grows
 * @param {ReturnType<typeof import("./timeline.mjs").soFar>} so */
export function drawStrip(svg, width, recorded, so) {
  const numbers = recorded.leaves.map(({ number }) => number);
  const [low, high] = [Math.min(...numbers), Math.max(...numbers)];
  const spacing = Math.min(26, (width - 2 * SIDE) / Math.max(1, high - low));
  const left = SIDE + 0.5 * (width - 2 * SIDE - spacing * (high - low));
  const x = (number) => left + spacing * (number - low);
  setAttributes(svg, { viewBox: `0 0 ${width} ${HEIGHT}`, "aria-label": words(so) });
  svg.replaceChildren(...errors(width, x, recorded, so), ...tree(width, x, recorded, so));
}

const words = ({ leaves, last, joins }) =>
  `Energy error of ${leaves.length} leaves, the last ${short(last.energy_error)}; tree of ${joins.length} joins`;

function errors(width, x, recorded, so) {
  const sizes = recorded.leaves.map((leaf) => Math.abs(leaf.energy_error));
  const most = Math.min(LARGEST, Math.max(0.05, ...sizes.filter(Number.isFinite)));
  const middle = 0.5 * ERRORS;
  const clipped = (error) => (Number.isNaN(error) ? 1.08 : Math.max(-1.08, Math.min(1.08, error / most)));
  const y = (error) => middle - clipped(error) * (middle - 8);
  const made = [
    shape("line", { class: "zero", x1: SIDE - 8, x2: width - 8, y1: middle, y2: middle }),
    shape("text", { class: "label", x: 0, y: 12 }, "energy error"),
    shape("text", { class: "label", x: SIDE - 12, y: middle + 4, "text-anchor": "end" }, "0"),
    shape("text", { class: "label", x: width, y: 12, "text-anchor": "end" }, `± ${short(most)}`),
  ];
  const stems = (leaf) => `M${x(leaf.number)} ${middle}V${y(leaf.energy_error)}`;
  made.push(...inColours(so.leaves, classOfLeaf, "stem", stems));
  made.push(...inColours(so.leaves, classOfLeaf, "beads", (leaf) => dot(x(leaf.number), y(leaf.energy_error))));
  const way = (leaf) => onTheWay(leaf, so.start.energy).map(([number, error]) => dot(x(number), y(error))).join("");
  made.push(...inColours(so.leaves, classOfLeaf, "micro", way));
  made.push(shape("circle", { class: "ring last", cx: x(so.last.number), cy: y(so.last.energy_error), r: 6 }));
  return made;
}

/** Between the leaf before and this one: [where on the axis, energy error] of each leapfrog step but the last. */
function onTheWay(leaf, startEnergy) {
  const energies = wayOf(leaf)?.energies ?? [];
  const from = leaf.number - Math.sign(leaf.number);
  return Array.from(energies).slice(0, -1).map((energy, k) => [from + (Math.sign(leaf.number) * (k + 1)) / energies.length, energy - startEnergy]);
}

function tree(width, x, recorded, so) {
  const ground = HEIGHT - 26;
  const levels = Math.max(1, ...recorded.joins.map(levelOf));
  const y = (level) => ground - (level / levels) * (TREE - 44);
  const title = recorded.algorithm === "hmc" ? "path" : "tree";
  const made = [shape("text", { class: "label", x: 0, y: ERRORS + GAP + 4 }, title)];
  const branch = (join) => {
    const [from, to] = [join.earlier, join.later].map((stretch) => 0.5 * (x(stretch[0]) + x(stretch[1])));
    const [under, beside] = [join.earlier, join.later].map((stretch) => y(levelOfSpan(stretch)));
    return `M${from} ${under}V${y(levelOf(join))}H${to}V${beside}`;
  };
  made.push(...inColours(so.joins, classOfJoin, "branch", branch));
  const { join } = so.now;
  if (join) made.push(shape("path", { class: `branch now ${classOfJoin(join)}`, d: branch(join) }));
  made.push(...inColours(so.leaves, classOfLeaf, "beads", (leaf) => dot(x(leaf.number), ground)));
  const ring = so.isOver ? "chosen" : "proposal";
  made.push(shape("circle", { class: `ring ${ring}`, cx: x(so.proposal), cy: ground, r: 7 }));
  const numbers = so.leaves.map(({ number }) => number);
  for (const number of new Set([Math.min(...numbers), 0, Math.max(...numbers)])) {
    const attributes = { class: "label", x: x(number), y: HEIGHT - 4, "text-anchor": "middle" };
    made.push(shape("text", attributes, String(number).replace("-", "−")));
  }
  return made;
}

/** One path for all that have a colour: a long transition has a thousand leaves.
 * @param {any[]} things @param {(thing: any) => string} classOf @param {string} name
 * @param {(thing: any) => string} outline */
function inColours(things, classOf, name, outline) {
  return [...grouped(things, classOf)].map(([colour, all]) =>
    shape("path", { class: `${name} ${colour}`, d: all.map(outline).join("") }));
}

const classOfLeaf = (leaf) => (isAstray(leaf) ? "astray" : colourClass(leaf.doubling));
const classOfJoin = (join) => (join.is_turning ? "turning" : colourClass(join.doubling));
const dot = (x, y) => `M${x} ${y}h0`;
const levelOfSpan = ([first, last]) => Math.log2(Math.abs(last - first) + 1);
const levelOf = ({ earlier, later }) => {
  const ends = [...earlier, ...later];
  return levelOfSpan([Math.min(...ends), Math.max(...ends)]);
};
