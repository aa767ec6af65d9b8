"""What WALNUTS is worth: NUTS and WALNUTS in two posteriors with a neck, and on models without one.

    python benchmarks/necks.py [--chains N] [--draws N] [--seeds N] [--easy-only] [--necks-only] [--walnutpie]

Of Neal's funnel and the centred eight schools (`benchmarks/posteriors/necks.py`) the mean of a quantity and the share
of draws in the neck beside the exact values, with standard errors between chains, which single chains underestimate;
and, for a thousand gradients of the draws, the number of independent draws whose mean has the same mean squared error
about the exact one. Bias counts: a sampler that stays out of the neck is worth little, however fast it is.

Of the lecture's mST, mr and cafes the median bulk ESS for a thousand gradients, as medians over the seeds, and their
ratio. --walnutpie, where it is installed: the two with a neck, sampled by walnutpie with its defaults and nothing else
(https://github.com/flatironinstitute/walnutpie). Its gradients are counted over all iterations.
"""

import argparse
import importlib.util
import math
import statistics
import sys
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parents[1]))  # before this folder, whose models.py is not the package

import numba
import numpy as np
from scipy import integrate, stats

import diagnostics
import hmc
import models
from benchmarks.posteriors import necks
from figures.sampler.toys import schools_centred
from hmc.parameters import blocks

WARMUP = 1000
EASY = ("mST", "mr", "cafes")
SAMPLERS = [("nuts", target) for target in (0.8, 0.95, 0.99)] + [("walnuts", 0.8)]


class Quantity(NamedTuple):
    """What is estimated of a posterior: a quantity, and the probability that it is below a bound, its neck."""

    name: str
    parameter: str  # whose unconstrained number it is
    bound: float
    mean: float  # exact, as all that follow
    sd: float
    below: float  # the probability of the neck


class Chains(NamedTuple):
    """The draws of a sampler."""

    draws: np.ndarray  # (chains, draws) of the quantity
    gradients: float  # for a draw
    divergences: int


def main():
    """Measure and print."""
    arguments = parsed()
    if not arguments.easy_only:
        for model, quantity in ((necks.funnel(), of_funnel()), (schools_centred(), of_schools())):
            print_neck(model, quantity, arguments)
    if not (arguments.necks_only or arguments.walnutpie):
        print_easy(arguments.seeds)


def parsed():
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--chains", type=int, default=32, help="of each fit with a neck (default 32)")
    parser.add_argument("--draws", type=int, default=10_000, help="of each of these chains (default 10,000)")
    parser.add_argument("--seeds", type=int, default=5, help="fits of each model without a neck (default 5)")
    parser.add_argument("--easy-only", action="store_true", help="only the models without a neck")
    parser.add_argument("--necks-only", action="store_true", help="only those with one")
    parser.add_argument("--walnutpie", action="store_true", help="only walnutpie, on those with one")
    arguments = parser.parse_args()
    if arguments.walnutpie and importlib.util.find_spec("walnutpie") is None:
        parser.error("--walnutpie: walnutpie is not installed (pip install walnutpie)")
    return arguments


def of_funnel():
    """v ~ Normal(0, 3)."""
    return Quantity("v", "v", -5.0, 0.0, 3.0, float(stats.norm(0, 3).cdf(-5.0)))


def of_schools():
    """log tau, by quadrature."""

    def integral(power, high=15.0):
        def integrand(x):
            return x**power * necks.tau_density(math.exp(x)) * math.exp(x)

        return integrate.quad(integrand, -40.0, high, limit=500, epsabs=1e-14)[0]

    total, bound = integral(0), math.log(0.5)
    mean = integral(1) / total
    sd = math.sqrt(integral(2) / total - mean**2)
    return Quantity("log tau", "tau", bound, mean, sd, integral(0, bound) / total)


def print_neck(model, quantity, arguments):
    """A table of the samplers on a posterior with a neck."""
    chains, draws = arguments.chains, arguments.draws
    print(f"{model.name}, {chains} x ({WARMUP} + {draws}): {quantity.name}, exact mean {quantity.mean:.4f};", end=" ")
    print(f"P({quantity.name} < {quantity.bound:.3g}), exact {quantity.below:.4f}")
    print(f"{'':20}{'mean':>18}{'in the neck':>20}{'gradients':>11}{'divergent':>11}{'worth of 1000':>15}")
    for algorithm, target in [] if arguments.walnutpie else SAMPLERS:
        found = sampled(model, quantity, algorithm, target, chains, draws)
        print_row(f"{algorithm} {target}", found, quantity)
    if arguments.walnutpie:
        print_row("walnutpie", of_walnutpie(model, quantity, chains, draws), quantity)
    print(flush=True)


def print_row(label, found, quantity):
    """Estimates with errors between chains, costs, and the worth of a thousand gradients."""
    in_neck = found.draws < quantity.bound
    text = ""
    for values, width in ((found.draws, 18), (in_neck, 20)):
        means = values.mean(axis=1)
        error = means.std(ddof=1) / math.sqrt(means.size)
        text += f"{f'{means.mean():.4f} ({error:.4f})':>{width}}"
    squared = np.mean((found.draws.mean(axis=1) - quantity.mean) ** 2)
    worth = 1000.0 * quantity.sd**2 / squared / (found.gradients * found.draws.shape[1])
    print(f"{label:20}{text}{found.gradients:11.1f}{found.divergences:11}{worth:15.3f}", flush=True)


def sampled(model, quantity, algorithm, target, chains, draws):
    """Chains of ours."""
    how = {"algorithm": algorithm, "target_accept": target, "metric": "diag", "seed": 1}
    fit = hmc.sample(model, chains, WARMUP, draws, workers=1, progress=False, **how)
    counts = fit.stats["n_steps"].mean(), int(fit.stats["diverging"].sum())
    return Chains(fit.unconstrained[..., column_of(model, quantity)], *counts)


def column_of(model, quantity):
    """Of the unconstrained draws."""
    return next(place.start for parameter, place in blocks(model.parameters) if parameter.name == quantity.parameter)


def of_walnutpie(model, quantity, chains, draws):
    """Chains of walnutpie on our density."""
    import walnutpie

    density = numba.njit(error_model="numpy")(getattr(model.log_density, "py_func", model.log_density))
    calls = 0

    def log_density(position):
        nonlocal calls
        calls += 1
        gradient = np.zeros(position.size)
        return float(density(position, model.data, gradient)), gradient

    lengths = {"min_warmup_iter": WARMUP, "max_warmup_iter": WARMUP}
    lengths |= {"min_sampling_iter": draws, "max_sampling_iter": draws}
    found = walnutpie.walnuts_pyfunc(log_density, num_params=model.dimension, num_chains=chains, seed=1, **lengths)
    rows = np.stack([np.asarray(chain) for chain in found])[..., column_of(model, quantity)]
    return Chains(rows, calls / (chains * (draws + WARMUP)), 0)


def print_easy(seeds):
    """The median ESS for a thousand gradients of both algorithms on models without a neck."""
    print(f"{'median ESS of 1000':20}{'NUTS':>10}{'WALNUTS':>10}{'ratio':>8}")
    for name in EASY:
        worth = {algorithm: statistics.median(easy(name, algorithm, seeds)) for algorithm in ("nuts", "walnuts")}
        print(
            f"{name:20}{worth['nuts']:10.1f}{worth['walnuts']:10.1f}{worth['walnuts'] / worth['nuts']:8.3f}", flush=True
        )


def easy(name, algorithm, seeds):
    """Median bulk ESS of the unconstrained coordinates for a thousand gradients of the draws, seed by seed."""
    for seed in range(1, seeds + 1):
        fit = hmc.sample(models.build(name), seed=seed, algorithm=algorithm, workers=1, progress=False)
        yield 1000.0 * np.median(diagnostics.ess_bulk(fit.unconstrained)) / fit.stats["n_steps"].sum()


if __name__ == "__main__":
    main()
