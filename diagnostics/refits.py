"""Fits of a model without some of its observations: what `loo_refit` and `kfold` have in common."""

from __future__ import annotations

import functools
import inspect
import itertools
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from .protocols import Ints

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from hmc.model import Model
    from hmc.settings import Settings


def observations_of(model: Model, caller: str) -> int:
    """How many observations a model has; ValueError where they cannot be left out and scored."""
    if model.log_likelihood is None:
        raise ValueError(f"{model.name} has no log_likelihood function, which {caller} needs")
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

    reduce(log_likelihood, draws, stats, observations): of (chains, draws, all observations), left out or not;
    `observations` are those that were left out, [] for the first fit. Each fit has a seed of its own, spawned from
    `seed`. Else as `loo_refit`.
    """
    from hmc.running import Items, in_batches  # here alone: other diagnostics take arrays

    settings = _settings(model, sampling, caller)
    for group in left_out:
        model.without(group)  # a wrong number is found before the first fit
    seeds = list(itertools.islice(_seeds(seed), 1 + len(left_out)))
    fit = functools.partial(_fit, settings, [[], *left_out], seeds, reduce)
    items = Items(fit, settings.chains, (), settings.algorithm)
    run: dict[str, Any] = {"workers": workers, "executor": executor, "progress": progress, "until_failure": True}
    done = in_batches(model, items, 1 + len(left_out), **run)
    if done.failures:
        number, reason = done.failures[0]
        without = f" without observations {left_out[number - 1]}" if number else ""
        raise RuntimeError(f"{model.name}: the fit{without} failed: {reason}")
    if done.interrupted:
        raise KeyboardInterrupt("interrupted during leave-one-out")
    return [result for _, result in done.results]


def _settings(model: Model, sampling: dict[str, Any], caller: str) -> Settings:
    """The settings of every fit, from arguments of `hmc.sample`."""
    from hmc.sampling import initial_positions, sample
    from hmc.settings import Settings, check_settings

    defaults = {name: inspect.signature(sample).parameters[name].default for name in Settings._fields}
    if unknown := [name for name in sampling if name not in defaults or name == "keep_warmup"]:
        raise TypeError(f"{caller} has no argument {unknown[0]!r}")
    given = defaults | sampling
    settings = check_settings(**given | {"initial": None, "keep_warmup": False})
    return settings._replace(initial=initial_positions(model, given["initial"], settings.chains))


def _seeds(seed: int | None) -> Iterator[int]:
    """Seeds without end, far apart, from one."""
    generator = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(0,)))
    while True:
        yield int(generator.integers(2**63))


def _fit(
    settings: Settings,
    left_out: list[list[int]],
    seeds: list[int],
    reduce: Callable[..., Any],
    model: Model,
    number: int,
    cells: Ints,
) -> Any:
    """What `reduce` keeps of fit `number`, in a worker."""
    from hmc.replication import independent_chains

    group = left_out[number]
    fitted = model.without(group) if group else model
    draws, stats = independent_chains(None, fitted, settings._replace(seed=seeds[number]), cells)
    log_likelihood = fitted.pointwise("log_likelihood", draws)
    if log_likelihood.shape[2] != len(model.data.weight):
        written = f"log_likelihood writes {log_likelihood.shape[2]} observations"
        raise ValueError(f"{model.name}: {written}, and the data have a weight for {len(model.data.weight)}")
    return reduce(log_likelihood, draws, stats, group)
