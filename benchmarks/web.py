"""Seconds of the sampler in Node and in Chromium beside the native one: python benchmarks/web.py [--rounds 7]

Chains are run one after another, on one core, and all three in turn, so that whatever else the machine does weighs on
all alike. Medians of the rounds after the first, in which browsers compile; and what a module costs to make.
"""

import argparse
import contextlib
import gzip
import itertools
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # before this folder, whose models.py is not the package

import hmc
import hmc.web
import models
from tests.figures.helpers import browser
from tests.hmc.helpers import web_page

NAMES = ("mST", "mSTP", "cafes", "mru")
ALGORITHMS = ("nuts", "walnuts")
SETTINGS = {"chains": 4, "warmup": 1000, "draws": 1000, "seed": 12}
NODE = Path(__file__).with_name("web_node.mjs")
IN_PAGE = """
const [name, settings, done] = arguments;
const load = window.hmc.sample(name, { ...settings, warmup: 10, draws: 1 });
load.then(async () => {
  const begin = performance.now();
  await window.hmc.sample(name, settings);
  done((performance.now() - begin) / 1000);
});
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7, help="timed rounds, after one that is not")
    parser.add_argument("--core", type=int, default=min(os.sched_getaffinity(0)), help="the core to run on")
    options = parser.parse_args()
    os.sched_setaffinity(0, {options.core})
    built = {name: _built(name) for name in NAMES}
    with contextlib.ExitStack() as stack:
        runners = {"native": _native, "node": _node(stack, built), "Chromium": _chromium(stack, built)}
        runners = {where: runner for where, runner in runners.items() if runner is not None}
        print(f"4 x (1000 + 1000), one core, medians of {options.rounds} rounds; in brackets, over the native one")
        for name, algorithm in itertools.product(NAMES, ALGORITHMS):
            settings = {**SETTINGS, "algorithm": algorithm}
            rounds = [{where: run(name, settings) for where, run in runners.items()} for _ in range(1 + options.rounds)]
            print(f"{name:6}", f"{algorithm:8}", *_columns(rounds[1:]), sep="  ", flush=True)


def _columns(rounds):
    for where in rounds[0]:
        seconds = statistics.median(each[where] for each in rounds)
        ratio = statistics.median(each[where] / each["native"] for each in rounds)
        yield f"{where} {1000 * seconds:.0f} ms ({ratio:.2f})"


def _built(name):
    model = getattr(models, name)()
    begin = time.perf_counter()
    module = hmc.web.module(model)
    first = time.perf_counter() - begin
    begin = time.perf_counter()
    hmc.web.module(model)
    again = time.perf_counter() - begin
    size, packed = len(module) / 1000, len(gzip.compress(module)) / 1000
    sizes = f"{size:.0f} kB, {packed:.0f} kB gzipped"
    print(f"{name:6}  module made in {first:.2f} s, again {again:.2f} s; {sizes}", flush=True)
    return module


def _native(name, settings):
    model = getattr(models, name)()
    model.density()
    begin = time.perf_counter()
    hmc.sample(model, **settings, workers=1, progress=False)
    return time.perf_counter() - begin


def _node(stack, built):
    if not shutil.which("node"):
        return None
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    for name, module in built.items():
        (folder / f"{name}.wasm").write_bytes(module)
    process = subprocess.Popen(["node", str(NODE)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    stack.callback(process.communicate)

    def run(name, settings):
        process.stdin.write(json.dumps({"module": str(folder / f"{name}.wasm"), "settings": settings}) + "\n")
        process.stdin.flush()
        return float(process.stdout.readline())

    return run


def _chromium(stack, built):
    if not browser.is_installed():
        return None
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    driver = stack.enter_context(browser.started())
    driver.set_script_timeout(120)
    web_page.shown(driver, [getattr(models, name)() for name in built], folder)
    return lambda name, settings: driver.execute_async_script(IN_PAGE, name, settings)


if __name__ == "__main__":
    main()
