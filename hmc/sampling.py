"""Many chains at once: the settings checked, the chains sent out, watched, stopped if need be, and gathered."""

import concurrent.futures
import os
import sys
import time

import numpy as np

from hmc.control import LocalControl, SharedControl
from hmc.errors import ChainError, InitializationError
from hmc.fit import gather
from hmc.kernel import jit_is_disabled
from hmc.model import Model
from hmc.run import Failure, compiled_advance, run_chain, sampler_is_stored
from hmc.settings import check_settings
from hmc.workers import InlineExecutor, ProcessExecutor, why_not_processes

_POLL_SECONDS = 0.05


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
    settings = settings._replace(initial=_initial_positions(model, initial, settings.chains))
    workers = _number_of_workers(workers, settings.chains)
    executor, owned = _choose_executor(model, workers, executor)
    control = LocalControl(settings.chains) if _shares_memory(executor) else SharedControl(settings.chains)
    started, wait = time.perf_counter(), True
    try:
        futures = [executor.submit(run_chain, model, settings, c, control.address) for c in range(settings.chains)]
        interrupted = _watch(futures, control.cells, settings, progress)
        interrupted |= control.cells[0] != 0
        results, failures, errors = _collect(futures, control.cells, settings.warmup if settings.keep_warmup else 0)
    except KeyboardInterrupt:
        wait = False  # asked twice, or before anything was under way
        raise
    finally:
        control.cells[0] = 1  # whatever happened, nothing goes on without us
        if owned:
            executor.shutdown(wait=wait)
        control.close()
    if not results:
        _raise_for_no_draws(model, failures, errors, interrupted)
    return gather(model, settings, results, failures, bool(interrupted), time.perf_counter() - started)


def _initial_positions(model, initial, chains):
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


def _number_of_workers(workers, chains):
    if workers is None:
        has_affinity = hasattr(os, "sched_getaffinity")  # not everywhere
        workers = len(os.sched_getaffinity(0)) if has_affinity else os.cpu_count() or 1
    if isinstance(workers, bool) or not isinstance(workers, (int, np.integer)) or workers < 1:
        raise ValueError(f"workers = {workers!r} is not a whole number of at least 1")
    return min(int(workers), chains)


def _choose_executor(model, workers, executor):
    """(executor, whether it is ours to shut down). What has to be compiled is compiled here, once, for all."""
    if isinstance(executor, concurrent.futures.Executor):
        if _shares_memory(executor):
            _compile(model)
        return executor, False
    if executor not in (None, "threads", "processes"):
        raise ValueError(f'executor = {executor!r} is neither "processes", "threads" nor an Executor')
    if executor is None and jit_is_disabled():
        return InlineExecutor(), True
    if executor == "processes" or (executor is None and workers > 1):
        if not (sampler_is_stored() and model.density_is_stored()):
            _compile(model)
        reason = why_not_processes(model)
        if reason is None:
            return ProcessExecutor(workers, model.density_key()), True
        if executor == "processes":
            raise ValueError(f'executor = "processes" is not possible: {reason}')
        print(f"hmc: chains run in threads of this process: {reason}", file=sys.stderr)
    _compile(model)
    return concurrent.futures.ThreadPoolExecutor(workers), True


def _compile(model):
    if not sampler_is_stored() and sys.stderr is not None and sys.stderr.isatty():
        print("hmc: compiling the sampler, which is done once and takes about 15 seconds", file=sys.stderr)
    model.density()
    compiled_advance()


def _shares_memory(executor):
    """Whether what the executor runs is in this process."""
    return getattr(executor, "shares_memory", isinstance(executor, concurrent.futures.ThreadPoolExecutor))


def _watch(futures, cells, settings, progress):
    """Wait for the chains, drawing the progress; True if Ctrl-C came, which stops them."""
    total = settings.chains * (settings.warmup + settings.draws)
    bar = None
    if progress and sys.stderr is not None and sys.stderr.isatty():
        from tqdm import tqdm

        bar = tqdm(total=total, unit=" draws", leave=False)
    interrupted = False
    try:
        while True:
            try:
                pending = concurrent.futures.wait(futures, timeout=_POLL_SECONDS).not_done
                if bar is not None:
                    bar.update(int(cells[1:].sum()) - bar.n)
                if not pending:
                    return interrupted
            except KeyboardInterrupt:
                if interrupted:
                    raise  # asked twice: do not wait for the chains
                interrupted = True
                cells[0] = 1
                for future in futures:
                    future.cancel()
    finally:
        if bar is not None:
            bar.close()


def _collect(futures, cells, kept_warmup):
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
        failures.append(Failure(chain, int(cells[1 + chain]), reason))
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
