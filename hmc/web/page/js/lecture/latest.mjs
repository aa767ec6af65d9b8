// Asked more often than can be answered: one request at a time, and after it the newest. None is ever waited for in vain.

/** A function that asks for what it is given; of requests that come while one is answered, the newest is asked for next.
 * @template T, R
 * @param {(asked: T, isStale: () => boolean, isDropped: () => boolean) => Promise<R>} ask  `isStale`: whether another
 *   request waits; `isDropped`: whether the answer is wanted no more
 * @param {(answer: R, asked: T, isNewest: boolean) => void} heard
 * @param {(error: Error) => void} failed
 * @returns {((asked: T) => void) & {drop: () => void}}  `drop`: whatever was asked for so far is not heard of any more */
export function newestOf(ask, heard, failed) {
  let isBusy = false, waiting = [], turn = 0;
  const go = async (asked) => {
    isBusy = true;
    const mine = turn, isDropped = () => turn !== mine;
    try {
      const answer = await ask(asked, () => waiting.length > 0, isDropped);
      if (!isDropped()) heard(answer, asked, waiting.length === 0);
    } catch (error) {
      if (!isDropped()) failed(error);
    }
    isBusy = false;
    if (waiting.length > 0) go(waiting.pop());
  };
  const drop = () => {
    turn++;
    waiting = [];
  };
  return Object.assign((asked) => {
    if (isBusy) waiting = [asked];
    else go(asked);
  }, { drop });
}
