// The row of a cafe: what is believed of its mean wait, and its visits as dots that can be set and dragged.

import { makeChart } from "../chart.mjs";
import { element, setAttributes, shape } from "../dom.mjs";
import { drawMarginal } from "../marginal.mjs";
import { LONGEST } from "./cafes.mjs";

const HELD = 14; // pixels around a dot in which a press takes it
const HIGHEST = 62; // pixels of dots one above the other; more of them are closer
const CLOSE = 5; // pixels; dots that are closer have no rim, which would cover the others
const TWICE = 400; // milliseconds between the presses of a double click
const KEYS = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 };

/** @typedef {{visit: number, wait: number}} Dot  the number of the visit, and its minutes
 * @param {number | null} cafe  from 1; null: a new cafe, which nobody visits
 * @param {{add: (cafe: number, wait: number) => number, move: (visit: number, wait: number) => void,
 *   remove: (visit: number) => void}} visits  what is done to them; `add` gives the number of the new one */
export function makeCafeRow(cafe, visits) {
  const name = cafe === null ? "A new cafe" : `Cafe ${cafe}`;
  let belief = null, exact = null, dots = [];
  const chart = makeChart("belief", `Posterior of the mean wait at ${name.toLowerCase()}`, (sheet) => {
    const curve = exact && { from: exact.from, to: exact.to, heights: exact.heights };
    const heights = belief?.heights ?? new Float64Array(1);
    if (belief || curve) drawMarginal(sheet, { heights, range: [0, LONGEST], exact: { curve }, isUpright: true });
  });
  const svg = shape("svg", { class: "visits" });
  const numbers = element("p", { class: "numbers" });
  const count = element("span", { class: "count" });
  const visit = element("button", {
    type: "button", "aria-label": `Visit cafe ${cafe}`,
    onclick: () => svg.querySelector(`[data-visit="${visits.add(cafe, 4)}"]`)?.focus(),
  }, "Visit");
  const field = element("div", { class: cafe === null ? "field-of-visits still" : "field-of-visits" }, chart.root, svg);
  const root = element("div", { class: cafe === null ? "cafe-row new-cafe" : "cafe-row" },
    element("div", { class: "name" }, element("strong", {}, name), count, ...(cafe === null ? [] : [visit])), field, numbers);
  if (cafe !== null) listenToPointer();

  /** The wait at a place of the row. */
  function waitAt(event) {
    const box = svg.getBoundingClientRect();
    return Math.max(0, Math.min(LONGEST, Math.round(((event.clientX - box.left) / box.width) * LONGEST)));
  }
  function listenToPointer() {
    let held = null, before = { visit: null, at: 0 }; // the press before, if it was on a dot that stood there
    svg.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      const box = svg.getBoundingClientRect();
      const away = (dot) => Math.hypot(event.clientX - box.left - (dot.wait / LONGEST) * box.width, event.clientY - box.top - heightOf(dot));
      const near = dots.filter((dot) => away(dot) < HELD).sort((a, b) => away(a) - away(b))[0];
      if (near && near.visit === before.visit && event.timeStamp - before.at < TWICE) return visits.remove(near.visit);
      before = { visit: near?.visit ?? null, at: event.timeStamp };
      held = near ? near.visit : visits.add(cafe, waitAt(event));
      if (held === null) return;
      svg.setPointerCapture(event.pointerId);
      event.preventDefault();
      svg.querySelector(`[data-visit="${held}"]`)?.focus({ preventScroll: true });
    });
    svg.addEventListener("pointermove", (event) => {
      if (held === null || waitAt(event) === dots.find(({ visit: each }) => each === held)?.wait) return;
      before.visit = null; // the press was no click, but began a drag
      visits.move(held, waitAt(event));
    });
    for (const end of ["pointerup", "pointercancel"]) svg.addEventListener(end, () => (held = null));
  }
  function onKey(event) {
    const visitNow = Number(event.currentTarget.dataset.visit);
    const dot = dots.find((each) => each.visit === visitNow);
    if (event.key in KEYS) visits.move(visitNow, Math.max(0, Math.min(LONGEST, dot.wait + KEYS[event.key])));
    else if (event.key === "Delete" || event.key === "Backspace") {
      visits.remove(visitNow);
      (svg.lastElementChild ?? visit).focus(); // the keyboard stays in the row
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }
  /** Dots keep their elements, and the keyboard with them. */
  function showDots() {
    const old = new Map([...svg.children].map((each) => [each.dataset.visit, each]));
    const shown = dots.map((dot) => {
      const made = old.get(String(dot.visit)) ?? shape("circle", {
        r: 5, tabindex: 0, role: "slider", "data-visit": dot.visit,
        "aria-valuemin": 0, "aria-valuemax": LONGEST, onkeydown: onKey,
      });
      setAttributes(made, {
        cx: `${(100 * dot.wait) / LONGEST}%`, cy: heightOf(dot), class: dot.apart < CLOSE ? "visit close" : "visit", "aria-valuenow": dot.wait,
        "aria-label": `Visit ${dot.visit + 1}, cafe ${cafe}, minutes`,
      });
      return made;
    });
    for (const [visitOf, made] of old) if (!dots.some((dot) => String(dot.visit) === visitOf)) made.remove();
    shown.forEach((made) => made.parentNode === svg || svg.append(made));
  }
  return {
    root,
    /** @param {Dot[]} seen @param {boolean} isFull  whether no visit can be added */
    showVisits(seen, isFull) {
      const heights = new Map();
      dots = seen.map((dot) => {
        const below = heights.get(dot.wait) ?? 0;
        heights.set(dot.wait, below + 1);
        return { ...dot, below };
      }).map((dot) => ({ ...dot, apart: Math.min(9, HIGHEST / (heights.get(dot.wait) - 1)) }));
      visit.disabled = isFull;
      showDots();
      count.textContent = cafe === null ? "never visited" : `${dots.length} visit${dots.length === 1 ? "" : "s"}`;
    },
    /** @param {{heights: Float64Array, median: number} | null} shown */
    showBelief(shown) {
      belief = shown;
      tell();
      chart.redraw();
    },
    /** @param {{from: number, to: number, heights: Float64Array} | null} shown */
    showExact(shown) {
      exact = shown;
      tell();
      chart.redraw();
    },
  };

  function tell() {
    const median = exact && medianOfCurve(exact);
    numbers.replaceChildren(
      element("span", {}, belief ? `${minutes(belief.median)} min` : "–"),
      element("span", { class: "of-exact" }, median ? `exact ${minutes(median)}` : ""));
  }
}

const heightOf = ({ below, apart }) => 78 - below * apart;
const minutes = (x) => x.toFixed(1);

/** Where half of a density is to the left; of one with all but a little below its end. */
function medianOfCurve({ from, to, heights }) {
  const step = (to - from) / (heights.length - 1);
  let sum = 0;
  for (let k = 0; k < heights.length; k++) {
    const next = sum + heights[k] * step;
    if (next >= 0.5) return from + step * (k - 0.5 + (0.5 - sum) / (next - sum));
    sum = next;
  }
  return null;
}
