"""How far ArviZ's numbers are from ours, in the rows of diagnostics/README.md that say by how much.

    python benchmarks/arviz_numbers.py

Each line is the largest difference over fixed cases: AR(1) draws of two autocorrelations, and the log likelihoods of
tests/golden/diagnostics. ArviZ 0 is the package `arviz` (extra `test`), ArviZ 1 is `arviz_stats` (extra `bench`); what
is not installed is left out. Asked for the same quantiles, ArviZ 1's tail ESS agrees with ours to rounding, which is
printed too: the definition is all that differs.
"""

import importlib
import warnings
from pathlib import Path

import numpy as np

import diagnostics

GOLDEN = Path(__file__).parents[1] / "tests" / "golden" / "diagnostics"
CORRELATIONS = (0.5, 0.9)


def ess_difference(ess, sets=100):
    """The largest relative difference of the ESS of 4 chains of 50 draws, whose halves have 25; `ess` is ArviZ's."""
    return max(
        np.abs([ess(draws[..., i], method="mean") for i in range(sets)] / diagnostics.ess_mean(draws) - 1).max()
        for draws in (autoregressive(phi, (4, 50, sets)) for phi in CORRELATIONS)
    )


def tail_difference(arviz_stats, prob=None, sets=50):
    """The largest relative difference of the tail ESS of 4 chains of 1000 draws."""
    import xarray

    worst = 0.0
    for phi in CORRELATIONS:
        draws = autoregressive(phi, (4, 1000, sets))
        named = xarray.DataArray(draws, dims=("chain", "draw", "i"))
        theirs = arviz_stats.ess(named, method="tail", prob=prob).values
        worst = max(worst, np.abs(theirs / diagnostics.ess_tail(draws) - 1).max())
    return worst


def psis_differences(arviz_stats):
    """The largest differences (k-hat, elpd of an observation) in the log likelihoods of tests/golden."""
    psislw = importlib.import_module("arviz_stats.base").array_stats.psislw
    ks, elpds = [], []
    for name in ("mST", "mSTnomem", "badk"):
        with np.load(GOLDEN / f"loglik_{name}.npz") as stored:
            log_lik = stored["ll"]
        r_eff = diagnostics.relative_efficiency(log_lik)
        ours = diagnostics.psis_loo(log_lik, r_eff)
        for i, column in enumerate(log_lik.reshape(-1, log_lik.shape[2]).T):
            weights, k = psislw(column.copy(), r_eff=float(r_eff[i]))
            ks.append(k - ours.pareto_k[i])
            elpds.append(np.logaddexp.reduce(weights + column) - ours.pointwise.elpd_loo[i])
    return np.abs(ks).max(), np.abs(elpds).max()


def autoregressive(phi, shape):
    """Stationary AR(1) draws (chains, draws, n), normal with mean 0 and sd 1."""
    x = np.random.default_rng(1).normal(size=shape)
    for t in range(1, shape[1]):
        x[:, t] = phi * x[:, t - 1] + np.sqrt(1 - phi**2) * x[:, t]
    return x


def installed(name):
    """The package, or None."""
    try:
        return importlib.import_module(name)
    except ImportError as error:
        print(f"{name} is left out: {error}")
        return None


def main():
    """Measure and print."""
    warnings.simplefilter("ignore")  # high k-hats: these log likelihoods have them
    if arviz := installed("arviz"):
        print(f"arviz {arviz.__version__}: ESS from half-chains of 25 draws: up to {ess_difference(arviz.ess):.0%}")
    if arviz_stats := installed("arviz_stats"):
        name = f"arviz_stats {arviz_stats.__version__}"
        print(f"{name}: ESS from half-chains of 25 draws: up to {ess_difference(arviz_stats.ess):.0%}")
        print(f"{name}: tail ESS: up to {tail_difference(arviz_stats):.0%}", end="")
        print(f" (with prob=(0.05, 0.95): {tail_difference(arviz_stats, (0.05, 0.95)):.0e})")
        k, elpd = psis_differences(arviz_stats)
        print(f"{name}: k-hat: up to {k:.2f}; elpd of an observation: up to {elpd:.2f}")


if __name__ == "__main__":
    main()
