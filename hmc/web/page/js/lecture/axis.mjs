// The numbers below charts that fill their width.

import { shape } from "../dom.mjs";
import { ticksOf } from "../frame.mjs";

/** An axis: round numbers of a range. @param {number[]} range */
export function makeAxis([low, high]) {
  const place = (tick) => `${(100 * (tick - low)) / (high - low)}%`;
  const anchor = (tick) => (tick === low ? "start" : tick === high ? "end" : "middle"); // so that two axes do not touch
  return shape("svg", { class: "axis-below", "aria-hidden": "true" }, ...ticksOf([low, high]).map((tick) =>
    shape("text", { x: place(tick), y: 12, "text-anchor": anchor(tick) }, shownTick(tick))));
}

export const shownTick = (value) => String(value).replace("-", "\u2212");
