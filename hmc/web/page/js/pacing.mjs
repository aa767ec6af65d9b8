// How much of a run is done between two frames: as many draws as the reader's pace says, or as many as fit into the time
// of a few frames, found by doubling and halving.

const SHORT_WORK = 20; // milliseconds of work below which a piece may grow, and above twice which it shrinks
const MOST_AT_ONCE = 5000;

/** The pace of a run; `most` draws a second of all chains, Infinity for as fast as it goes.
 * @param {number} chains */
export function makePacer(chains) {
  let piece = 1, before = null, owed = 0;
  return {
    /** How many transitions each chain shall do now.
     * @param {number} now  milliseconds @param {number} most @returns {number} */
    count(now, most) {
      const elapsed = before === null ? 16 : Math.min(now - before, 200);
      before = now;
      if (most === Infinity) return piece;
      owed = Math.min(owed + (most * elapsed) / 1000 / chains, piece);
      const whole = Math.floor(owed);
      owed -= whole;
      return whole;
    },
    /** How long a piece took. @param {number} count @param {number} milliseconds */
    took(count, milliseconds) {
      if (milliseconds > 2 * SHORT_WORK) piece = Math.max(1, Math.floor((piece * SHORT_WORK) / milliseconds));
      else if (milliseconds < SHORT_WORK && count >= piece) piece = Math.min(MOST_AT_ONCE, 2 * piece);
    },
    /** Time that passes while a run is paused does not count. */
    rest() {
      before = null;
    },
  };
}
