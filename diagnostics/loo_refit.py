"""Exact leave-one-out: fit the model again without each observation, and score the observation that was left out.

What PSIS approximates from one fit, at the price of a fit per observation. Nothing is assumed of weights, so it also
holds where k-hat is high, as for every group with a parameter of its own: without a tank's data its intercept comes
from the population, and its score is that of a new tank.
"""

from typing import NamedTuple

import numpy as np

from .arrays import pooled
from .mcse import mcse_mean
from .rhat import rhat
from .waic import log_mean_exp, standard_error_of_sum


class RefitPointwise(NamedTuple):
    """One number per group of observations (by default each is a group of its own), arrays (groups,)."""

    elpd_loo: np.ndarray  # log of the mean over draws of the group's likelihood, the group left out of the fit
    p_loo: np.ndarray
    looic: np.ndarray
    mcse: np.ndarray  # Monte Carlo standard error of elpd_loo
    rhat: np.ndarray  # the largest Rhat of the refit's parameters
    divergences: np.ndarray  # of the refit


class LooRefit(NamedTuple):
    """Leave-one-out of a model by refitting: sums over the groups. The names are those of `psis_loo`."""

    elpd_loo: float  # log scale: higher is better
    p_loo: float  # lppd - elpd_loo
    looic: float  # -2 elpd_loo, deviance scale: lower is better
    se: float  # standard error of `looic` over groups
    mcse: float  # Monte Carlo standard error of `elpd_loo`: how far another seed's may be
    pointwise: RefitPointwise


def loo_refit(model, groups=None, *, seed=12, **sampling):
    """Leave-one-out of a model, each observation (or group) left out of a fit of its own, as a `LooRefit`.

    `model` is a `hmc.Model` with a log likelihood and data that have a field `weight` (see `Model.without`). `groups`:
    a list of lists of observation numbers, from 0; a group is left out, and scored jointly, as a whole. `sampling`:
    further arguments of `hmc.sample`; each refit has a seed of its own, spawned from `seed`, so that results do not
    depend on the number of workers.

    Compare `psis_loo`: for the lecture's mST, PSIS gives a looic of about 222 and warns of nearly every tank, and the
    exact value is 269.8, since tanks that are left out are new tanks (tests/test_loo_refit.py).

    ValueError for a model whose observations cannot be left out, or a group of none. A refit that fails or is
    interrupted ends it all: RuntimeError, KeyboardInterrupt.
    """
    import hmc  # here alone: all other diagnostics see arrays only

    observations = model.pointwise("log_likelihood", np.zeros(model.dimension)).size
    groups = [[i] for i in range(observations)] if groups is None else [list(group) for group in groups]
    if not groups or not all(groups):
        raise ValueError("loo_refit needs groups of at least one observation each")
    reduced = [model.without(group) for group in groups]  # a wrong number is found before the first fit
    seeds = _seeds(seed)
    full = hmc.sample(model, seed=next(seeds), **sampling).log_likelihood
    fits = (hmc.sample(left, seed=next(seeds), **sampling) for left in reduced)
    rows = [_score(fit, group) for fit, group in zip(fits, groups, strict=True)]
    elpd, mcse, worst_rhat, divergences = map(np.array, zip(*rows, strict=True))
    lppd = np.array([log_mean_exp(pooled(full[:, :, group]).sum(axis=1)) for group in groups])
    pointwise = RefitPointwise(elpd, lppd - elpd, -2 * elpd, mcse, worst_rhat, divergences)
    return LooRefit(
        elpd_loo=float(elpd.sum()),
        p_loo=float(pointwise.p_loo.sum()),
        looic=float(pointwise.looic.sum()),
        se=standard_error_of_sum(pointwise.looic),
        mcse=float(np.sqrt((mcse**2).sum())),
        pointwise=pointwise,
    )


def _seeds(seed):
    """Seeds without end, far apart, from one."""
    generator = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(0,)))
    while True:
        yield int(generator.integers(2**63))


def _score(fit, group):
    """(elpd, its Monte Carlo standard error, largest Rhat, divergences) of the group that a fit was made without."""
    if fit.interrupted:
        raise KeyboardInterrupt("interrupted during leave-one-out")
    if fit.failures:
        raise RuntimeError(f"{fit.name}: a chain of a refit failed: {fit.failures[0].reason}")
    log_likelihood = fit.log_likelihood[:, :, group].sum(axis=2)
    elpd = log_mean_exp(log_likelihood.ravel())
    relative = np.exp(log_likelihood - elpd)  # mean 1, so its standard error is that of its log, to first order
    return elpd, mcse_mean(relative), rhat(fit.unconstrained).max(), int(fit.stats["diverging"].sum())
