"""Many fits of a model to data that it simulated itself, each reduced to something small where it was made.

A replication draws a truth and data given it, samples the posterior of these data, and keeps what a function makes of
truth and draws. Simulation-based calibration, power, the coverage of intervals: all are a reduction of replications.
"""

import itertools
import math
from typing import NamedTuple

import numpy as np

from hmc.code_hash import code_of
from hmc.control import attach
from hmc.execution import Execution, number_of_workers, progress_bar
from hmc.model import Model
from hmc.run import run_chain
from hmc.settings import check_settings
from hmc.workers import StaleWorkerError

# As many batches per worker, so that all workers end at about the same time though some fits take longer; but no more
# replications in one, for it is a batch that is lost, and told in one line, where a worker dies.
_BATCHES_PER_WORKER, _LARGEST_BATCH = 16, 50

# Settings of `hmc.sample` that replications may have, besides those that `replicate` names.
_FURTHER_SETTINGS = {
    "target_accept": 0.8,
    "max_depth": 10,
    "algorithm": "nuts",
    "path_length": None,
    "metric": "diag",
    "adaptation": "gradients",
}


class ReplicationFailure(NamedTuple):
    """A replication that gave no result: its number, and why."""

    replication: int
    reason: str


class Replications(NamedTuple):
    """What replications gave, in the order of their numbers."""

    results: list  # what `reduce` returned
    numbers: list  # of the replications that gave these results
    failures: list  # of the others that were run: `ReplicationFailure`
    interrupted: bool  # whether Ctrl-C ended the run early
    settings: dict  # the seed included


class Task(NamedTuple):
    """What all batches of replications share."""

    settings: object  # hmc.settings.Settings
    design: object
    sampler: object
    reduce: object
    code: str  # what `code_of` these functions and the model's is

    @property
    def columns(self):
        """Cells of a batch: a stop flag, the iteration of each chain, the number of replications done."""
        return 1 + self.settings.chains + 1


def replicate(
    model,
    reduce,
    replications,
    *,
    seed=12,
    design=None,
    sampler=None,
    chains=1,
    warmup=300,
    draws=300,
    workers=None,
    executor=None,
    progress=True,
    **sampling,
):
    """Run replications of a model, each a fit that is reduced to what matters of it; `Replications`.

    reduce(truth, fitted, draws, stats): what is kept of a replication. `fitted` is the model of its data, `draws` are
        unconstrained (chains, draws, dimension), `stats` those of `hmc.Fit` by name (chains, draws).
    replications: how many.
    design(rng, model) -> (truth, fitted): what a replication is of. None: `from_prior`.
    sampler(truth, fitted, settings, cells) -> (draws, stats): how it is sampled. None: `independent_chains`.
    sampling: target_accept, max_depth, algorithm, path_length, metric, adaptation, as for `hmc.sample`.

    A result depends on model, functions, seed, settings and the replication's number alone: not on workers, executor or
    how many others there are. In worker processes these functions are imported by name (or are partials of what is);
    where they cannot be, chains run in threads.

    A replication in which anything fails is in `failures`. Ctrl-C ends the run and returns what is finished,
    `interrupted` set; a second one raises KeyboardInterrupt. ValueError for a wrong argument, before anything is
    compiled.
    """
    if not isinstance(model, Model):
        raise ValueError(f"replicate takes a hmc.Model, not a {type(model).__name__}")
    if unknown := [name for name in sampling if name not in _FURTHER_SETTINGS]:
        raise TypeError(f"replicate has no setting {unknown[0]!r}")
    given = {"chains": chains, "warmup": warmup, "draws": draws, "seed": seed, "initial": None, "keep_warmup": False}
    settings = check_settings(**given, **_FURTHER_SETTINGS | sampling)
    if isinstance(replications, bool) or not isinstance(replications, (int, np.integer)) or replications < 1:
        raise ValueError(f"replications = {replications!r} is not a whole number of at least 1")
    if design is None:
        check_simulates(model)
        design = from_prior
    for name, function in (("reduce", reduce), ("design", design), ("sampler", sampler or independent_chains)):
        if not callable(function):
            raise ValueError(f"{name} = {function!r} is not a function")
    functions = (design, sampler or independent_chains, reduce)
    task = Task(settings, *functions, code_of(model, *functions))
    workers = number_of_workers(workers, replications)
    outcomes, interrupted = _run(model, task, int(replications), workers, executor, progress)
    finished = [outcome for outcome in outcomes if not isinstance(outcome, ReplicationFailure)]
    return Replications(
        results=[result for _, result in finished],
        numbers=[number for number, _ in finished],
        failures=[outcome for outcome in outcomes if isinstance(outcome, ReplicationFailure)],
        interrupted=interrupted,
        settings=settings._asdict(),
    )


def from_prior(rng, model):
    """The usual design: a position drawn from the prior, and the model of data drawn given it."""
    truth = model.simulate(rng, model.data)
    return truth, model.with_data(model.simulate_data(truth, model.data, rng))


def independent_chains(truth, fitted, settings, cells):
    """The usual sampler: chains as `hmc.sample` runs them, which know nothing of the truth."""
    records = []
    for chain in range(settings.chains):
        result = run_chain(fitted, settings, chain, cells)
        if result.failure is not None:
            raise result.failure
        if cells[0] != 0:
            raise KeyboardInterrupt
        records.append(result.record)
    names = records[0]._fields[1:]
    stats = {name: np.stack([getattr(record, name)[settings.warmup :] for record in records]) for name in names}
    return np.stack([record.position for record in records]), stats


def check_simulates(model):
    """ValueError for what is no model, and where data cannot be simulated from the model's prior."""
    if not isinstance(model, Model):
        raise ValueError(f"a hmc.Model is needed, not a {type(model).__name__}")
    for role in ("simulate", "simulate_data"):
        if getattr(model, role) is None:
            raise ValueError(f"{model.name} has no {role} function, which simulating data from its prior needs")


def _run(model, task, replications, workers, executor, progress):
    """(the outcomes of the replications that came to an end, whether Ctrl-C came)."""
    size = min(_LARGEST_BATCH, math.ceil(replications / (workers * _BATCHES_PER_WORKER)))
    batches = [range(first, min(first + size, replications)) for first in range(0, replications, size)]
    functions = (task.design, task.sampler, task.reduce)
    with Execution(model, workers, executor, (len(batches), task.columns), functions) as execution:
        futures, tried = {}, {}

        def submit(row):
            future = execution.submit(run_batch, model, task, batches[row], row, execution.address)
            futures[row], tried[future] = future, row

        def ended(future):
            """Send a batch whose worker died out again, once."""
            row = tried[future]
            if _is_lost(future) and list(tried.values()).count(row) == 1 and not execution.is_stopped:
                submit(row)

        for row in range(len(batches)):
            submit(row)
        bar = progress_bar(replications, "fits") if progress else None
        execution.watch(slice(-1, None), bar, ended)
        outcomes = [_outcomes(futures[row], batch) for row, batch in enumerate(batches)]
        return list(itertools.chain.from_iterable(outcomes)), execution.is_stopped


def _is_lost(future):
    """Whether a batch has not come back, for no reason of its own: those are in what `run_batch` returns."""
    return not future.cancelled() and future.exception() is not None


def _outcomes(future, batch):
    """The outcomes of a batch: what its task returned, or the same failure of all."""
    if future.cancelled():
        return []
    error = future.exception()
    if isinstance(error, KeyboardInterrupt):
        return []
    if error is not None:
        return [ReplicationFailure(number, _told(error)) for number in batch]
    return future.result()


def run_batch(model, task, batch, row, address):
    """Run the replications of a batch, whose cells are row `row` of those at `address`: what a worker does.

    Returns their outcomes, each a pair (number, result) or a `ReplicationFailure`; of fewer, where it was stopped.
    """
    if code_of(model, task.design, task.sampler, task.reduce) != task.code:
        raise StaleWorkerError("the code of a function that simulates or reduces differs")
    control = attach(address)
    try:
        cells = control.cells[row * task.columns : (row + 1) * task.columns]
        cells[-1] = 0  # an earlier try of this batch may have left its mark
        outcomes = []
        for number in batch:
            if cells[0] != 0:
                break
            try:
                outcomes.append((number, _replication(model, task, number, cells)))
            except Exception as error:
                outcomes.append(ReplicationFailure(number, _told(error)))
            except KeyboardInterrupt:  # the chain was stopped; or this thread had the signal, which is meant for all
                control.cells[:: task.columns] = 1
            cells[-1] += 1
        return outcomes
    finally:
        control.close()


def _replication(model, task, number, cells):
    """The reduction of replication `number`."""
    seed, settings = task.settings.seed, task.settings
    truth, fitted = task.design(np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(number, 0))), model)
    chains_seed = np.random.SeedSequence(seed, spawn_key=(number, 1)).generate_state(1, np.uint64)[0]
    draws, stats = task.sampler(truth, fitted, settings._replace(seed=int(chains_seed)), cells[:-1])
    return task.reduce(truth, fitted, draws, stats)


def _told(error):
    return f"{type(error).__name__}: {error}"
