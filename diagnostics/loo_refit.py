"""Exact leave-one-out: fit the model again without each observation, and score the observation that was left out.

PSIS approximates the same from one fit; this takes a fit per observation. It assumes nothing about weights, so it also
holds where k-hat is high, as for every group with a parameter of its own: without a tank's data its intercept comes
from the population, and its score is that of a new tank.
"""

from __future__ import annotations

import functools
import inspect
import itertools
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np

from .arrays import pooled, quietly
from .mcse import mcse_mean
from .protocols import Bools, Floats, Ints
from .rhat import rhat
from .waic import log_mean_exp, standard_error_of_sum

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from hmc.model import Model
    from hmc.settings import Settings

Score: TypeAlias = tuple[Floats, Floats, Floats, int]


class RefitPointwise(NamedTuple):
    """One number per group of observations (by default each is a group of its own), arrays (groups,)."""

    elpd_loo: Floats  # log of the mean over draws of the group's likelihood, the group left out of the fit
    p_loo: Floats
    looic: Floats
    mcse: Floats  # Monte Carlo standard error of elpd_loo
    rhat: Floats  # the largest Rhat of the refit's parameters
    divergences: Ints  # of the refit


class LooRefit(NamedTuple):
    """Leave-one-out of a model by refitting: sums over the groups. The names are those of `psis_loo`."""

    elpd_loo: float  # log scale: higher is better
    p_loo: float  # lppd - elpd_loo
    looic: float  # -2 elpd_loo, deviance scale: lower is better
    se: float  # standard error of `looic` over groups
    mcse: float  # Monte Carlo standard error of `elpd_loo`: how far that of another seed may be
    pointwise: RefitPointwise


def loo_refit(
    model: Model,
    groups: Iterable[Iterable[int]] | None = None,
    *,
    seed: int | None = 12,
    workers: int | None = None,
    executor: Executor | str | None = None,
    progress: bool = True,
    **sampling: Any,
) -> LooRefit:
    """Leave-one-out of a model, each observation (or group) left out of a fit of its own, as a `LooRefit`.

    `model` is a `hmc.Model` with a log likelihood and data that have a field `weight` (see `Model.without`). `groups`:
    a list of lists of observation numbers, from 0; a group is left out, and scored jointly, as a whole. `workers`: how
    many fits at a time, each with its chains one after the other; `executor`, `progress` and `sampling` (chains, draws,
    ...) are arguments of `hmc.sample`. Each refit has a seed of its own, spawned from `seed`, so that results do not
    depend on workers or executor.

    Compare `psis_loo`: for the lecture's mST, PSIS gives a looic of about 222 and warns of nearly every tank, and the
    exact value is 269.8, because a tank that is left out is a new tank (tests/test_loo_refit.py).

    ValueError for a model whose observations cannot be left out, or for an empty group. A refit that fails
    or is interrupted ends the run: RuntimeError, KeyboardInterrupt.
    """
    from hmc.running import Items, in_batches  # here alone: other diagnostics take arrays

    settings = _settings(model, sampling)
    if model.log_likelihood is None:
        raise ValueError(f"{model.name} has no log_likelihood function")
    observations = len(model.without([]).data.weight)
    left_out = [[i] for i in range(observations)] if groups is None else [list(group) for group in groups]
    if not left_out or not all(left_out):
        raise ValueError("loo_refit needs groups of at least one observation each")
    for group in left_out:
        model.without(group)  # a wrong number is found before the first fit
    seeds = list(itertools.islice(_seeds(seed), 1 + len(left_out)))
    items = Items(functools.partial(_fit, settings, left_out, seeds), settings.chains, (), settings.algorithm)
    run: dict[str, Any] = {"workers": workers, "executor": executor, "progress": progress, "until_failure": True}
    done = in_batches(model, items, 1 + len(left_out), **run)
    if done.failures:
        number, reason = done.failures[0]
        without = f" without observations {left_out[number - 1]}" if number else ""
        raise RuntimeError(f"{model.name}: the fit{without} failed: {reason}")
    if done.interrupted:
        raise KeyboardInterrupt("interrupted during leave-one-out")
    (_, lppd), *scores = done.results
    elpd, mcse, worst_rhat, divergences = map(np.array, zip(*(score for _, score in scores), strict=True))
    pointwise = RefitPointwise(elpd, np.array(lppd) - elpd, -2 * elpd, mcse, worst_rhat, divergences)
    return LooRefit(
        elpd_loo=float(elpd.sum()),
        p_loo=float(pointwise.p_loo.sum()),
        looic=float(pointwise.looic.sum()),
        se=standard_error_of_sum(pointwise.looic),
        mcse=float(np.sqrt((mcse**2).sum())),
        pointwise=pointwise,
    )


def _settings(model: Model, sampling: dict[str, Any]) -> Settings:
    """The settings of every fit, from arguments of `hmc.sample`."""
    from hmc.sampling import initial_positions, sample
    from hmc.settings import Settings, check_settings

    defaults = {name: inspect.signature(sample).parameters[name].default for name in Settings._fields}
    if unknown := [name for name in sampling if name not in defaults or name == "keep_warmup"]:
        raise TypeError(f"loo_refit has no argument {unknown[0]!r}")
    given = defaults | sampling
    settings = check_settings(**given | {"initial": None, "keep_warmup": False})
    return settings._replace(initial=initial_positions(model, given["initial"], settings.chains))


def _seeds(seed: int | None) -> Iterator[int]:
    """Seeds without end, far apart, from one."""
    generator = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(0,)))
    while True:
        yield int(generator.integers(2**63))


def _fit(
    settings: Settings, groups: list[list[int]], seeds: list[int], model: Model, number: int, cells: Ints
) -> list[Floats] | Score:
    """The result of a fit, in a worker: for number 0, which leaves nothing out, the lppd of each group; for the others
    the `_score` of the group that is left out.
    """
    from hmc.replication import independent_chains

    fitted = model.without(groups[number - 1]) if number else model
    draws, stats = independent_chains(None, fitted, settings._replace(seed=seeds[number]), cells)
    log_likelihood = fitted.pointwise("log_likelihood", draws)
    if log_likelihood.shape[2] != len(model.data.weight):
        written = f"log_likelihood writes {log_likelihood.shape[2]} observations"
        raise ValueError(f"{model.name}: {written}, and the data have a weight for {len(model.data.weight)}")
    if number:
        return _score(log_likelihood[:, :, groups[number - 1]].sum(axis=2), draws, stats["diverging"])
    return [log_mean_exp(pooled(log_likelihood[:, :, group]).sum(axis=1)) for group in groups]


@quietly
def _score(log_likelihood: Floats, draws: Floats, diverging: Bools) -> Score:
    """(elpd, its Monte Carlo standard error, largest Rhat, divergences) of the group that a fit was made without."""
    elpd = log_mean_exp(log_likelihood.ravel())
    relative = np.exp(log_likelihood - elpd)  # mean 1, so its standard error is that of its log, to first order
    return elpd, mcse_mean(relative), rhat(draws).max(), int(diverging.sum())
