// A close-up: the ranges of two coordinates in which a transition is, for paths that are small in the plane.

import { shownOf } from "./coordinates.mjs";
import { element } from "./dom.mjs";
import { wayOf } from "./trajectory.mjs";

const MARGIN = 0.18; // on each side, of the extent
const LEAST = 1e-6; // extent

/** The ranges of a transition's leaves and of the places between them, as shown; without steps that lost the
 * trajectory.
 * @param {any} recorded @param {import("./coordinates.mjs").Coordinate[]} pair @param {boolean} isConstrained
 * @returns {[number, number][]} */
export function rangesAround({ leaves }, pair, isConstrained) {
  const sound = leaves.filter((leaf) => !leaf.diverging && (wayOf(leaf)?.is_tight ?? true));
  return pair.map((each) => {
    const shown = (position) => shownOf(each, isConstrained, (index) => position[index]);
    const values = sound.flatMap((leaf) =>
      each.ofMomentum ? [leaf.momentum[each.index]] : [leaf.position, ...placesTo(leaf)].map(shown));
    const [low, high] = [Math.min(...values), Math.max(...values)];
    const margin = MARGIN * Math.max(high - low, LEAST * Math.max(1, Math.abs(high)));
    return [low - margin, high + margin];
  });
}

/** The positions of the leapfrog steps to a leaf. */
function placesTo(leaf) {
  const { energies = [], positions } = wayOf(leaf) ?? {};
  const dimension = leaf.position.length;
  return Array.from(energies, (_, k) => positions.slice(k * dimension, (k + 1) * dimension));
}

/** A button in a corner of the plane, pressed while the close-up is shown.
 * @param {import("./store.mjs").Store} store */
export function makeCloseUpButton(store) {
  const toggle = () => store.set({ close_up: !store.get().close_up });
  const root = element("button", { type: "button", class: "close-up", onclick: toggle }, "Close-up");
  return { root, show: ({ close_up }) => root.setAttribute("aria-pressed", String(close_up)) };
}
