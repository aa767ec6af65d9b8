"""Leave-one-out of the roaches: ours beside the vignette of R's loo, refits, and exact values by quadrature.

    HMC_ROACHES_CSV=roaches.csv python benchmarks/roaches.py [--seed N] [--fits N] [--write-draws FILE]

The model is benchmarks/posteriors/roaches.py. The first table has PSIS and moment matching of the first fit, 4 x 1,000
draws as in the vignette, and by how much they miss the exact elpd over all fits: mean and sd. The second has the
observations whose k-hat is over 0.7 in the first fit: their scores there, by a refit (with its Monte Carlo standard
error, nan where more than a tenth of the likelihood is missed), and exact.

--write-draws writes the draws that R was given (tests/golden/diagnostics/roaches_draws.csv), and does nothing else.
"""

import argparse
import functools
import sys
import warnings
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # before this folder, whose models.py is not the package

import numpy as np
from scipy.special import logsumexp

import hmc
from benchmarks.posteriors.roaches import SD_BETA, SD_INTERCEPT, roaches
from diagnostics import loo_moment_match, loo_refit, psis_loo

# elpd_loo, its SE and the number of k-hats over 0.7 that the vignette of loo 2.5.1 prints ("Avoiding model refits in
# leave-one-out cross-validation with moment matching", Paananen, Buerkner, Vehtari & Gabry). Its text says 19.
VIGNETTE = {"PSIS": (-5459.4, 694.1, 14), "moment matching": (-5478.8, 700.0, 0)}
HIGH = 0.7
POINTS = 7  # of the quadrature, along each axis: exact to 1e-10, as 15 show


def main():
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=1, help="of the first fit; others follow (default 1)")
    parser.add_argument("--fits", type=int, default=5, help="how many (default 5)")
    parser.add_argument("--write-draws", metavar="FILE", help="write the draws of the comparison with R")
    options = parser.parse_args()
    warnings.simplefilter("ignore")  # of high k-hats
    if options.write_draws:
        write_draws(options.write_draws)
    else:
        measure(options.seed, options.fits)


def measure(first, count):
    """Print both tables, of `count` fits with the seeds from `first` on."""
    model = roaches()
    exact = exact_elpd(model, range(model.data.y.size))
    fits = [sampled(model, seed) for seed in range(first, first + count)]
    results = {
        "PSIS": [psis_loo(fit.log_likelihood) for fit in fits],
        "moment matching": [loo_moment_match(fit) for fit in fits],
        "k_threshold=0.5": [loo_moment_match(fit, k_threshold=0.5) for fit in fits],
    }
    print_totals(results, exact)
    print_observations(model, results, exact, first)


def sampled(model, seed, draws=1000):
    """A fit of four chains."""
    return hmc.sample(model, draws=draws, seed=seed, workers=1, progress=False)


def write_draws(path):
    """4 x 250 draws, one row each, with 17 digits."""
    draws = sampled(roaches(), seed=1, draws=250).unconstrained
    chain = np.repeat(np.arange(1, 5), draws.shape[1])
    header = "chain,beta1,beta2,beta3,intercept"
    rows = np.column_stack([chain, draws.reshape(len(chain), -1)])
    np.savetxt(path, rows, fmt=["%d", *["%.17g"] * 4], delimiter=",", header=header, comments="")


def print_totals(results, exact):
    """One row for each way, and the exact one."""
    errors = f"less exact, of {len(results['PSIS'])} fits"
    print(f"{'':18}{'elpd_loo':>10}{'SE':>8}{'k > 0.7':>9}{errors:>26}{'vignette':>12}{'SE':>8}{'k > 0.7':>9}")
    for name, found in results.items():
        errors = np.array([loo.elpd_loo for loo in found]) - exact.sum()
        print(f"{name:18}{found[0].elpd_loo:10.1f}{found[0].se / 2:8.1f}{(found[0].pareto_k > HIGH).sum():9}", end="")
        print(f"{f'{errors.mean():.2f} (sd {errors.std(ddof=1):.2f})':>26}", end="")
        print("{:12.1f}{:8.1f}{:9}".format(*VIGNETTE[name]) if name in VIGNETTE else "")
    print(f"{'exact':18}{exact.sum():10.1f}{np.sqrt(exact.size * exact.var(ddof=1)):8.1f}\n")


def print_observations(model, results, exact, seed):
    """One row for each observation whose k-hat is high in the first fit."""
    plain, matched = results["PSIS"][0], results["moment matching"][0]
    high = np.flatnonzero(plain.pareto_k > HIGH)
    refitted = loo_refit(model, [[int(i)] for i in high], seed=seed, draws=1000, progress=False).pointwise
    columns = f"{'k-hat':>7}{'PSIS':>10}{'k-hat':>7}{'matched':>10}{'missed':>8}{'refit':>17}"
    print(f"{'observation':12}{'y':>5}{columns}{'exact':>11}")
    for place, i in enumerate(high):
        print(f"{i + 1:<12}{model.data.y[i]:5.0f}", end="")
        for loo in (plain, matched):
            print(f"{loo.pareto_k[i]:7.2f}{loo.pointwise.elpd_loo[i]:10.2f}", end="")
        refit = f"{refitted.elpd_loo[place]:.2f} ({refitted.mcse[place]:.2f})"
        print(f"{refitted.missed[place]:8.0%}{refit:>17}{exact[i]:11.2f}")


def exact_elpd(model, observations, points=POINTS):
    """(observations,): the log of the ratio of two integrals, that of the posterior with each and without it."""
    whole = log_evidence(model, points)
    return np.array([whole - log_evidence(model.without(i), points) for i in observations])


def log_evidence(model, points=POINTS):
    """The log of the integral of exp(log density), by Gauss-Hermite quadrature with points^4 nodes about the mode.

    The posterior is nearly normal, so that few points do.
    """
    mode, precision = mode_of(model)
    factor = np.linalg.cholesky(precision)
    nodes, log_weights = hermite(points, mode.size)
    positions = mode + np.linalg.solve(factor.T, nodes.T).T
    terms = model.log_densities(positions) + (nodes**2).sum(axis=1) / 2 + log_weights
    return logsumexp(terms) - np.log(np.diag(factor)).sum()


@functools.cache
def hermite(points, dimension):
    """Nodes (points^dimension, dimension) and log weights, of the weight exp(-|z|^2 / 2)."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(points)
    grid = np.stack(np.meshgrid(*[nodes] * dimension, indexing="ij"), axis=-1)
    log_weights = sum(np.meshgrid(*[np.log(weights)] * dimension, indexing="ij"))
    return grid.reshape(-1, dimension), log_weights.ravel()


def mode_of(model):
    """The mode of the log density, which is concave, and minus its second derivatives there: by Newton's steps."""
    data = model.data
    design = np.column_stack([data.x, np.ones(data.y.size)])
    prior = np.diag([SD_BETA**-2.0] * 3 + [SD_INTERCEPT**-2.0])
    # Weighted least squares of log counts, from where the steps converge: the start of R's glm.
    count, root = data.y + 0.1, np.sqrt(data.y + 0.1)
    position = np.linalg.lstsq(design * root[:, None], root * (np.log(count) - data.log_exposure), rcond=None)[0]
    for _ in range(100):
        rate = data.weight * np.exp(design @ position + data.log_exposure)
        precision = (design.T * rate) @ design + prior
        step = np.linalg.solve(precision, model.evaluate(position)[1])
        position = position + step
        if abs(step).max() < 1e-9:
            return position, precision
    raise RuntimeError(f"{model.name}: Newton's steps do not converge; the last is {step}")


if __name__ == "__main__":
    main()
