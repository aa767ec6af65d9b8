"""Speed on mST, 50 dimensions: nanoseconds per gradient and leapfrog step, and effective draws, beside nutpie.

    python benchmarks/mst.py [--repeats N] [--no-nutpie]

Everything runs on one pinned core in one process, compiled beforehand, sampling only; medians over the repeats
(the machine's noise hits all alike, so quote the ratios). nutpie is measured where it is installed (extra `bench`).
"""

import argparse
import os
import statistics
import time
import warnings

import numba
import numpy as np

import hmc
import models
from diagnostics import ess_bulk
from hmc.compiled import DENSITY, VECTOR
from hmc.kernel import kernel
from hmc.run import run_chain
from hmc.settings import check_settings

CHAINS, DRAWS = 4, 1000


def main():
    """Measure and print."""
    arguments = parsed()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    model = models.mST()
    print_costs_of_a_step(model, arguments.repeats)
    rows = {
        f"ours, {a} warm-up": measure(lambda seed, a=a: ours(model, a, seed), arguments.repeats) for a in ADAPTATIONS
    }
    if arguments.nutpie:
        rows |= nutpie_rows(arguments.repeats)
    print_rows(rows)


ADAPTATIONS = ("gradients", "windows")


def parsed():
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=25, help="runs of each, a seed each (default 25)")
    parser.add_argument("--no-nutpie", dest="nutpie", action="store_false", help="measure only ours")
    return parser.parse_args()


def print_costs_of_a_step(model, repeats):
    """Nanoseconds per gradient, called through the sampler's pointer, and per leapfrog step within NUTS."""
    density, data = model.density()
    repeat = numba.njit(numba.float64(DENSITY, VECTOR, numba.intp, VECTOR, numba.intp))(call_often)
    position, gradient, count = np.full(model.dimension, 0.1), np.zeros(model.dimension), 200_000
    gradient_ns = median_time(lambda: repeat(density, position, data, gradient, count), repeats) / count * 1e9
    settings = check_settings(**SETTINGS, warmup=500, draws=20_000, adaptation="gradients")
    steps = []

    def one_chain():
        result = run_chain(model, settings, 0, np.zeros(2, dtype=np.int64))
        steps.append(result.record.n_steps.sum())

    step_ns = median_time(one_chain, repeats) / statistics.median(steps) * 1e9
    print(f"gradient {gradient_ns:.0f} ns, leapfrog step in NUTS {step_ns:.0f} ns:", end=" ")
    print(f"overhead {step_ns - gradient_ns:.0f} ns, ratio {step_ns / gradient_ns:.2f}\n")


SETTINGS = {
    "chains": 1,
    "seed": 1,
    "target_accept": 0.8,
    "max_depth": 10,
    "algorithm": "nuts",
    "path_length": None,
    "metric": "diag",
    "initial": None,
    "keep_warmup": False,
}


@kernel
def call_often(density, position, data, gradient, count):
    """The log density, `count` times; summed, so that no call can be left out."""
    total = 0.0
    for _ in range(count):
        total += density(position, data, gradient)
    return total


def median_time(function, repeats):
    """Median seconds of a call, after one that does not count."""
    function()
    seconds = []
    for _ in range(repeats):
        started = time.perf_counter()
        function()
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds)


def ours(model, adaptation, seed):
    """(seconds, gradients, draws (chains, draws, dimension)) of one run in this process."""
    started = time.perf_counter()
    fit = hmc.sample(model, CHAINS, 1000, DRAWS, seed, adaptation=adaptation, workers=1, progress=False)
    seconds = time.perf_counter() - started
    gradients = fit.warmup_stats["n_steps"].sum() + fit.stats["n_steps"].sum()
    return seconds, int(gradients), flat_draws(fit)


def flat_draws(fit):
    """All 50 parameters on the printed scale (ranks, and so the bulk ESS, are the same on any)."""
    return np.concatenate(
        [np.asarray(fit[name]).reshape(CHAINS, DRAWS, -1) for name in ("a", "a_bar", "sigma")], axis=2
    )


def measure(run, repeats):
    """Medians over runs of different seeds: seconds, gradients, min ESS, min ESS per second and per 1000 gradients."""
    run(0)
    rows = []
    for seed in range(1, repeats + 1):
        seconds, gradients, draws = run(seed)
        ess = ess_bulk(draws).min()
        rows.append((seconds, gradients, ess, ess / seconds, 1000 * ess / gradients))
    return [statistics.median(column) for column in zip(*rows, strict=True)]


def nutpie_rows(repeats):
    """nutpie on the same model, at our warm-up and at its own; nothing where it is not installed."""
    try:
        import nutpie
        import pymc as pm
    except ImportError as error:
        print(f"nutpie is not measured: {error}\n")
        return {}
    tanks = models.mST().data
    with pm.Model() as model:
        a_bar = pm.Normal("a_bar", 0, 1.5)
        sigma = pm.Exponential("sigma", 1)
        a = pm.Normal("a", a_bar, sigma, shape=len(tanks.density))
        pm.Binomial("S", n=tanks.density.astype(int), logit_p=a, observed=tanks.survived.astype(int))
    compiled = nutpie.compile_pymc_model(model, backend="numba")

    def run(seed, **warmup):
        started = time.perf_counter()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            trace = nutpie.sample(
                compiled, chains=CHAINS, draws=DRAWS, cores=1, seed=seed, progress_bar=False, save_warmup=True, **warmup
            )
        seconds = time.perf_counter() - started
        gradients = int(trace.sample_stats.n_steps.sum()) + int(trace.warmup_sample_stats.n_steps.sum())
        return seconds, gradients, flat_draws(trace.posterior)

    return {
        "nutpie, 1000 warm-up": measure(lambda seed: run(seed, tune=1000), repeats),
        "nutpie, its default": measure(run, repeats),
    }


def print_rows(rows):
    """The table, and ours against nutpie's."""
    print(f"{CHAINS} chains of {DRAWS} draws, one core, sampling only")
    print(f"{'':26}{'seconds':>10}{'gradients':>11}{'min ESS':>9}{'ESS/s':>9}{'ESS/1000 gradients':>20}")
    for name, (seconds, gradients, ess, per_second, per_gradient) in rows.items():
        print(f"{name:26}{seconds:10.4f}{gradients:11.0f}{ess:9.0f}{per_second:9.0f}{per_gradient:20.1f}")
    for name in [name for name in rows if name.startswith("nutpie")]:
        print(
            f"min ESS per second, ours by default over {name}: {rows['ours, gradients warm-up'][3] / rows[name][3]:.1f}"
        )


if __name__ == "__main__":
    main()
