// A recorded transition as a row of events, each with its words and the line of the sampler that does it.

import { short } from "./dom.mjs";

/** @param {any} recorded @param {Record<string, string>} sources @returns {import("./timeline.mjs").Event[]} */
export function eventsOf(recorded, sources) {
  const events = [{ kind: "start", leaf: recorded.leaves[0], text: startWords(recorded), source: lineOf(sources, "chain.py", "draw_momentum(") }];
  const order = [...recorded.leaves.slice(1).map((leaf) => ({ leaf })), ...recorded.joins.map((join) => ({ join }))];
  for (const doubling of new Set(order.map(({ leaf, join }) => (leaf ?? join).doubling))) {
    const joins = recorded.joins.filter((join) => join.doubling === doubling);
    for (const leaf of recorded.leaves.slice(1).filter((each) => each.doubling === doubling)) {
      events.push({ kind: "leaf", leaf, text: leafWords(leaf), source: lineOf(sources, "phase_space.py", "def leapfrog") });
      while (joins.length > 0 && !joins[0].is_final && joins[0].later[1] === leaf.number) events.push(joinEvent(joins.shift(), sources));
    }
    for (const join of joins) events.push(joinEvent(join, sources));
  }
  events.push({ kind: "draw", text: `Draw: leaf ${recorded.chosen}.`, source: lineOf(sources, "chain.py", "def write") });
  return events;
}

function joinEvent(join, sources) {
  const source = join.is_final ? lineOf(sources, "nuts.py", "def join_trunk") : lineOf(sources, "nuts.py", "def join(");
  const verdict = join.is_turning ? "turns back on itself" : "does not turn";
  return { kind: "join", join, source, text: `Leaves ${join.earlier.join(" to ")} and ${join.later.join(" to ")} are joined: the whole ${verdict}; it proposes leaf ${join.taken}.` };
}

const startWords = ({ leaves: [start] }) => `Start: leaf 0 gets a momentum drawn afresh. Energy ${short(start.energy)}.`;
const leafWords = (leaf) => `Leapfrog step to leaf ${leaf.number}: energy error ${short(leaf.energy_error)}${leaf.diverging ? ", a divergence" : ""}.`;

function lineOf(sources, file, text) {
  const line = sources[file].split("\n").findIndex((each) => each.includes(text));
  return { file, line: line + 1 };
}
