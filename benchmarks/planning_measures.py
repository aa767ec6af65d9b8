"""What large work costs, measured small: replications, rows, data on their way to workers, files.

    python benchmarks/planning_measures.py ROWS

prints `Sending` as JSON; `sending` runs that, in a process of its own. Seconds are the processor's, but for those of
`Sending`, in which two processes take part.
"""

import argparse
import json
import math
import pickle
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parents[1]))  # before this folder, whose models.py is not the package

import numpy as np

import hmc
import models
from benchmarks.scaling import MILLION, SIZED, Cost, cost, peak_memory, processor_seconds
from diagnostics import calibrate
from hmc.running.processes import ProcessExecutor

# Replications in a batch; five batches make a mean and its standard error.
CALIBRATED = {"cafes": 40, "mST": 40, "mru": 20, "mRXma2": 4}
BATCHES = 5
CHECKED, CHECKED_REPLICATIONS = "mST", 2000
ROWS = {"heights": (10_000, 30_000, 100_000), "m0": (10_000, 30_000, 100_000), "mRXma": (3000, 10_000, 30_000)}
TEN_MILLION = 10_000_000
# Smaller data are kept for reuse by the allocator when they are given back, so that they say little of larger ones.
SENT, SENT_ROWS, SENT_CHECK = "mRXma", (1_500_000, 3_000_000), TEN_MILLION
KEPT_DIMENSIONS, KEPT_CHECK = (50, 500), 5000
KEPT = {"chains": 1, "warmup": 100, "draws": 200}


class Replicating(NamedTuple):
    """Calibrations of a model: seconds = start + each * replications."""

    model: str
    batch: int
    start: float  # seconds of a calibration of one
    each: float  # seconds of a further replication, the mean of BATCHES batches
    error: float  # its standard error
    checked: float  # seconds that CHECKED_REPLICATIONS took; nan where that was not tried


class Rows(NamedTuple):
    """Costs of a model at several numbers of rows."""

    costs: tuple  # scaling.Cost, at the sizes of ROWS
    million: Cost  # at a million rows
    large: Cost  # at ten million


class Sending(NamedTuple):
    """What two chains in worker processes cost before they run."""

    rows: int
    data: int  # bytes of the arrays that the density reads
    pickled: int  # bytes that are sent to each worker
    seconds: float  # to pickle and unpickle that, on the wall's clock
    parent: int  # bytes of memory, at most, of the process that samples
    worker: int  # and of one of its two workers


class Keeping(NamedTuple):
    """Draws in memory and in a file: KEPT chains of mST, without log likelihoods."""

    dimension: int
    rows: int  # transitions that leave statistics, warm-up included
    draws: int
    memory: int  # bytes of all arrays
    file: int  # bytes
    seconds: float  # to save


class Measures(NamedTuple):
    """All that the planning page is made of."""

    machine: str
    replicating: tuple
    rows: tuple
    sending: tuple  # at SENT_ROWS, then SENT_CHECK
    keeping: tuple  # at KEPT_DIMENSIONS, then KEPT_CHECK
    statistics: int  # bytes of a transition's statistics


def replicating(name):
    """`Replicating` of a model."""
    model, batch = models.build(name), CALIBRATED[name]
    options = {"workers": 1, "executor": "threads", "progress": False}

    def seconds(count, seed):
        return processor_seconds(lambda: calibrate(model, count, seed=seed, **options))

    seconds(1, 0)  # compiles
    start = statistics.median(seconds(1, seed) for seed in range(BATCHES))
    each = [(seconds(batch, seed) - start) / (batch - 1) for seed in range(1, BATCHES + 1)]
    checked = seconds(CHECKED_REPLICATIONS, BATCHES + 1) if name == CHECKED else math.nan
    return Replicating(name, batch, start, statistics.mean(each), statistics.stdev(each) / math.sqrt(BATCHES), checked)


def by_rows(name):
    """`Rows` of a model."""
    metric = "dense" if name == "mRXma" else "diag"
    cost(name, ROWS[name][0], "none")  # compiles
    return Rows(
        tuple(cost(name, size, metric) for size in ROWS[name]),
        cost(name, MILLION, "none"),
        cost(name, TEN_MILLION, "none"),
    )


def sending(rows):
    """`Sending` of SENT with so many rows, measured in a process of its own."""
    command = [sys.executable, __file__, str(rows)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}: {done.stderr}")
    return Sending(**json.loads(done.stdout))


def sent(rows):
    """`Sending`, measured in this process."""
    model = SIZED[SENT](rows)()
    options = {"chains": 2, "warmup": 1, "draws": 1, "workers": 2, "executor": "processes", "progress": False}
    hmc.sample(model, max_depth=1, **options)
    parent = peak_memory()
    executor = ProcessExecutor(2)
    worker = max(future.result() for future in [executor.submit(peak_memory) for _ in range(2)])
    executor.shutdown()
    started = time.perf_counter()
    payload = pickle.dumps(model)
    pickle.loads(payload)
    seconds = time.perf_counter() - started
    data = sum(field.nbytes for field in model.data if isinstance(field, np.ndarray))
    return Sending(rows, data, len(payload), seconds, parent, worker)


def keeping(dimension):
    """`Keeping` of mST with so many parameters."""
    fit = hmc.sample(SIZED["mST"](dimension)(), workers=1, progress=False, **KEPT)
    arrays = [fit.unconstrained, fit.inverse_metric, *fit.stats.values(), *fit.warmup_stats.values()]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "fit"
        seconds = processor_seconds(lambda: fit.save(path, log_likelihood=False))
        file = path.stat().st_size
    memory = sum(array.nbytes for array in arrays)
    return Keeping(dimension, KEPT["warmup"] + KEPT["draws"], KEPT["draws"], memory, file, seconds)


def measure(say):
    """`Measures`; `say` is told what is under way."""
    parts = {}
    for part, function, cases in (
        ("replicating", replicating, CALIBRATED),
        ("rows", by_rows, ROWS),
        ("sending", sending, (*SENT_ROWS, SENT_CHECK)),
        ("keeping", keeping, (*KEPT_DIMENSIONS, KEPT_CHECK)),
    ):
        done = []
        for case in cases:
            say(f"{part}: {case}")
            done.append(function(case))
        parts[part] = tuple(done)
    record = hmc.sample(models.mST(), chains=1, warmup=1, draws=1, workers=1, progress=False).stats
    return Measures(machine=machine(), statistics=sum(a.itemsize for a in record.values()), **parts)


def machine():
    """The processor, in words."""
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return " ".join(line.partition(":")[2].split())
    return "a processor without a name"


def main():
    """Measure sending and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("rows", type=int)
    print(json.dumps(sent(parser.parse_args().rows)._asdict()))


if __name__ == "__main__":
    main()
