"""How many times as fast as in another checkout: gradients of the models, and the kicks and drift of a dense metric.

    python benchmarks/against.py OTHER_CHECKOUT [--models NAME ...] [--rounds N] [--trolley Trolley.csv]

Each checkout runs in a process of its own, on the Python that runs this, both on one pinned core. They take turns, so
that a busy machine slows both alike. Printed are nanoseconds of processor time, medians over the rounds, and the ratio
of these; "kicks and drift, 50" are the two kicks and the drift of a leapfrog step in 50 dimensions.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # before this folder, whose models.py is not the package

import models
from benchmarks.measuring import pin_to_one_core

HEAVY = ("mRXma", "mRXma2")
DIMENSIONS = (10, 50, 373)  # of the dense metric

# Answers each line, the JSON list (name, options of its model or a dimension), with nanoseconds of processor time.
WORKER = """
import json, sys, time
import numba, numpy as np
import models
from benchmarks.measuring import call_often
from hmc.jit.compiled import DENSITY, VECTOR
from hmc.sampler.rows import add_rows

def gradients(name, options):
    model = models.build(name, **options)
    density, data = model.density()
    repeat = numba.njit(numba.float64(DENSITY, VECTOR, numba.intp, VECTOR, numba.intp))(call_often)
    position, gradient = np.full(model.dimension, 0.1), np.zeros(model.dimension)
    return lambda count: repeat(density, position, data, gradient, count), model

@numba.njit(error_model="numpy")
def steps(vectors, factor, transposed, count):
    for _ in range(count):
        add_rows(vectors[0], vectors[2], 1e-9, factor, True)
        add_rows(vectors[1], vectors[0], 1e-9, transposed, False)
        add_rows(vectors[0], vectors[2], 1e-9, factor, True)

def dense_steps(dimension):
    rng = np.random.default_rng(dimension)
    factor, vectors = np.tril(rng.normal(size=(dimension, dimension))), rng.normal(size=(3, dimension))
    transposed = np.ascontiguousarray(factor.T)
    return lambda count: steps(vectors, factor, transposed, count), None

def nanoseconds(call, count):
    started = time.process_time_ns()
    call(count)
    return time.process_time_ns() - started

calls = {}
for line in sys.stdin:
    name, options = json.loads(line)
    if name not in calls:
        call, kept = dense_steps(options) if isinstance(options, int) else gradients(name, options)
        call(1)
        count = 1
        while nanoseconds(call, count) < 1e7:
            count *= 2
        calls[name] = call, count, kept
    call, count, _ = calls[name]
    print(nanoseconds(call, count) / count, flush=True)
"""


def main():
    """Measure and print, one line each."""
    arguments = parsed()
    pin_to_one_core()
    workers = [started(Path(arguments.other)), started(Path(__file__).parents[1])]
    print(f"{'nanoseconds':26}{'other':>12}{'here':>12}{'ratio':>8}")
    for name, options in measured(arguments):
        rows = [[asked(worker, name, options) for worker in workers] for _ in range(arguments.rounds)]
        other, here = (statistics.median(column) for column in zip(*rows, strict=True))
        print(f"{name:26}{other:12,.0f}{here:12,.0f}{other / here:8.2f}", flush=True)
    for worker in workers:
        worker.stdin.close()


def parsed():
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("other", help="folder of the other checkout")
    parser.add_argument("--models", nargs="+", metavar="NAME", choices=models.names(), help="only these")
    parser.add_argument("--rounds", type=int, default=51, help="measurements of each (default 51)")
    parser.add_argument("--trolley", metavar="Trolley.csv", help="the published table, for the models with everything")
    return parser.parse_args()


def measured(arguments):
    """(name, options of the model, or the dimension of a dense metric) of all that is measured."""
    for name in arguments.models or models.names():
        options = {"sigma": 1.0} if name == "mST_fixed" else {}
        if name in HEAVY and arguments.trolley:
            options["data"] = str(Path(arguments.trolley).resolve())
        yield name, options
    if not arguments.models:
        for dimension in DIMENSIONS:
            yield f"kicks and drift, {dimension}", dimension


def started(checkout):
    """A process that measures in a checkout."""
    environment = dict(os.environ) | {"PYTHONPATH": str(checkout.resolve())}
    command = [sys.executable, "-c", WORKER]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    return subprocess.Popen(command, env=environment, cwd=checkout, **pipes)


def asked(worker, name, options):
    """Nanoseconds, measured once."""
    worker.stdin.write(json.dumps([name, options]) + "\n")
    worker.stdin.flush()
    answer = worker.stdout.readline()
    if not answer:
        raise SystemExit(f"{name}: the other process ended: see its error above")
    return float(answer)


if __name__ == "__main__":
    main()
