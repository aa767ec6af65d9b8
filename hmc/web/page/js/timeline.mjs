// What happened, event by event, over all transitions so far: where a cursor stands, and where the next leaf, doubling
// or transition is.

/** @typedef {{recorded: any, events: import("./events.mjs").Event[]}} Told  a recorded transition and its events
 * @typedef {"event" | "leaf" | "doubling" | "transition"} Unit */

/** A row of events of transitions.
 * @param {Told[]} told */
export function timelineOf(told) {
  const firsts = [0];
  for (const { events } of told) firsts.push(firsts.at(-1) + events.length);
  const length = firsts.at(-1);
  const clipped = (cursor) => Math.max(0, Math.min(cursor, length - 1));

  /** The transition that the cursor is in, its number, and the event's number in it. */
  const at = (cursor) => {
    let number = firsts.findIndex((first) => first > clipped(cursor)) - 1;
    if (number < 0) number = told.length - 1;
    return { number, event: clipped(cursor) - firsts[number], ...told[number] };
  };
  const isStop = (cursor, unit) => {
    const { events, event } = at(cursor);
    const { kind, leaf } = events[event];
    if (unit === "event" || event === events.length - 1) return true;
    if (unit === "leaf") return leaf !== undefined;
    return unit === "doubling" && (event === 0 || kind === "proposal");
  };
  return {
    length,
    at,
    isStop,
    /** The next place to stop at, forwards (1) or backwards (-1); the length, or -1, where there is none. */
    next(cursor, unit, direction) {
      let found = clipped(cursor) + direction;
      while (found >= 0 && found < length && !isStop(found, unit)) found += direction;
      return found;
    },
  };
}

/** The walks so far of the macro step that an event is of. */
function triesOf(happened) {
  const { walk, leaf, to = leaf } = happened.at(-1);
  if (walk === undefined && leaf === undefined) return [];
  return happened.filter((each) => each.walk && each.to === to).map((each) => each.walk);
}

/** What of a transition has happened by an event.
 * @param {Told} told @param {number} event */
export function soFar({ recorded, events }, event) {
  const happened = events.slice(0, event + 1);
  const start = recorded.leaves.find(({ number }) => number === 0);
  const built = happened.map(({ leaf }) => leaf).filter((leaf) => leaf && leaf.number !== 0);
  const joins = [...new Set(happened.map(({ join }) => join).filter(Boolean))];
  const isOver = event === events.length - 1;
  const trunk = happened.filter(({ kind }) => kind === "proposal").at(-1)?.join;
  return {
    start, joins, isOver,
    leaves: [start, ...built],
    last: built.at(-1) ?? start,
    proposal: isOver ? recorded.chosen : trunk ? trunk.taken : 0,
    now: events[event],
    tries: triesOf(happened),
  };
}
