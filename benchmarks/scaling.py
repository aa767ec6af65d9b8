"""What a model of any size costs: seconds per gradient and per draw and peak memory, each in a process of its own.

    python benchmarks/scaling.py MODEL SIZE [METRIC]

prints `Cost` as JSON. `cost` runs that. The process is pinned to a core; its seconds are the processor's, so that what
else runs on a machine that is not idle counts little.
"""

import argparse
import functools
import json
import math
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parents[1]))  # before this folder, whose models.py is not the package

import numba
import numpy as np

import hmc
import models
from benchmarks.measuring import call_often, pin_to_one_core
from hmc.jit.compiled import DENSITY, VECTOR
from hmc.transforms import constrain_positive
from models.densities import exponential, normal

WARMUP, DRAWS = 200, 100
ENOUGH = 0.5  # seconds of sampling; a chain that takes less is run again with twice the draws
MILLION = 1_000_000
PILOT = 1000  # rows of the fit whose mean is where chains start


class Cost(NamedTuple):
    """What was measured of a model of one size; seconds of one core."""

    model: str
    metric: str
    rows: int
    dimension: int
    data_bytes: int  # of the arrays that the density reads
    building: float  # seconds from a table to the model, simulating it not included
    gradient: float  # seconds of the log density with its gradient
    step: float  # seconds of a leapfrog step in NUTS: a whole chain's over all its steps; nan where none was run
    steps: float  # leapfrog steps per draw after warm-up
    peak: int  # bytes of memory, at most, of the whole process with a chain of WARMUP and DRAWS

    @property
    def draw(self):
        """Seconds per draw after warm-up."""
        return self.step * self.steps


class Heights(NamedTuple):
    """The model of the README."""

    height: np.ndarray  # cm


def heights_log_density(position, data, gradient):
    """height ~ Normal(mu, sigma), mu ~ Normal(178, 20), sigma ~ Exponential(0.1), at (mu, log sigma)."""
    mu, log_sigma = position[0], position[1]
    sigma = constrain_positive(log_sigma)
    log_prior_mu, d_mu, _, _ = normal(mu, 178.0, 20.0)
    log_prior_sigma, d_sigma, _ = exponential(sigma, 0.1)
    log_density = log_prior_mu + log_prior_sigma + log_sigma
    for height in data.height:
        term, _, d_mean, d_sd = normal(height, mu, sigma)
        log_density += term
        d_mu += d_mean
        d_sigma += d_sd
    gradient[0] = d_mu
    gradient[1] = d_sigma * sigma + 1.0
    return log_density


def heights(rows):
    """A function that builds the model, as do all of SIZED: two parameters, 8 bytes a row."""
    height = np.random.default_rng(1).normal(154.6, 7.7, rows)
    parameters = [hmc.Parameter("mu"), hmc.Parameter("sigma", constraint=hmc.positive)]
    return lambda: hmc.Model(heights_log_density, Heights(height), parameters, name="heights")


def m0(rows):
    """A logistic regression of individuals in 30 groups: 3 parameters, 32 bytes a row. Rows over a million repeat."""
    study = models.confounds.simulate_study(individuals=min(rows, MILLION))
    if rows <= MILLION:
        return lambda: models.m0(*study)
    model = models.m0(*study)
    by_row = {name: np.resize(getattr(model.data, name), rows) for name in ("Y", "X", "group", "weight")}
    return lambda: model.with_data(model.data._replace(**by_row))


def mrxma(rows):
    """Ordered answers of 60 people: 102 parameters, 32 bytes a row. The rows are drawn from a simulated study."""
    model = models.mRXma(participants=60)
    data = model.data
    sampled = np.sort(np.random.default_rng(1).integers(data.row.size, size=rows))  # sorted by response, as they were
    return lambda: model.with_data(
        data._replace(
            first=np.searchsorted(sampled, data.first),
            row=np.arange(rows),
            participant=data.participant[sampled],
            scene=data.scene[sampled],
            weight=np.ones(rows),
        )
    )


def mst(dimension):
    """The multilevel model of tanks, a parameter for each: the lecture's 48 tanks, again and again."""
    import pandas as pd

    tanks = pd.read_csv(Path(models.__file__).with_name("data") / "reedfrogs.csv")
    table = tanks.iloc[np.arange(dimension - 2) % len(tanks)]
    return lambda: models.mST(table)


SIZED = {"heights": heights, "m0": m0, "mRXma": mrxma, "mST": mst}
BY_DIMENSION = ("mST",)  # the others have as many rows as said


def cost(model, size, metric="diag"):
    """`Cost` of a model of SIZED, measured in a process of its own; a metric of "none" runs no chains."""
    command = [sys.executable, __file__, model, str(size), metric]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}: {done.stderr}")
    return Cost(**json.loads(done.stdout))


def measure(name, size, metric):
    """`Cost`, measured in this process."""
    build = SIZED[name](size)
    started = time.process_time()
    model = build()
    building = time.process_time() - started
    model.evaluate(np.zeros(model.dimension))
    step, steps, peak = sampled(model, name, metric) if metric != "none" else (math.nan, math.nan, peak_memory())
    return Cost(
        model=name,
        metric=metric,
        rows=size - 2 if name in BY_DIMENSION else size,
        dimension=model.dimension,
        data_bytes=sum(field.nbytes for field in model.data if isinstance(field, np.ndarray)),
        building=building,
        gradient=gradient_seconds(model),
        step=step,
        steps=steps,
        peak=peak,
    )


def sampled(model, name, metric):
    """(seconds per leapfrog step, steps per draw after warm-up) of a chain that takes ENOUGH seconds; the peak memory
    with one of DRAWS.
    """
    options = {"chains": 1, "metric": metric, "workers": 1, "progress": False}
    initial = None
    if name not in BY_DIMENSION:
        pilot = SIZED[name](PILOT)()
        initial = hmc.sample(pilot, warmup=500, draws=500, **options).unconstrained.mean(axis=(0, 1))
    else:
        hmc.sample(model, warmup=2, draws=2, **options)  # loads the code, as the pilot does
    seconds, draws, peaks = 0.0, DRAWS, []
    while seconds < ENOUGH:
        started = time.process_time()
        fit = hmc.sample(model, warmup=WARMUP, draws=draws, initial=initial, **options)
        seconds = time.process_time() - started
        draws *= 2
        peaks.append(peak_memory())
    steps = fit.warmup_stats["n_steps"].sum() + fit.stats["n_steps"].sum()
    return seconds / int(steps), float(fit.stats["n_steps"].mean()), peaks[0]


def gradient_seconds(model, repeats=7, enough=0.05):
    """Median seconds of our log density with its gradient, called through the sampler's pointer."""
    density, data = model.density()
    repeat = numba.njit(numba.float64(DENSITY, VECTOR, numba.intp, VECTOR, numba.intp))(call_often)
    position, gradient = np.full(model.dimension, 0.1), np.zeros(model.dimension)
    call = functools.partial(repeat, density, position, data, gradient)
    return seconds_per_call(call, repeats, enough)


def seconds_per_call(call_repeatedly, repeats=7, enough=0.05):
    """Median seconds of one of the calls that `call_repeatedly(count)` makes, about `enough` seconds of them."""
    count, seconds = 1, 0.0
    while seconds < enough / 2:
        count *= 2
        seconds = processor_seconds(call_repeatedly, count)
    return statistics.median(processor_seconds(call_repeatedly, count) for _ in range(repeats)) / count


def processor_seconds(function, *arguments):
    """Seconds of a call, on the processor's clock."""
    started = time.process_time()
    function(*arguments)
    return time.process_time() - started


def peak_memory():
    """Bytes of memory that this process had at most. Linux only: elsewhere a child inherits its parent's."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return 1024 * int(line.split()[1])
    raise SystemExit("/proc/self/status has no VmHWM: peak memory is measured on Linux only")


def main():
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", choices=SIZED)
    parser.add_argument("size", type=int, help=f"rows; of {', '.join(BY_DIMENSION)}, the dimension")
    parser.add_argument(
        "metric", nargs="?", default="diag", choices=("diag", "dense", "low_rank", "none"), help="none: no chains"
    )
    arguments = parser.parse_args()
    pin_to_one_core()
    print(json.dumps(measure(arguments.model, arguments.size, arguments.metric)._asdict()))


if __name__ == "__main__":
    main()
