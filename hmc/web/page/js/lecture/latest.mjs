// Asked more often than can be answered: one request at a time, and after it the newest. None is ever waited for in vain.

/** A function that asks for what it is given; of requests that come while one is answered, the newest is asked for next.
 * @template T, R
 * @param {(asked: T, isStale: () => boolean) => Promise<R>} ask  `isStale`: whether another request waits
 * @param {(answer: R, asked: T, isNewest: boolean) => void} heard
 * @param {(error: Error) => void} failed @returns {(asked: T) => void} */
export function newestOf(ask, heard, failed) {
  let isBusy = false, waiting = [];
  const go = async (asked) => {
    isBusy = true;
    try {
      const answer = await ask(asked, () => waiting.length > 0);
      heard(answer, asked, waiting.length === 0);
    } catch (error) {
      failed(error);
    }
    isBusy = false;
    if (waiting.length > 0) go(waiting.pop());
  };
  return (asked) => {
    if (isBusy) waiting = [asked];
    else go(asked);
  };
}
