"""Tasks of a model under way: which executor runs them, how they are counted, and how Ctrl-C stops them.

Sampling (a task is a chain) and replicating (a task is a batch of fits) share this. What tasks are told and tell
while they run stands in cells that all can see (`hmc/running/shared_cells.py`): rows of whole numbers, in each a stop
flag and then counters.
"""

import concurrent.futures
import contextlib
import functools
import math
import os
import sys
import threading

import numpy as np

from hmc.jit.kernel import jit_is_disabled
from hmc.reporting import say
from hmc.running.importable import why_not_imported, why_not_processes
from hmc.running.interrupts import noticing_interrupts
from hmc.running.lasting import LastingExecutor
from hmc.running.processes import InlineExecutor, ProcessExecutor
from hmc.running.shared_cells import LocalControl, SharedControl
from hmc.sampler.machine_code import compiled_advance, sampler_is_stored

_POLL_SECONDS = 0.05
_UNKNOWN = 64  # tasks at a time, where an executor does not say how many workers it has


class Execution:
    """An executor and the cells of its tasks: a context, at whose end nothing goes on, and what was ours is released.

    cells      (rows, columns) int64; column 0 has the stop flags. There within the context only.
    functions  what the tasks call besides the model's functions; a worker process must be able to import them

    ValueError for an `executor` that is not possible; see `check_execution` for what is none. What has to be compiled
    is compiled here, once.
    """

    def __init__(self, model, workers, executor, cells, functions=()):
        chosen, is_owned = _choose_executor(model, workers, executor, functions)
        is_here = shares_memory(chosen)  # what takes its place must find the same cells
        another = functools.partial(_choose_executor, model, workers, "threads" if is_here else None, functions)
        self._executor = LastingExecutor(chosen, is_owned, another)
        self._make_control = LocalControl if is_here else SharedControl
        self._shape, self._control, self.cells = cells, None, None
        self._futures, self._ended = [], []
        self._news = threading.Lock()  # released when a task ends
        self._news.acquire()

    def __enter__(self):
        with contextlib.ExitStack() as signals:  # first, so that no signal comes between the cells and their release
            signals.enter_context(noticing_interrupts(self.stop))
            self._control = self._make_control(math.prod(self._shape) - 1)
            self.cells = self._control.cells.reshape(self._shape)
            self._signals = signals.pop_all()
        return self

    @property
    def address(self):
        """What a task finds the cells by, row after row (`hmc.running.shared_cells.attach`)."""
        return self._control.address

    def __exit__(self, kind, error, traceback):
        with self._signals:
            self.stop()
            self.cells = None
            is_hurried = bool(kind and issubclass(kind, KeyboardInterrupt))  # somebody asked twice, and will not wait
            try:
                self._executor.shutdown(wait=not is_hurried, cancel_futures=kind is not None)
            finally:
                self._control.close()

    def submit(self, function, *arguments):
        """A future of the task `function(model, ...)`."""
        future = self._executor.submit(function, *arguments)
        self._futures.append(future)
        future.add_done_callback(self._note)
        return future

    def _note(self, future):
        self._ended.append(future)
        with contextlib.suppress(RuntimeError):  # it has been released for another task, and not been seen yet
            self._news.release()

    def stop(self):
        """Ask all tasks to end, which a chain does within one gradient."""
        if self.cells is not None:
            self.cells[:, 0] = 1

    @property
    def is_stopped(self):
        """Whether someone has asked tasks to end: `watch`, or a task that met a Ctrl-C itself."""
        return bool(self.cells[:, 0].any())

    def watch(self, counters, bar=None, ended=None):
        """Wait for all tasks, showing the sum of the cells in the columns `counters` (a slice) in the bar.

        `ended(future)` is called, in this thread, for each task that has ended, a cancelled one too; what it submits is
        waited for as well. Ctrl-C stops the tasks and cancels those that have not begun; a second one raises
        KeyboardInterrupt.
        """
        seen, are_cancelled = 0, False
        try:
            while seen < len(self._futures):
                # Not `concurrent.futures.wait`, whose locks the second Ctrl-C could leave taken.
                self._news.acquire(timeout=_POLL_SECONDS)
                if self.is_stopped and not are_cancelled:
                    are_cancelled = True
                    for future in self._futures:
                        future.cancel()
                if bar is not None:
                    bar.update(int(self.cells[:, counters].sum()) - bar.n)
                while seen < len(self._ended):
                    seen += 1
                    if ended is not None:
                        ended(self._ended[seen - 1])
        finally:
            if bar is not None:
                bar.close()


def progress_bar(total, unit):
    """A bar on standard error, or None where that is no terminal."""
    if sys.stderr is None or not sys.stderr.isatty():
        return None
    from tqdm import tqdm

    return tqdm(total=total, unit=f" {unit}", leave=False)


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
    if isinstance(workers, bool) or not isinstance(workers, (int, np.integer)) or workers < 1:
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
        if isinstance(number := getattr(executor, name, None), int) and number > 0:
            return number
    return None


def _choose_executor(model, workers, executor, functions):
    """(executor, whether it is ours to shut down). What has to be compiled is compiled here, once, for all."""
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
    from hmc.running.foreign import ForeignExecutor  # here, for it reads all our sources
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


def shares_memory(executor):
    """Whether what the executor runs is in this process."""
    return getattr(executor, "shares_memory", isinstance(executor, concurrent.futures.ThreadPoolExecutor))
