"""Which executor runs tasks: this thread, threads, kept worker processes, or one that the caller made."""

import concurrent.futures
import os
import sys
from typing import NamedTuple

from hmc.jit.kernel import jit_is_disabled
from hmc.reporting import say
from hmc.running.importable import why_not_imported, why_not_processes
from hmc.running.processes import ProcessExecutor
from hmc.sampler.machine_code import compiled_advance, sampler_is_stored
from hmc.settings import is_whole

_UNKNOWN = 64  # tasks at a time, where an executor does not say how many workers it has


class InlineExecutor(concurrent.futures.Executor):
    """Runs each task when it is submitted, in the calling thread, where a debugger expects it."""

    shares_memory = True

    def submit(self, function, /, *arguments):
        """A future that is done."""
        future = concurrent.futures.Future()
        try:
            future.set_result(function(*arguments))
        except Exception as error:
            future.set_exception(error)
        return future


class Chosen(NamedTuple):
    """An executor, and how to treat it."""

    executor: concurrent.futures.Executor
    is_owned: bool  # whether it is shut down when the tasks are done
    at_once: int | None  # how many tasks it is given at a time; None: all there are
    replacement: object  # () -> `Chosen`: another, once this one is broken or shut down; of the same memory


def for_model(model, workers, executor, functions=()):
    """The `Chosen` executor for tasks whose first argument is a model; what they need is compiled, once.

    functions: what the tasks call besides the model's functions; worker processes must be able to import them.
    ValueError where the `executor` that was asked for is not possible.
    """
    chosen, is_owned = _of_model(model, workers, executor, functions)
    # What takes its place must find the same shared cells.
    kind = "threads" if shares_memory(chosen) else None
    return Chosen(chosen, is_owned, None, lambda: for_model(model, workers, kind, functions))


def for_packages(packages, tasks, workers, executor):
    """The `Chosen` executor for so many tasks that run what is in our packages, and compile it for themselves."""
    workers = number_of_workers(workers, tasks)

    def own():
        is_possible = workers > 1 and why_not_processes() is None
        return Chosen(ProcessExecutor(workers) if is_possible else InlineExecutor(), True, workers, own)

    if executor is None:
        return own()
    if shares_memory(executor):
        return Chosen(executor, False, None, own)
    from hmc.running.cluster import ForeignExecutor
    from hmc.running.same_code import code_here

    number = at_once(executor, workers)
    return Chosen(ForeignExecutor(executor, code_here(packages=packages), number), True, number, own)


def check_execution(workers, executor):
    """ValueError for arguments of these names that no run can have."""
    number_of_workers(workers, 1)
    if not isinstance(executor, concurrent.futures.Executor):
        if executor not in (None, "threads", "processes"):
            raise ValueError(f'executor = {executor!r} is neither "processes", "threads" nor an Executor')
    elif getattr(executor, "_shutdown", False) or getattr(executor, "_shutdown_thread", False):
        raise ValueError(f"executor = {executor!r} takes no tasks: it is broken, or has been shut down")


def number_of_workers(workers, tasks):
    """How many tasks run at a time: `workers`, or for None the number of processors; ValueError for no such number."""
    if workers is None:
        has_affinity = hasattr(os, "sched_getaffinity")  # not everywhere
        workers = len(os.sched_getaffinity(0)) if has_affinity else os.cpu_count() or 1
    if not is_whole(workers) or workers < 1:
        raise ValueError(f"workers = {workers!r} is not a whole number of at least 1")
    return min(int(workers), tasks)


def at_once(executor, workers):
    """How many tasks are sent out at a time: `workers`; to an executor of the caller's as many as it has, if more."""
    if not isinstance(executor, concurrent.futures.Executor):
        return workers
    return max(workers, workers_of(executor) or _UNKNOWN)


def workers_of(executor):
    """How many tasks an executor runs at a time, where it says so; None where it does not."""
    client = getattr(executor, "_client", None)
    if hasattr(client, "nthreads"):  # Dask
        return sum(client.nthreads().values()) or None
    for name in ("num_workers", "_max_workers"):  # mpi4py; the standard library, and those who follow it
        number = getattr(executor, name, None)
        if isinstance(number, int) and number > 0:
            return number
    return None


def shares_memory(executor):
    """Whether what the executor runs is in this process."""
    return getattr(executor, "shares_memory", isinstance(executor, concurrent.futures.ThreadPoolExecutor))


def _of_model(model, workers, executor, functions):
    """(an executor, whether it has to be shut down)."""
    if isinstance(executor, concurrent.futures.Executor):
        return _given(executor, model, workers)
    if executor is None and jit_is_disabled():
        return InlineExecutor(), True
    if executor == "processes" or (executor is None and workers > 1):
        _compile_for_others(model)
        reason = why_not_processes(model) or why_not_imported(functions)
        if reason is None:
            return ProcessExecutor(workers, model.density_key()), True
        if executor == "processes":
            raise ValueError(f'executor = "processes" is not possible: {reason}')
        say(f"chains run in threads of this process: {reason}")
    _compile(model)
    return concurrent.futures.ThreadPoolExecutor(workers), True


def _given(executor, model, workers):
    """(the executor that somebody made, as tasks are run on it; whether that has to be shut down)."""
    if shares_memory(executor):
        _compile(model)
        return executor, False
    from hmc.running.cluster import ForeignExecutor  # here, for it reads all our sources
    from hmc.running.same_code import code_here

    code = code_here(model)
    if code.density is None:
        raise ValueError(
            f"executor = {executor!r}: the log density of {model.name} reaches {model.unknown_code()}, which may be "
            "another in other processes, and cannot be compared"
        )
    _compile_for_others(model)
    return ForeignExecutor(executor, code, at_once(executor, workers)), True


def _compile(model):
    model.density()
    compile_sampler()


def _compile_for_others(model):
    """Compile what other processes on this disk would otherwise compile, each for itself."""
    if not (sampler_is_stored() and model.density_is_stored()):
        _compile(model)


def compile_sampler():
    """Compile the sampler, or load it from disk; whoever waits for the former is told."""
    if not sampler_is_stored() and sys.stderr is not None and sys.stderr.isatty():
        say("compiling the sampler, which is done once and takes about 15 seconds")
    compiled_advance()
