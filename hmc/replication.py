"""Many fits of a model to data that it simulated itself, each reduced to something small where it was made.

A replication draws a truth and data given it, samples the posterior of these data, and keeps what a function makes of
truth and draws. Simulation-based calibration, power, the coverage of intervals: all are a reduction of replications.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from hmc.model import Model, check_has, check_model
from hmc.model_data import copied
from hmc.running.batches import in_batches
from hmc.running.tasks import ChainResult, Items, run_chain
from hmc.sampler.chain import AnyRecord
from hmc.sampler.snapshot import Snapshot, resume, take
from hmc.sampler.starting import chain_rng
from hmc.settings import Settings, check_settings, check_whole

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from numpy.typing import NDArray

# Transitions in which a chain that begins at a draw of nearly the same posterior forgets that it does.
BURN_IN = 50
# Settings that `replicate` names itself, or has no use for.
_OWN_SETTINGS = ("chains", "warmup", "draws", "seed", "initial", "keep_warmup")


class ReplicationFailure(NamedTuple):
    """A replication that gave no result: its number, and why."""

    replication: int
    reason: str


class Replications(NamedTuple):
    """Results of replications, in the order of their numbers."""

    results: list[Any]  # what `reduce` returned
    numbers: list[int]  # of the replications that gave these results
    failures: list[ReplicationFailure]  # of the others that were run
    interrupted: bool  # whether Ctrl-C ended the run early
    settings: dict[str, Any]  # the seed included


class Experiment(NamedTuple):
    """Values that all replications share."""

    settings: Settings
    design: Callable[..., tuple[Any, Model]]
    sampler: Callable[..., tuple[NDArray[np.float64], dict[str, np.ndarray]]]
    reduce: Callable[..., Any]


def replicate(
    model: Model,
    reduce: Callable[..., Any],
    replications: int,
    *,
    seed: int | None = 12,
    design: Callable[[np.random.Generator, Model], tuple[Any, Model]] | None = None,
    sampler: Callable[..., tuple[NDArray[np.float64], dict[str, np.ndarray]]] | None = None,
    chains: int = 1,
    warmup: int = 300,
    draws: int = 300,
    workers: int | None = None,
    executor: Executor | str | None = None,
    progress: bool = True,
    **sampling: Any,
) -> Replications:
    """Run replications of a model, each a fit that is reduced to what matters of it; `Replications`.

    reduce(truth, fitted, draws, stats): what is kept of a replication. `fitted` is the model of its data, `draws` are
        unconstrained (chains, draws, dimension), `stats` those of `hmc.Fit` by name (chains, draws).
    replications: how many.
    design(rng, model) -> (truth, fitted): what a replication is of. None: `from_prior`.
    sampler(truth, fitted, settings, cells) -> (draws, stats): how it is sampled. None: `independent_chains`.
    sampling: target_accept, max_depth, algorithm, path_length, tolerance, metric, adaptation, as for `hmc.sample`.

    A result depends on model, functions, seed, settings and the replication's number alone: not on workers, executor or
    how many others there are. In worker processes these functions are imported by name (or are partials of what is);
    where they cannot be, chains run in threads.

    A replication in which anything fails is in `failures`. Ctrl-C ends the run and returns what is finished,
    `interrupted` set; a second one raises KeyboardInterrupt. ValueError for a wrong argument, before anything is
    compiled.
    """
    check_model(model, "replicate")
    if unknown := [name for name in sampling if name not in Settings._fields or name in _OWN_SETTINGS]:
        raise TypeError(f"replicate has no setting {unknown[0]!r}")
    settings = check_settings(chains=chains, warmup=warmup, draws=draws, seed=seed, **sampling)
    check_whole("replications", replications, least=1)
    if design is None:
        check_simulates(model)
        design = from_prior
    for name, function in (("reduce", reduce), ("design", design), ("sampler", sampler or independent_chains)):
        if not callable(function):
            raise ValueError(f"{name} = {function!r} is not a function")
    functions = (design, sampler or independent_chains, reduce)
    items = Items(
        functools.partial(_replication, Experiment(settings, *functions)),
        settings.chains,
        functions,
        settings.algorithm,
    )
    done = in_batches(model, items, int(replications), workers=workers, executor=executor, progress=progress)
    return Replications(
        results=[result for _, result in done.results],
        numbers=[number for number, _ in done.results],
        failures=[ReplicationFailure(*failure) for failure in done.failures],
        interrupted=done.interrupted,
        settings=settings._asdict(),
    )


def from_prior(rng: np.random.Generator, model: Model) -> tuple[Any, Model]:
    """The usual design: a position drawn from the prior, and the model of data drawn given it."""
    truth = model.simulate(rng, copied(model.data))
    return truth, model.with_data(model.simulate_data(truth, copied(model.data), rng))


def independent_chains(
    truth: object, fitted: Model, settings: Settings, cells: NDArray[np.int64]
) -> tuple[NDArray[np.float64], dict[str, np.ndarray]]:
    """The usual sampler: chains as `hmc.sample` runs them, which know nothing of the truth."""
    draws, stats, _ = adapted_chains(fitted, settings, cells)
    return draws, stats


def adapted_chains(
    fitted: Model, settings: Settings, cells: NDArray[np.int64]
) -> tuple[NDArray[np.float64], dict[str, np.ndarray], list[Snapshot]]:
    """Chains as `hmc.sample` runs them: draws, stats, and where each ended, for `chains_from`."""
    results = [_whole(run_chain(fitted, settings, chain, cells), cells) for chain in range(settings.chains)]
    ends = [result.snapshot for result in results if result.snapshot is not None]
    return *_last([result.record for result in results], settings.draws), ends


def chains_from(
    ends: Sequence[Snapshot], fitted: Model, settings: Settings, cells: NDArray[np.int64]
) -> tuple[NDArray[np.float64], dict[str, np.ndarray]]:
    """Chains of a model that begin where chains of nearly the same posterior ended: draws and stats, as of
    `independent_chains`.

    They keep the others' metric and step size, with which any posterior's draws are right, and leave out their first
    `BURN_IN` transitions in place of a warm-up. Where the log density at such an end is not finite, a chain starts and
    warms up by itself.
    """
    records = []
    longer = settings._replace(warmup=0, draws=1 + BURN_IN + settings.draws, initial=None)
    density, data = fitted.density()
    for chain, end in enumerate(ends):
        state, _ = resume(end)
        log_density = float(density(state.point.position, data, state.point.gradient))
        if np.isfinite(log_density) and np.isfinite(state.point.gradient).all():
            # Iteration 0 would look for a step size anew.
            begun = take(state._replace(iteration=1, log_density=log_density), chain_rng(settings, chain), 0)
            result = run_chain(fitted, longer, chain, cells, begun)
        else:
            result = run_chain(fitted, settings, chain, cells)
        records.append(_whole(result, cells).record)
    return _last(records, settings.draws)


def _whole(result: ChainResult, cells: NDArray[np.int64]) -> ChainResult:
    """A chain's result, if it has all draws; otherwise the error that ended it."""
    if result.failure is not None:
        raise result.failure
    if cells[0] != 0:
        raise KeyboardInterrupt
    return result


def _last(records: Sequence[AnyRecord], draws: int) -> tuple[NDArray[np.float64], dict[str, np.ndarray]]:
    """(draws, stats) of the last transitions of each chain."""
    names = records[0]._fields[1:]
    stats = {name: np.stack([getattr(r, name)[getattr(r, name).size - draws :] for r in records]) for name in names}
    return np.stack([record.position[len(record.position) - draws :] for record in records]), stats


def check_simulates(model: Model) -> None:
    """ValueError if data cannot be simulated from the prior of a model."""
    check_has(model, "simulate", "simulate_data", need="simulating data from its prior needs")


def _replication(experiment: Experiment, model: Model, number: int, cells: NDArray[np.int64]) -> Any:
    """The reduction of replication `number`."""
    seed, settings = experiment.settings.seed, experiment.settings
    truth, fitted = experiment.design(np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(number, 0))), model)
    chains_seed = np.random.SeedSequence(seed, spawn_key=(number, 1)).generate_state(1, np.uint64)[0]
    draws, stats = experiment.sampler(truth, fitted, settings._replace(seed=int(chains_seed)), cells)
    return experiment.reduce(truth, fitted, draws, stats)
