// A run that is played: pieces of it one after another, with time between them for the page, until it is over or paused.

import { makePacer } from "./pacing.mjs";

const nextFrame = () => new Promise((resolve) => requestAnimationFrame(resolve));

/** Plays one run at a time.
 * @param {{most: () => number, heard: (run: any) => void, failed: (error: Error) => void}} of
 *   `most` draws a second; `heard` after each piece */
export function makePlayer({ most, heard, failed }) {
  let turn = 0, run = null, isPlaying = false, pacer = null;

  const loop = async (mine) => {
    try {
      while (mine === turn && isPlaying && !run.isOver()) {
        const began = performance.now();
        const count = pacer.count(began, run.isWarmingUp() ? Infinity : most());
        if (count > 0) {
          await run.advance(count);
          if (mine !== turn) return;
          pacer.took(count, performance.now() - began);
          heard(run);
        }
        await nextFrame();
      }
      if (mine === turn && isPlaying) {
        isPlaying = false;
        heard(run);
      }
    } catch (error) {
      if (mine !== turn) return;
      isPlaying = false;
      failed(error);
    }
  };
  const start = () => {
    isPlaying = true;
    pacer.rest();
    loop(turn);
  };
  return {
    isPlaying: () => isPlaying,
    /** Give up the run there is, and play another. @param {() => Promise<any>} open @param {boolean} isStarting */
    async play(open, isStarting = true) {
      const mine = ++turn;
      isPlaying = false;
      const before = run;
      run = null;
      await before?.close();
      try {
        const opened = await open();
        if (mine !== turn) return opened.close();
        run = opened;
        pacer = makePacer(run.settings.chains);
        heard(run);
        if (isStarting) start();
      } catch (error) {
        if (mine === turn) failed(error);
      }
      return undefined;
    },
    /** Give up the run there is; the worker forgets it. */
    drop() {
      turn++;
      isPlaying = false;
      run?.close();
      run = null;
    },
    pause() {
      if (!isPlaying) return;
      isPlaying = false;
      turn++;
      heard(run);
    },
    resume() {
      if (isPlaying || run === null || run.isOver()) return;
      turn++;
      start();
    },
  };
}
