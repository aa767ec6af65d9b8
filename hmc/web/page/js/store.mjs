// The state of the page: one plain object. Whoever shows a part of it subscribes; whoever changes it says which fields.

/** @typedef {{get: () => any, set: (partial: object) => void, subscribe: (heard: (state: any, changed: Set<string>) =>
 *   void) => (() => void)}} Store */

/** A store of a state.
 *
 * `set` changes fields, and tells subscribers which are new if any is; what they set meanwhile is told after it.
 * @param {object} initial @returns {Store} */
export function makeStore(initial) {
  let state = Object.freeze({ ...initial });
  const listeners = new Set();
  const waiting = [];
  const tell = () => {
    while (waiting.length > 0) {
      for (const heard of [...listeners]) heard(state, waiting[0]);
      waiting.shift();
    }
  };
  return {
    get: () => state,
    set(partial) {
      const changed = new Set(Object.keys(partial).filter((name) => !isSame(partial[name], state[name])));
      if (changed.size === 0) return;
      state = Object.freeze({ ...state, ...partial });
      waiting.push(changed);
      if (waiting.length === 1) tell();
    },
    subscribe(heard) {
      listeners.add(heard);
      return () => listeners.delete(heard);
    },
  };
}

function isSame(a, b) {
  return Object.is(a, b) || (typeof a === "object" && JSON.stringify(a) === JSON.stringify(b));
}
