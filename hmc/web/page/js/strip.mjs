// Beneath the plane, over the same axis of time: each leaf's energy error, and the tree of joins.

import { element, setAttributes, shape } from "./dom.mjs";
import { short } from "./numbers.mjs";
import { colourClass } from "./plane.mjs";

const ERRORS = 84, TREE = 112, GAP = 22, SIDE = 44; // pixels
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
  const finite = recorded.leaves.map((leaf) => leaf.energy_error).filter((error) => Number.isFinite(error) && Math.abs(error) < 1000);
  const most = Math.max(0.05, ...finite.map(Math.abs));
  const middle = 0.5 * ERRORS;
  const y = (error) => middle - (Math.max(-1.08, Math.min(1.08, Number.isNaN(error) ? 1.08 : error / most)) * (middle - 8));
  const made = [
    shape("line", { class: "zero", x1: SIDE - 8, x2: width - 8, y1: middle, y2: middle }),
    shape("text", { class: "label", x: 0, y: 12 }, "energy error"),
    shape("text", { class: "label", x: SIDE - 12, y: middle + 4, "text-anchor": "end" }, "0"),
    shape("text", { class: "label", x: width, y: 12, "text-anchor": "end" }, `± ${short(most)}`),
  ];
  const stems = (leaf) => `M${x(leaf.number)} ${middle}V${y(leaf.energy_error)}`;
  made.push(...inColours(so.leaves, classOfLeaf, "stem", stems));
  made.push(...inColours(so.leaves, classOfLeaf, "beads", (leaf) => dot(x(leaf.number), y(leaf.energy_error))));
  made.push(shape("circle", { class: "ring last", cx: x(so.last.number), cy: y(so.last.energy_error), r: 6 }));
  return made;
}

function tree(width, x, recorded, so) {
  const ground = HEIGHT - 26;
  const levels = Math.max(1, ...recorded.joins.map(levelOf));
  const y = (level) => ground - (level / levels) * (TREE - 44);
  const made = [shape("text", { class: "label", x: 0, y: ERRORS + GAP + 4 }, recorded.algorithm === "nuts" ? "tree" : "path")];
  const branch = (join) => {
    const [from, to] = [join.earlier, join.later].map((stretch) => 0.5 * (x(stretch[0]) + x(stretch[1])));
    const [under, beside] = [join.earlier, join.later].map((stretch) => y(levelOfSpan(stretch)));
    return `M${from} ${under}V${y(levelOf(join))}H${to}V${beside}`;
  };
  made.push(...inColours(so.joins, classOfJoin, "branch", branch));
  if (so.now.join) made.push(shape("path", { class: `branch now ${classOfJoin(so.now.join)}`, d: branch(so.now.join) }));
  made.push(...inColours(so.leaves, classOfLeaf, "beads", (leaf) => dot(x(leaf.number), ground)));
  made.push(shape("circle", { class: `ring ${so.isOver ? "chosen" : "proposal"}`, cx: x(so.proposal), cy: ground, r: 7 }));
  for (const number of new Set([so.leaves.map((leaf) => leaf.number).sort((i, j) => i - j)].flatMap((all) => [all[0], 0, all.at(-1)])))
    made.push(shape("text", { class: "label", x: x(number), y: HEIGHT - 4, "text-anchor": "middle" }, String(number).replace("-", "−")));
  return made;
}

/** One path for all that have a colour: a long transition has a thousand leaves.
 * @param {any[]} things @param {(thing: any) => string} classOf @param {string} name @param {(thing: any) => string} outline */
function inColours(things, classOf, name, outline) {
  return [...Map.groupBy(things, classOf)].map(([colour, all]) => shape("path", { class: `${name} ${colour}`, d: all.map(outline).join("") }));
}

const classOfLeaf = (leaf) => (leaf.diverging ? "astray" : colourClass(leaf.doubling));
const classOfJoin = (join) => (join.is_turning ? "turning" : colourClass(join.doubling));
const dot = (x, y) => `M${x} ${y}h0`;
const levelOfSpan = ([first, last]) => Math.log2(Math.abs(last - first) + 1);
const levelOf = ({ earlier, later }) => {
  const ends = [...earlier, ...later];
  return levelOfSpan([Math.min(...ends), Math.max(...ends)]);
};
