"""Milliseconds from a click to a new picture: python benchmarks/latency.py [PAGE] [--clicks 40]

In the page of `hmc lecture`, or, without PAGE, in that of `hmc explore --lecture`; all of Chromium on one core. A click
changes a wait at a cafe, or how many tadpoles of a tank survived. The time ends with the frame in which the first
picture is drawn, that of 250 draws; in brackets that of all. Medians, and the slowest of ten.
"""

import argparse
import contextlib
import os
import statistics
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # before this folder, whose models.py is not the package

from hmc import cli
from tests.figures.helpers import browser

VIEWS = {
    "cafes": "root.querySelector('.visit').dispatchEvent(key(k % 2 ? 'ArrowLeft' : 'ArrowRight'))",
    "pooling": "root.querySelector('.tanks canvas').dispatchEvent(key(k % 2 ? 'ArrowUp' : 'ArrowDown'))",
}
LEARNED = "root.querySelector('.scores input[type=checkbox]').click()"  # sigma is learned: mST
CLICKS = """
const [id, act, before, clicks, done] = arguments;
const key = (name) => new KeyboardEvent("keydown", { key: name, bubbles: true, composed: true });
const change = new Function("root", "key", "k", act), prepare = new Function("root", before);
const frame = () => new Promise(requestAnimationFrame);
const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
(async () => {
  await window.hmc.start?.(id);
  const figure = document.querySelector(`[data-play=${id}] .play`);
  const root = figure ? figure.shadowRoot.querySelector(".view") : document.getElementById(`view-${id}`);
  root.scrollIntoView();
  const until = async (name, count) => { while (Number(root.dataset[name] ?? 0) < count) await frame(); };
  await until("answers", 1);
  prepare(root);
  await pause(3000);
  const found = [];
  for (let k = 0; k < clicks; k++) {
    const [pictures, answers] = ["pictures", "answers"].map((name) => Number(root.dataset[name]));
    const begin = performance.now();
    change(root, key, k);
    await until("pictures", pictures + 1);
    const first = performance.now() - begin;
    await until("answers", answers + 1);
    const whole = performance.now() - begin;
    found.push([first, whole]);
    await pause(500 + 6 * whole); // until scores and integrals are there, too
  }
  done(found);
})();
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("page", nargs="?", help="an index.html of `hmc lecture`")
    parser.add_argument("--clicks", type=int, default=40)
    parser.add_argument("--core", type=int, default=min(os.sched_getaffinity(0)), help="the core to run on")
    options = parser.parse_args()
    with contextlib.ExitStack() as stack:
        path = options.page or _written(Path(stack.enter_context(tempfile.TemporaryDirectory())) / "play.html")
        os.sched_setaffinity(0, {options.core})  # which the browser inherits
        driver = stack.enter_context(browser.started())
        driver.set_script_timeout(600)
        for view, act in VIEWS.items():
            browser.show(driver, path)
            if options.page is None:
                driver.execute_script(f"document.getElementById('tab-{view}').click()")
            before = LEARNED if view == "pooling" else ""
            found = driver.execute_async_script(CLICKS, view, act, before, options.clicks)
            first, whole = zip(*found, strict=True)
            name = {"cafes": "cafes", "pooling": "mST"}[view]
            slowest = [statistics.quantiles(each, n=10)[-1] for each in (first, whole)]
            medians = [statistics.median(each) for each in (first, whole)]
            print(
                f"{name:6} {medians[0]:.0f} ms ({medians[1]:.0f}); "
                f"slowest of ten {slowest[0]:.0f} ms ({slowest[1]:.0f})",
                flush=True,
            )


def _written(path):
    if cli.main(["explore", "--lecture", "--out", str(path)]):
        raise SystemExit(1)
    return path


if __name__ == "__main__":
    main()
