"""Many chains at once: the settings checked, the chains sent out, watched, stopped if need be, and gathered."""

import time

import numpy as np

from hmc.errors import ChainError, InitializationError
from hmc.execution import Execution, number_of_workers, progress_bar
from hmc.fit import gather
from hmc.model import Model
from hmc.run import Failure, run_chain
from hmc.settings import check_settings


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
        calling thread), "processes", "threads", or any `concurrent.futures.Executor`.
    keep_warmup: keep the warm-up's draws in `fit.warmup`.
    progress: show a bar where standard error is a terminal.

    Ctrl-C ends the run and returns the draws there are, `fit.interrupted` set; KeyboardInterrupt if there are none.
    ValueError for a wrong argument, before anything is compiled; InitializationError where no chain finds a start;
    ChainError where no chain gives draws. A chain that fails costs only itself: see `fit.failures`.
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
    chains = range(settings.chains)
    execution = Execution(model, number_of_workers(workers, settings.chains), executor, (1, 1 + settings.chains))
    started = time.perf_counter()
    with execution:
        futures = [execution.submit(run_chain, model, settings, chain, execution.address) for chain in chains]
        bar = progress_bar(settings.chains * (settings.warmup + settings.draws), "draws") if progress else None
        execution.watch(slice(1, None), bar)
        interrupted = execution.is_stopped
        kept_warmup = settings.warmup if settings.keep_warmup else 0
        results, failures, errors = _collect(futures, execution.cells[0, 1:], kept_warmup)
    if not results:
        _raise_for_no_draws(model, failures, errors, interrupted)
    return gather(model, settings, results, failures, interrupted, time.perf_counter() - started)


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


def _collect(futures, iterations, kept_warmup):
    """(results of chains with draws, the other chains' failures, their exceptions), in the order of chains."""
    results, failures, errors = [], [], []
    for chain, future in enumerate(futures):
        result, error = None, None
        if future.cancelled():
            error = KeyboardInterrupt()
        elif future.exception() is not None:
            error = future.exception()
        else:
            result = future.result()
            error = result.failure
        if isinstance(error, KeyboardInterrupt) or error is None:
            if result is not None and len(result.record.position) > kept_warmup:
                results.append(result)
                continue
            error, reason = KeyboardInterrupt(), "interrupted before its first draw"
        else:
            reason = f"{type(error).__name__}: {error}"
        failures.append(Failure(chain, int(iterations[chain]), reason))
        errors.append(error)
    return results, failures, errors


def _raise_for_no_draws(model, failures, errors, interrupted):
    if interrupted or any(isinstance(error, KeyboardInterrupt) for error in errors):
        raise KeyboardInterrupt("interrupted before any chain had a draw")
    if isinstance(errors[0], InitializationError):
        raise errors[0]
    chain, iteration, reason = failures[0]
    raise ChainError(
        f"{model.name}: no chain gave draws; chain {chain + 1} failed after {iteration} transitions: {reason}"
    ) from errors[0]
