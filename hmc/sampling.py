"""Many chains at once: settings are checked, chains are run, watched, stopped if need be, and joined to a fit."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from functools import partial
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hmc.errors import Failure, Remark, joined, told_together
from hmc.memory import check_memory
from hmc.model import Model, check_model
from hmc.reporting import progress_bar, say
from hmc.results.checkpoint import chunk_seconds, open_checkpoint
from hmc.results.fit import Fit
from hmc.results.gathering import gather, raise_for_no_draws, records
from hmc.results.identity import Identity, code_difference, draws_difference, identity_of, model_difference
from hmc.running.chain_run import Chain
from hmc.running.execution import Execution, Task
from hmc.running.executors import check_execution, for_model
from hmc.running.processes import number_of_workers
from hmc.running.tasks import ChainResult, run_chain
from hmc.sampler.chain import AnyRecord
from hmc.sampler.snapshot import Snapshot
from hmc.settings import Settings, check_settings, check_whole, settings_of
from hmc.unmasked import unmasked

Initial: TypeAlias = ArrayLike | Mapping[str, Any] | Sequence[Mapping[str, Any]] | None


def sample(
    model: Model,
    chains: int = 4,
    warmup: int = 400,
    draws: int = 1000,
    seed: int | None = 12,
    *,
    target_accept: float = 0.8,
    max_depth: int = 10,
    initial: Initial = None,
    algorithm: str = "nuts",
    path_length: float | None = None,
    tolerance: float | None = None,
    metric: str = "auto",
    adaptation: str = "gradients",
    workers: int | None = None,
    executor: Executor | str | None = None,
    keep_warmup: bool = False,
    checkpoint: str | os.PathLike[str] | None = None,
    progress: bool = True,
) -> Fit:
    """Draw from the posterior of a model; a `Fit`.

    The draws depend on model, data, seed and settings alone: not on workers, executor or the JIT. A seed of None is
    drawn at random and kept in `fit.settings`.

    warmup: transitions that adapt the sampler, before the draws. 400 cost no trust on any model of
        `benchmarks/warmup_length.py`; more pay where one transition is costly and the draws are many.
    target_accept: the acceptance rate that warm-up seeks a step size for; higher is slower and safer.
    max_depth: at most 2^max_depth leapfrog steps a transition.
    initial: where chains start: named values as in `fit`, {"a": ..., "sigma": ...}, or a list of such, one a chain;
        or unconstrained positions (dimension,) or (chains, dimension). None: uniform in (-2, 2), unconstrained.
    algorithm: "nuts"; "walnuts", which takes a step in pieces where energies along it differ by over `tolerance` (None:
        3), as in the neck of a funnel; or "hmc" with a fixed `path_length` in posterior standard deviations (None: pi /
        2).
    metric: what warm-up learns of the posterior's shape: "diag" (a scale for each dimension), "dense" (all
        correlations), "low_rank" (those that matter, for many dimensions), "unit" (nothing). "auto" is "dense" up to 20
        dimensions; beyond, "diag" until warm-up sees that correlations are worth it, and then "dense" up to 40
        dimensions, else "low_rank". `fit.settings["chosen_metric"]` says which, and why.
    adaptation: "gradients" (draws and gradients, as nutpie) or "windows" (draws, as Stan; "auto" is "diag" then).
    workers: the number of chains that run at a time; None: the number of processors. With 1, they run in this process.
    executor: None (worker processes, or threads, with a message, if processes are impossible; with the JIT disabled,
        the calling thread), "processes", "threads", or any `concurrent.futures.Executor`, which is given as many chains
        at a time as it has workers, and at least `workers` (see docs/clusters.md).
    keep_warmup: keep the warm-up's draws in `fit.warmup`.
    checkpoint: the path of a file to which finished chunks of chains are written, about every second. If the file
        exists, the run is continued from it, and gives the same draws as if it had never stopped; with more `draws`
        than before, without a new warm-up. ValueError, which names the difference, if the file is damaged or belongs to
        another run.
    progress: show a bar if standard error is a terminal.

    Ctrl-C ends the run and returns the draws so far, with `fit.interrupted` set; KeyboardInterrupt if there are none. A
    second one raises KeyboardInterrupt and waits for nothing: worker processes are killed, threads of this process end
    with their present gradient.
    ValueError for a wrong argument, before anything is compiled; InitializationError if no chain finds a start;
    ChainError if no chain gives draws. A chain that fails does not harm the others: it is run again, once, and is in
    `fit.failures` if it fails again. OSError if the checkpoint cannot be written.
    """
    check_model(model, "hmc.sample")
    settings = settings_from(
        model,
        chains=chains,
        warmup=warmup,
        draws=draws,
        seed=seed,
        target_accept=target_accept,
        max_depth=max_depth,
        algorithm=algorithm,
        path_length=path_length,
        tolerance=tolerance,
        metric=metric,
        adaptation=adaptation,
        initial=initial,
        keep_warmup=keep_warmup,
    )
    check_execution(workers, executor)
    check_memory(model.name, settings, model.dimension)
    identity = identity_of(model)
    how: dict[str, Any] = {"workers": workers, "executor": executor, "progress": progress}
    if checkpoint is None:
        return run(model, identity, settings, [Chain(number) for number in range(settings.chains)], **how)
    with open_checkpoint(checkpoint, model, identity, settings, seed) as kept:
        begun = [Chain(number, *chain) for number, chain in enumerate(kept.chains)]
        kept.chains.clear()  # so that the draws are in memory once
        return run(model, identity, kept.settings, begun, keep=kept.append, **how)


def extend(
    fit: Fit,
    draws: int,
    *,
    workers: int | None = None,
    executor: Executor | str | None = None,
    progress: bool = True,
) -> Fit:
    """A fit with `draws` more of each chain: the same fit that a single run of all draws would have given.

    The chains are those of the fit, and there is no new warm-up; other arguments are those of `sample`. A fit that was
    loaded needs its model: `hmc.load(path, model)`. ValueError for a wrong argument, and if the chains cannot be
    continued: the fit was interrupted, or comes from another version of sampler, model or Numba, or the data have
    changed. Other errors are those of `sample`. Chains that failed before stay in `failures`; `seconds` are those of
    the extension alone.
    """
    if not isinstance(fit, Fit):
        raise ValueError(f"hmc.extend takes a hmc.Fit, not a {type(fit).__name__}")
    check_whole("draws", draws, least=1)
    check_execution(workers, executor)
    if fit.model is None:
        raise ValueError(f"{fit.name}: a fit from a file cannot be extended without its model: hmc.load(path, model)")
    if fit.interrupted or fit.snapshots is None:
        raise ValueError(f"{fit.name}: the fit was interrupted, so it cannot be extended")
    now = identity_of(fit.model)
    parts: list[tuple[list[AnyRecord], Snapshot]] = [
        ([record], snapshot) for record, snapshot in zip(records(fit), fit.snapshots, strict=True)
    ]
    different = (
        code_difference(fit.identity, now)
        or model_difference(fit.identity, now)
        or draws_difference(fit.identity, now, parts, fit.model)
    )
    if different:
        raise ValueError(f"{fit.name}: the fit cannot be extended: {different}")
    settings = settings_of(fit.settings | {"draws": fit.settings["draws"] + int(draws)})
    check_memory(fit.name, settings, fit.model.dimension)
    chains = [Chain(number, *part) for number, part in zip(fit.chains, parts, strict=True)]
    how: dict[str, Any] = {"workers": workers, "executor": executor, "progress": progress}
    extended = run(fit.model, fit.identity, settings, chains, **how)
    extended.failures = sorted([*fit.failures, *extended.failures])
    extended.remarks = joined([*fit.remarks, *extended.remarks])
    return extended


def run(
    model: Model,
    identity: Identity,
    settings: Settings,
    chains: list[Chain],
    *,
    workers: int | None,
    executor: Executor | str | None,
    progress: bool,
    keep: Callable[[int, AnyRecord, Snapshot, list[Remark]], None] | None = None,
) -> Fit:
    """Run chains to the end, and join them to a fit.

    keep(number, record, snapshot, remarks): called with each finished chunk of a chain, and all remarks on the chain;
        if it is given, chunks are short.
    """
    end = settings.warmup + settings.draws
    seconds_of_chunk = None if keep is None else chunk_seconds(model)
    workers = number_of_workers(workers, len(chains))
    chosen = for_model(model, workers, executor, algorithm=settings.algorithm)
    started = time.perf_counter()
    with Execution(chosen, (1, 1 + settings.chains)) as execution:

        def arguments(chain: Chain) -> tuple[Any, ...]:
            execution.cells[0, 1 + chain.number] = chain.iteration
            return model, settings, chain.number, execution.address, chain.snapshot, seconds_of_chunk

        def ended(chain: Chain, result: Any, error: BaseException | None, _may_run_again: bool) -> str | None:
            failed = chain.take(result, error, int(execution.cells[0, 1 + chain.number]))
            if keep is not None and chain.fresh is not None and chain.snapshot is not None:
                keep(chain.number, chain.fresh, chain.snapshot, chain.remarks)
            if chain.error is None:
                send(chain)
            return failed

        def send(chain: Chain) -> None:
            """Submit the next chunk, if there is one."""
            if chain.iteration < end and not execution.is_stopped:
                execution.submit(Task(run_chain, partial(arguments, chain), partial(ended, chain)))

        for chain in chains:
            send(chain)
        bar = progress_bar(len(chains) * end, "draws") if progress else None
        execution.watch(slice(1, None), bar)
        # A worker with cells of its own may have had a Ctrl-C that was not seen here. After the last draws,
        # Ctrl-C interrupts nothing.
        is_stopped = execution.is_stopped or any(isinstance(chain.error, KeyboardInterrupt) for chain in chains)
        interrupted = is_stopped and any(chain.iteration < end for chain in chains)
    seconds = time.perf_counter() - started
    return _gathered(model, settings, chains, identity=identity, interrupted=interrupted, seconds=seconds)


def _gathered(
    model: Model, settings: Settings, chains: list[Chain], *, identity: Identity, interrupted: bool, seconds: float
) -> Fit:
    """The fit of the chains that have draws; the chains release their draws."""
    kept_warmup = settings.warmup if settings.keep_warmup else 0
    found: list[ChainResult] = []
    without: list[Chain] = []
    for chain in chains:
        result = chain.result(kept_warmup)
        if result is None:
            without.append(chain)
        else:
            found.append(result)
            del result  # `gather` releases a chain's draws as it copies them, and needs the only reference
            chain.let_go()
    failures = [
        chain.failure or Failure(chain.number, chain.finished, "interrupted before its first draw") for chain in without
    ]
    if not found:
        errors = [chain.error for chain in without]
        raise_for_no_draws(model, failures, [KeyboardInterrupt(), *errors] if interrupted else errors)
    fit = gather(model, settings, found, failures, identity=identity, interrupted=interrupted, seconds=seconds)
    for line in told_together(fit.remarks):
        say(f"{model.name}: {line}")
    return fit


def settings_from(model: Model, **given: Any) -> Settings:
    """The `Settings` of a run of a model: these arguments of `sample`, and its defaults for the rest."""
    initial = given.pop("initial", None)
    settings = check_settings(**given)
    return settings._replace(initial=_initial_positions(model, initial, settings.chains))


def _initial_positions(model: Model, initial: Initial, chains: int) -> NDArray[np.float64] | None:
    """`initial` as unconstrained positions (chains, dimension), or None."""
    if initial is None:
        return None
    if isinstance(initial, dict):
        initial = model.unconstrain(initial)
    elif isinstance(initial, (list, tuple)) and all(isinstance(values, dict) for values in initial):
        initial = [model.unconstrain(values) for values in initial]
    unmasked(f"{model.name}: initial", initial)
    try:
        positions = np.array(initial, dtype=np.float64)
    except (TypeError, ValueError):
        raise ValueError(f"{model.name}: initial = {initial!r} is not an array of numbers") from None
    if positions.shape == (model.dimension,):
        positions = np.tile(positions, (chains, 1))
    if positions.shape != (chains, model.dimension):
        raise ValueError(
            f"{model.name}: initial has shape {positions.shape}, not ({model.dimension},) or "
            f"({chains}, {model.dimension})"
        )
    return positions
