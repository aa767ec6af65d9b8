"""Many small fits in a row in one process, and what it holds after each hundred.

    PYTHONPATH=. python tests/hmc/helpers/load.py [FITS] [--leak]

Prints `Held` after every hundred fits, a JSON object a line. Each fit has data of its own; they run in this process, in
threads and in kept worker processes; some are saved, loaded, scored and tabulated, and some cannot be sampled. Linux
only: what a process holds is read from /proc.
"""

import argparse
import functools
import gc
import json
import multiprocessing.util
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.shared_memory import SharedMemory
from pathlib import Path
from typing import NamedTuple

import numpy as np

import hmc
import models
from diagnostics import precis
from hmc.running.shared_cells import SharedControl
from tests.hmc.helpers.running import Rows, grouped_model

SHORT = {"chains": 2, "warmup": 60, "draws": 40, "progress": False}
WHERE = (
    {"workers": 1},
    {"workers": 2, "executor": "threads"},
    {"workers": 1},
    {"workers": 2, "executor": "processes"},
)
STEP = 100  # fits between two looks


class Held(NamedTuple):
    """What this process and its worker processes hold."""

    fits: int  # done so far
    memory: int  # bytes, of this process: anonymous and shared, as pages of libraries come and go as the system likes
    workers_memory: int  # of its descendants together
    blocks: int  # of memory that Python's objects take, here: exact where bytes are not
    files: int  # open, here
    workers_files: int
    threads: int  # here
    processes: int  # descendants
    segments: int  # of shared memory, made here
    temporary: int  # files in the folder for temporary files, and in that of the fits


class Load:
    """Fits of two models, and what is leaked on purpose, if so: the least of each kind that matters."""

    def __init__(self, folder, is_leaking):
        self.folder = folder
        self.is_leaking = is_leaking
        self.models = (grouped_model(), models.mST())
        self.segments = note_segments()
        self.leaked, self.processes = [], []

    def fit(self, number):
        """Fit number `number`, and what a user does with it."""
        rng = np.random.default_rng(number)
        model = self.models[number % 2]
        model = model.with_data(other_data(model, rng))
        # Both models take their turn in each place.
        fit = hmc.sample(model, seed=number, **SHORT, **WHERE[number // 2 % len(WHERE)])
        if number % 10 == 1:
            path = self.folder / "fit"
            fit.save(path)
            assert (hmc.load(path, model).log_likelihood == fit.log_likelihood).all()
        if number % 50 == 1:
            precis(fit, depth=2)
        if number % 50 == 2:
            refused(model)
        if self.is_leaking:
            self.leak(number, fit)

    def leak(self, number, fit):
        """Keep the fit; every hundredth time also one of whatever else can be left open."""
        self.leaked.append(fit)
        if number % 100 == 0:
            self.leaked += [open(self.folder / "fit", "ab"), SharedControl(2), ThreadPoolExecutor(1)]  # noqa: SIM115
            self.leaked[-1].submit(int)
            self.processes.append(subprocess.Popen(["sleep", "600"]))
            (self.folder / f"left {number}").touch()

    def held(self, fits):
        """`Held` now."""
        gc.collect()
        workers = descendants()
        return Held(
            fits,
            memory(os.getpid()),
            sum(map(memory, workers)),
            sys.getallocatedblocks(),
            files(os.getpid()),
            sum(map(files, workers)),
            len(os.listdir("/proc/self/task")),
            len(workers),
            sum(Path("/dev/shm", name).exists() for name in self.segments),
            sum(len(os.listdir(folder)) for folder in (self.folder, tempfile.gettempdir())),
        )


def other_data(model, rng):
    """Data of the model's kind: as many tanks as ever, but rows of any number."""
    if model.name == "mST":
        return model.simulate_data(model.simulate(rng, model.data), model.data, rng)
    rows = int(rng.integers(5, 200))
    return Rows(rng.standard_normal(rows), np.arange(rows) % 3, 0.5, 3)


def refused(model):
    """A fit that finds no place to start."""
    try:
        hmc.sample(model, initial=np.full(model.dimension, np.nan), **SHORT, workers=1)
    except hmc.InitializationError:
        return
    raise AssertionError("a start that is no number was accepted")


def memory(process):
    """Bytes of anonymous and shared memory of a process; 0 where it is gone."""
    lines = read(f"/proc/{process}/status").splitlines()
    return sum(1024 * int(line.split()[1]) for line in lines if line.startswith(("RssAnon", "RssShmem")))


def files(process):
    """How many files a process has open; 0 where it is gone."""
    try:
        return len(os.listdir(f"/proc/{process}/fd"))
    except OSError:
        return 0


def descendants():
    """The processes that this one started, and theirs."""
    parents = {}
    for entry in Path("/proc").glob("[0-9]*"):
        if status := read(entry / "stat"):
            parents[int(entry.name)] = int(status.rpartition(")")[2].split()[1])
    found = [os.getpid()]
    for process in found:
        found += [child for child, parent in parents.items() if parent == process]
    return found[1:]


def read(path):
    """A file of /proc; nothing where its process has just ended."""
    try:
        return Path(path).read_text()
    except OSError:
        return ""


def note_segments():
    """From now on, the set of names of shared memory that this process makes: others' segments come and go."""
    names, initialise = set(), SharedMemory.__init__

    @functools.wraps(initialise)
    def noting(self, name=None, create=False, *rest, **options):
        initialise(self, name, create, *rest, **options)
        if create:
            names.add(self.name)

    SharedMemory.__init__ = noting
    return names


def main():
    """Fit, look, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("fits", type=int, nargs="?", default=1000, help="how many (default 1000)")
    parser.add_argument("--leak", action="store_true", help="leak on purpose")
    arguments = parser.parse_args()
    multiprocessing.util.get_temp_dir()  # before the folder below, which ends before multiprocessing does
    with tempfile.TemporaryDirectory() as folder:
        tempfile.tempdir = os.path.join(folder, "temporary")
        for name in ("temporary", "fits"):
            os.mkdir(os.path.join(folder, name))
        load = Load(Path(folder) / "fits", arguments.leak)
        try:
            for number in range(1, arguments.fits + 1):
                load.fit(number)
                if number % STEP == 0:
                    print(json.dumps(load.held(number)._asdict()), flush=True)
        finally:
            for process in load.processes:
                process.kill()
                process.wait()


if __name__ == "__main__":
    main()
