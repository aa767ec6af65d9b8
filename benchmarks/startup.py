"""How long one waits: `hmc fit mST` with a cold and a warm cache, beside importing what it stands on; a new model.

    python benchmarks/startup.py [--repeats N] [--one-core]

Whole processes, on as many processors as there are, or on one; medians of the repeats, in turn, and their ratio. The
cold run has an empty cache folder (NUMBA_CACHE_DIR), so that sampler and model are compiled.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

FIT = [sys.executable, "-m", "hmc.cli", "fit", "mST"]
IMPORT = [sys.executable, "-c", "import numba, pandas"]


def main():
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=9, help="runs of each, in turn (default 9)")
    parser.add_argument("--one-core", action="store_true", help="pin all of them to one processor")
    arguments = parser.parse_args()
    repeats = arguments.repeats
    if arguments.one_core:
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {"NUMBA_CACHE_DIR": folder, "PYTHONPATH": str(Path(__file__).parents[1])}
        print(f"hmc fit mST, first ever run, empty cache: {seconds(FIT, environment):.1f} s")
        lines, elapsed = new_model(environment)
        print(f"hmc.sample to first draws, a density of {lines} lines never compiled, sampler loaded: {elapsed:.2f} s")
        pairs = [(seconds(FIT, environment), seconds(IMPORT, environment)) for _ in range(repeats)]
    fit, imports = (statistics.median(column) for column in zip(*pairs, strict=True))
    print(
        f"hmc fit mST, warm: {fit:.2f} s; python -c 'import numba, pandas': {imports:.2f} s; ratio {fit / imports:.2f}"
    )


def seconds(command, environment):
    """The wall time of a process that must succeed."""
    started = time.perf_counter()
    subprocess.run(command, env=environment, check=True, capture_output=True)
    return time.perf_counter() - started


def new_model(environment):
    """(lines, seconds) of `new_model.py`: `hmc.sample` on a model never compiled, where the sampler is loaded."""
    script = str(Path(__file__).with_name("new_model.py"))
    result = subprocess.run([sys.executable, script], env=environment, check=True, capture_output=True, text=True)
    lines, elapsed = result.stdout.split()
    return int(lines), float(elapsed)


if __name__ == "__main__":
    main()
