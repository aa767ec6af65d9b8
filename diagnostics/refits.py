"""Fits of a model without some of its observations: what `loo_refit` and `kfold` have in common.

A score needs draws of the refit where what was left out is likely. An outlier that the model all but rules out may have
none there. That shows in the draws of the first fit, since the posterior of all data is that of the refit, weighted by
the likelihood of what was left out: the share of these draws in which this is higher than in any draw of the refit is
the share of the mean likelihood that the refit missed (`missed_share`).
"""

from __future__ import annotations

import functools
import itertools
import warnings
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from .arrays import quietly
from .cautions import missed_cautions
from .mcse import mcse_mean
from .protocols import Floats, Ints
from .waic import log_mean_exp

# A score that misses more of the mean likelihood is not known within an error that its own draws can tell.
HIGH_MISSED = 0.1

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from hmc.model import Model
    from hmc.sampler.snapshot import Snapshot
    from hmc.settings import Settings


def observations_of(model: Model, caller: str) -> int:
    """How many observations a model has; ValueError where they cannot be left out and scored."""
    from hmc.model import check_has, check_model  # here alone: other diagnostics take arrays

    check_model(model, caller)
    check_has(model, "log_likelihood", need=f"{caller} needs")
    return len(model.without([]).data.weight)


def refits(
    model: Model,
    left_out: list[list[int]],
    reduce: Callable[..., Any],
    sampling: dict[str, Any],
    *,
    caller: str,
    seed: int | None,
    workers: int | None,
    executor: Executor | str | None,
    progress: bool,
) -> list[Any]:
    """Fit a model, and again without each of these lists of observations; what `reduce` keeps of each fit, in order.

    The refits begin where the chains of the first fit ended, with its metric and step size, and need no warm-up of
    their own (`hmc.replication.chains_from`).

    reduce(log_likelihood, draws, stats, observations): of (chains, draws, all observations), left out or not;
    `observations` are those that were left out, [] for the first fit. Each fit has a seed of its own, spawned from
    `seed`. Else as `loo_refit`.
    """
    from hmc.running import Items, in_batches

    settings = _settings(model, sampling, caller)
    for group in left_out:
        model.without(group)  # a wrong number is found before the first fit
    seeds = list(itertools.islice(_seeds(seed), 1 + len(left_out)))
    run: dict[str, Any] = {"workers": workers, "executor": executor, "until_failure": True}

    def fits(function: Callable[..., Any], groups: list[list[int]], progress: bool) -> list[Any]:
        items = Items(function, settings.chains, (), settings.algorithm)
        done = in_batches(model, items, len(groups), progress=progress, **run)
        if done.failures:
            number, reason = done.failures[0]
            without = f" without observations {groups[number]}" if groups[number] else ""
            raise RuntimeError(f"{model.name}: the fit{without} failed: {reason}")
        if done.interrupted:
            raise KeyboardInterrupt("interrupted during leave-one-out")
        return [result for _, result in done.results]

    [(whole, ends)] = fits(functools.partial(_whole_fit, settings._replace(seed=seeds[0]), reduce), [[]], False)
    return [whole, *fits(functools.partial(_refit, settings, left_out, seeds[1:], reduce, ends), left_out, progress)]


@quietly
def left_out_score(log_lik: Floats) -> tuple[float, float, float]:
    """(elpd, its Monte Carlo standard error, the highest) of log likelihoods (chains, draws) of what was left out."""
    elpd = float(log_mean_exp(log_lik.ravel()))
    relative = np.exp(log_lik - elpd)  # mean 1, so its standard error is that of its log, to first order
    return elpd, float(mcse_mean(relative)), float(log_lik.max())


@quietly
def lppd_of(log_liks: Iterable[Floats]) -> Floats:
    """lppd of observations or groups, each with log likelihoods (S,) in draws of the first fit."""
    return np.array([log_mean_exp(log_lik) for log_lik in log_liks])


@quietly
def missed_share(log_lik: Floats, highest: float, others: Floats | None = None) -> float:
    """The share of the mean likelihood of what was left out that is above `highest`, the highest log likelihood in a
    draw of the refit.

    `log_lik`: log likelihoods (S,) in draws of the first fit. `others`: those of what was left out with it, and is
    scored apart; draws are weighted to the posterior without that.
    """
    weights = np.ones(len(log_lik)) if others is None else np.exp(others.min() - others)
    return float(weights @ (log_lik > highest) / weights.sum())


def known_errors(mcse: Floats, missed: Floats, what: str) -> Floats:
    """Monte Carlo standard errors, NaN where too much was missed; warns the caller of `loo_refit` or `kfold` of these
    observations or groups, `what`.
    """
    for caution in missed_cautions(missed, HIGH_MISSED, what):
        warnings.warn(str(caution), stacklevel=3)
    return np.where(missed > HIGH_MISSED, np.nan, mcse)


def _settings(model: Model, sampling: dict[str, Any], caller: str) -> Settings:
    """The settings of every fit, from arguments of `hmc.sample`."""
    from hmc.sampling import settings_from
    from hmc.settings import Settings

    if unknown := [name for name in sampling if name not in Settings._fields or name == "keep_warmup"]:
        raise TypeError(f"{caller} has no argument {unknown[0]!r}")
    return settings_from(model, **sampling)


def _seeds(seed: int | None) -> Iterator[int]:
    """Seeds without end, far apart, from one."""
    generator = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(0,)))
    while True:
        yield int(generator.integers(2**63))


def _whole_fit(
    settings: Settings, reduce: Callable[..., Any], model: Model, _number: int, cells: Ints
) -> tuple[Any, list[Snapshot]]:
    """What `reduce` keeps of the fit to all observations, and where its chains ended; in a worker."""
    from hmc.replication import adapted_chains

    draws, stats, ends = adapted_chains(model, settings, cells)
    return reduce(_log_likelihood(model, model, draws), draws, stats, []), ends


def _refit(
    settings: Settings,
    left_out: list[list[int]],
    seeds: list[int],
    reduce: Callable[..., Any],
    ends: list[Snapshot],
    model: Model,
    number: int,
    cells: Ints,
) -> Any:
    """What `reduce` keeps of the fit without list `number`, in a worker."""
    from hmc.replication import chains_from

    group = left_out[number]
    fitted = model.without(group)
    draws, stats = chains_from(ends, fitted, settings._replace(seed=seeds[number]), cells)
    return reduce(_log_likelihood(model, fitted, draws), draws, stats, group)


def _log_likelihood(model: Model, fitted: Model, draws: Floats) -> Floats:
    """The log likelihood of all observations (chains, draws, observations), left out or not."""
    log_likelihood = fitted.pointwise("log_likelihood", draws)
    if log_likelihood.shape[2] != len(model.data.weight):
        written = f"log_likelihood writes {log_likelihood.shape[2]} observations"
        raise ValueError(f"{model.name}: {written}, and the data have a weight for {len(model.data.weight)}")
    return log_likelihood
