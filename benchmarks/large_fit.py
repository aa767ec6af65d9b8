"""What a fit of many parameters costs after sampling: seconds and memory of its table, verdict, file and PSIS.

    python benchmarks/large_fit.py [--parameters N ...]

Each size is a process of its own, pinned to a core; seconds are the processor's. The fit has 4 chains of 1000 draws
that nobody sampled (one positive scale, and a vector of all other parameters); PSIS has log likelihoods of as many
observations. The peak is the most memory in use during a step, in multiples of the draws, which are included. Where
costs are linear, seconds per million numbers are the same on each line.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parents[1]))  # before this folder, whose models.py is not the package

import numpy as np

import hmc
from benchmarks.measuring import pin_to_one_core
from diagnostics import precis, psis_loo, verdict
from hmc.results.gathering import gather
from hmc.results.identity import identity_of
from hmc.running.tasks import ChainResult
from hmc.sampler.chain import make_record
from hmc.settings import check_settings

SIZES = (1000, 3000, 10_000)
CHAINS, DRAWS = 4, 1000


class Nothing(NamedTuple):
    """Data of no use."""

    k: int = 0


def log_density(position, data, gradient):
    """Of independent standard normals."""
    total = 0.0
    for i in range(position.size):
        gradient[i] = -position[i]
        total -= 0.5 * position[i] * position[i]
    return total


def model(parameters):
    """A `hmc.Model` of so many parameters."""
    declared = [hmc.Parameter("scale", (), hmc.positive), hmc.Parameter("x", (parameters - 1,))]
    return hmc.Model(log_density, Nothing(), declared, name="large")


def fit_of(parameters, chains=CHAINS, draws=DRAWS):
    """A `Fit` of independent normal draws."""
    of, rng = model(parameters), np.random.default_rng(1)

    def chain(number):
        record = make_record(draws, draws, parameters)
        rng.standard_normal(out=record.position)
        record.energy[:] = rng.standard_normal(draws)
        return ChainResult(number, record, np.ones(parameters), None, None)

    settings = check_settings(chains=chains, warmup=0, draws=draws, metric="diag")
    run = {"identity": identity_of(of), "interrupted": False, "seconds": 0.0}
    return gather(of, settings, [chain(number) for number in range(chains)], [], **run)


STEPS = {
    "precis": lambda fit, path: precis(fit, depth=2),
    "verdict": lambda fit, path: verdict(fit),
    "save": lambda fit, path: fit.save(path),
    "load": lambda fit, path: hmc.load(path),
    "PSIS": lambda log_likelihood, path: psis_loo(log_likelihood),
}


def measure(parameters):
    """Print, for each step, its seconds, and the peak of memory in multiples of the draws."""
    pin_to_one_core()
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        path = os.path.join(folder, "large.fit")
        for step in STEPS.values():  # what is imported and compiled is not counted
            step(fit_of(10) if step is not STEPS["PSIS"] else fit_of(10).unconstrained, path)
        before = memory("VmRSS")
        at_hand = fit_of(parameters)
        for name, step in STEPS.items():
            if name == "load":
                at_hand = None
            elif name == "PSIS":
                at_hand = np.random.default_rng(2).standard_normal((CHAINS, DRAWS, parameters))
            Path("/proc/self/clear_refs").write_text("5")  # the peak is counted anew (man 5 proc)
            started = time.process_time()
            step(at_hand, path)
            seconds = time.process_time() - started
            print(name, seconds, (memory("VmHWM") - before) / (8 * CHAINS * DRAWS * parameters))


def memory(which):
    """Bytes of memory of this process: VmRSS, those in use, or VmHWM, the most so far."""
    (line,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(f"{which}:"))
    return 1024 * int(line.split()[1])


def main():
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--parameters", type=int, nargs="+", default=SIZES, help="sizes of the fit")
    parser.add_argument("--measure", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        measure(arguments.measure)
        return
    print(f"{'parameters':>10}{'draws':>9}" + "".join(f"{name:>26}" for name in STEPS))
    print(" " * 19 + f"{'s, per million, peak':>26}" * len(STEPS))
    for parameters in arguments.parameters:
        command = [sys.executable, __file__, "--measure", str(parameters)]
        lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
        costs = [tuple(map(float, line.split()[1:])) for line in lines]
        size = CHAINS * DRAWS * parameters
        print(f"{parameters:10,}{8 * size / 1e6:6.0f} MB", end="")
        print("".join(f"{s:12.2f}{s / size * 1e6:7.3f}{peak:6.2f}x" for s, peak in costs), flush=True)


if __name__ == "__main__":
    main()
