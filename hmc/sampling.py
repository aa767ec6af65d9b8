"""Many chains at once: the settings checked, the chains sent out, watched, stopped if need be, and gathered."""

import time
from functools import partial

import numpy as np

from hmc.errors import Failure
from hmc.model import Model
from hmc.reporting import progress_bar
from hmc.results.checkpoint import chunk_seconds, open_checkpoint
from hmc.results.fit import Fit
from hmc.results.gathering import gather, raise_for_no_draws, records
from hmc.results.identity import code_difference, draws_difference, identity_of, model_difference
from hmc.running.chain_run import Chain
from hmc.running.execution import Execution, Task
from hmc.running.executors import check_execution, for_model, number_of_workers
from hmc.running.tasks import run_chain
from hmc.sampler.chain import make_record
from hmc.settings import Settings, check_settings, check_whole


def sample(
    model,
    chains=4,
    warmup=1000,
    draws=1000,
    seed=12,
    *,
    target_accept=0.8,
    max_depth=10,
    initial=None,
    algorithm="nuts",
    path_length=None,
    metric="diag",
    adaptation="gradients",
    workers=None,
    executor=None,
    keep_warmup=False,
    checkpoint=None,
    progress=True,
):
    """Draw from the posterior of a model; a `Fit`.

    The draws depend on model, data, seed and settings alone: not on workers, executor or the JIT. A seed of None is
    drawn afresh and kept in `fit.settings`.

    target_accept: the acceptance rate that warm-up seeks a step size for; higher is slower and safer.
    max_depth: at most 2^max_depth leapfrog steps a transition.
    initial: where chains start: named values as in `fit`, {"a": ..., "sigma": ...}, or a list of such, one a chain;
        or unconstrained positions (dimension,) or (chains, dimension). None: uniform in (-2, 2), unconstrained.
    algorithm: "nuts", or "hmc" with a fixed `path_length` in posterior standard deviations (None: pi / 2).
    metric: "diag", "dense" or "unit": what warm-up learns of the posterior's shape.
    adaptation: "gradients" (draws and gradients, as nutpie) or "windows" (draws, as Stan).
    workers: how many chains run at a time; None: as many as there are processors. 1 stays in this process.
    executor: None (worker processes, or threads where those are impossible, which is said; with the JIT disabled, the
        calling thread), "processes", "threads", or any `concurrent.futures.Executor`, which is given as many chains at
        a time as it has workers, and at least `workers` (see docs/clusters.md).
    keep_warmup: keep the warm-up's draws in `fit.warmup`.
    checkpoint: the path of a file that finished chunks of chains are written to, every second or so. Where it is there
        already, the run goes on from it, to the same draws as if it had never stopped; with more `draws` than before,
        without a new warm-up. ValueError, which names the difference, where the file is of another run, or damaged.
    progress: show a bar where standard error is a terminal.

    Ctrl-C ends the run and returns the draws there are, `fit.interrupted` set; KeyboardInterrupt if there are none. A
    second one raises KeyboardInterrupt and waits for nothing: worker processes are killed, threads of this process end
    with the gradient they are in.
    ValueError for a wrong argument, before anything is compiled; InitializationError where no chain finds a start;
    ChainError where no chain gives draws. A chain that fails costs only itself: it is run again, once, and is in
    `fit.failures` if it fails again. OSError where the checkpoint cannot be written.
    """
    if not isinstance(model, Model):
        raise ValueError(f"hmc.sample takes a hmc.Model, not a {type(model).__name__}")
    settings = check_settings(
        chains=chains,
        warmup=warmup,
        draws=draws,
        seed=seed,
        target_accept=target_accept,
        max_depth=max_depth,
        algorithm=algorithm,
        path_length=path_length,
        metric=metric,
        adaptation=adaptation,
        initial=None,
        keep_warmup=keep_warmup,
    )
    settings = settings._replace(initial=initial_positions(model, initial, settings.chains))
    check_execution(workers, executor)
    _check_memory(model, settings)
    identity = identity_of(model)
    how = {"workers": workers, "executor": executor, "progress": progress}
    if checkpoint is None:
        return run(model, identity, settings, [Chain(number) for number in range(settings.chains)], **how)
    with open_checkpoint(checkpoint, model, identity, settings, seed) as kept:
        chains = [Chain(number, *chain) for number, chain in enumerate(kept.chains)]
        return run(model, identity, kept.settings, chains, keep=kept.append, **how)


def extend(fit, draws, *, workers=None, executor=None, progress=True):
    """A fit with `draws` more of each chain: the very fit that a single run of all the draws would have given.

    There is no new warm-up, and no more chains than the fit has; other arguments are those of `sample`. A fit that was
    loaded needs its model: `hmc.load(path, model)`. ValueError where a chain cannot be gone on from, since the fit was
    interrupted, or made by another version of sampler, model or Numba, or since the data have changed; or for a wrong
    argument. What else may come is as for `sample`. Chains that failed before stay in `failures`; `seconds` are those
    of the extension alone.
    """
    if not isinstance(fit, Fit):
        raise ValueError(f"hmc.extend takes a hmc.Fit, not a {type(fit).__name__}")
    check_whole("draws", draws, least=1)
    check_execution(workers, executor)
    if fit.model is None:
        raise ValueError(f"{fit.name}: a fit from a file cannot be extended without its model: hmc.load(path, model)")
    if fit.interrupted or fit.snapshots is None:
        raise ValueError(f"{fit.name}: the fit was interrupted, or saved by an earlier version: nothing to go on from")
    now = identity_of(fit.model)
    chains = list(zip(([record] for record in records(fit)), fit.snapshots, strict=True))
    different = (
        code_difference(fit.identity, now)
        or model_difference(fit.identity, now)
        or draws_difference(fit.identity, chains, fit.model)
    )
    if different:
        raise ValueError(f"{fit.name}: the fit cannot be extended: {different}")
    settings = Settings(**fit.settings | {"draws": fit.settings["draws"] + int(draws)})
    _check_memory(fit.model, settings)
    chains = [Chain(number, *chain) for number, chain in zip(fit.chains, chains, strict=True)]
    how = {"workers": workers, "executor": executor, "progress": progress}
    extended = run(fit.model, fit.identity, settings, chains, **how)
    extended.failures = sorted([*fit.failures, *extended.failures])
    return extended


def run(model, identity, settings, chains, *, workers, executor, progress, keep=None):
    """Run chains to the end, and gather them in a fit.

    keep(number, record, snapshot): called with each finished chunk of a chain; where it is given, chunks are short.
    """
    end = settings.warmup + settings.draws
    seconds = None if keep is None else chunk_seconds(model)
    chosen = for_model(model, number_of_workers(workers, len(chains)), executor)
    started = time.perf_counter()
    with Execution(chosen, (1, 1 + settings.chains)) as execution:

        def arguments(chain):
            execution.cells[0, 1 + chain.number] = chain.iteration
            return model, settings, chain.number, execution.address, chain.snapshot, seconds

        def ended(chain, result, error, _may_run_again):
            failed = chain.take(result, error, int(execution.cells[0, 1 + chain.number]))
            if keep is not None and chain.fresh is not None:
                keep(chain.number, chain.fresh, chain.snapshot)
            if chain.error is None:
                send(chain)
            return failed

        def send(chain):
            """Have the next chunk run, if there is one."""
            if chain.iteration < end and not execution.is_stopped:
                execution.submit(Task(run_chain, partial(arguments, chain), partial(ended, chain)))

        for chain in chains:
            send(chain)
        bar = progress_bar(len(chains) * end, "draws") if progress else None
        execution.watch(slice(1, None), bar)
        # A worker with cells of its own may have met a Ctrl-C that was not seen here. One after the last draw of all
        # chains has interrupted nothing.
        is_stopped = execution.is_stopped or any(isinstance(chain.error, KeyboardInterrupt) for chain in chains)
        interrupted = is_stopped and any(chain.iteration < end for chain in chains)
    seconds = time.perf_counter() - started
    return _gathered(model, settings, chains, identity=identity, interrupted=interrupted, seconds=seconds)


def _check_memory(model, settings):
    try:
        # It takes no memory as long as nothing is written.
        make_record(settings.draws, settings.warmup + settings.draws, model.dimension)
    except (MemoryError, ValueError, OverflowError):
        sizes = f"warmup = {settings.warmup}, draws = {settings.draws}"
        raise ValueError(f"{model.name}: {sizes}: so many do not fit into memory") from None


def _gathered(model, settings, chains, *, identity, interrupted, seconds):
    """The fit of the chains that have draws."""
    kept_warmup = settings.warmup if settings.keep_warmup else 0
    results = {chain.number: chain.result(kept_warmup) for chain in chains}
    without = [chain for chain in chains if results[chain.number] is None]
    failures = [
        chain.failure or Failure(chain.number, chain.finished, "interrupted before its first draw") for chain in without
    ]
    found = [result for result in results.values() if result is not None]
    if not found:
        errors = [chain.error for chain in without]
        raise_for_no_draws(model, failures, [KeyboardInterrupt(), *errors] if interrupted else errors)
    return gather(model, settings, found, failures, identity=identity, interrupted=interrupted, seconds=seconds)


def initial_positions(model, initial, chains):
    """`initial` as unconstrained positions (chains, dimension), or None."""
    if initial is None:
        return None
    if isinstance(initial, dict):
        initial = model.unconstrain(initial)
    elif isinstance(initial, (list, tuple)) and all(isinstance(values, dict) for values in initial):
        initial = [model.unconstrain(values) for values in initial]
    try:
        positions = np.array(initial, dtype=np.float64)
    except (TypeError, ValueError):
        raise ValueError(f"{model.name}: initial = {initial!r} is no array of numbers") from None
    if positions.shape == (model.dimension,):
        positions = np.tile(positions, (chains, 1))
    if positions.shape != (chains, model.dimension):
        raise ValueError(
            f"{model.name}: initial has shape {positions.shape}, not ({model.dimension},) or "
            f"({chains}, {model.dimension})"
        )
    return positions
