"""Where chains run: threads of this process, or worker processes that are kept for the next call.

The draws are the same wherever a chain runs. Processes are the default: what happens to one cannot harm the
others. Threads run as fast, since a chain holds no lock while it runs compiled code; they are used where a worker
process could not have the model, and where starting one would run the caller's script again
(`hmc/running/importable.py`).
"""

import concurrent.futures
import contextlib
import functools
import multiprocessing
import os
import pickle
import queue
import signal
import threading
import time
from concurrent.futures.process import BrokenProcessPool

from hmc.errors import told
from hmc.reporting import say
from hmc.running.importable import why_not_processes

_STARTS, _START_AGAIN_SECONDS = 3, 0.2  # of a worker process
_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_START_METHOD = "spawn" if os.name == "nt" else "forkserver"  # fork is not safe where threads exist


class InlineExecutor(concurrent.futures.Executor):
    """Runs what is submitted at once, in the calling thread, where a debugger expects it."""

    shares_memory = True

    def submit(self, function, /, *arguments):
        """A future that is done."""
        future = concurrent.futures.Future()
        try:
            future.set_result(function(*arguments))
        except Exception as error:
            future.set_exception(error)
        return future


class ProcessExecutor(concurrent.futures.Executor):
    """Up to `workers` of the kept worker processes at a time, each fed by a thread of this process.

    Each process is a pool of its own, so that one that dies takes nothing with it but what it was doing, whose future
    then has a BrokenProcessPool error. What met a process that has older code than this one is done in a new one.
    """

    shares_memory = False

    def __init__(self, workers, model_key=None):
        self._threads = concurrent.futures.ThreadPoolExecutor(workers)
        self._model_key = model_key
        self._busy = []

    def submit(self, function, /, *arguments):
        """A future of `function(...)` in a worker process; all arguments are pickled. Where the executor has the key of
        a model's code, the first one is that model.
        """
        return self._threads.submit(_in_a_kept_process, self._model_key, function, arguments, self._busy)

    def shutdown(self, wait=True, *, cancel_futures=False):
        """End the threads; the processes are kept for the next executor, but that those at work are killed if nobody
        waits for them, and what they do is to be cancelled.
        """
        self._threads.shutdown(wait=wait, cancel_futures=cancel_futures)
        if cancel_futures and not wait:
            for pid in [pid for process in list(self._busy) for pid in process._processes or ()]:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, getattr(signal, "SIGKILL", signal.SIGTERM))


class StaleWorkerError(Exception):
    """A worker cannot import the model, or has an older version of its code."""


_idle = queue.SimpleQueue()


def _in_a_kept_process(model_key, function, arguments, busy):
    payload = pickle.dumps((function, arguments))
    for start in (_take_process, *[_start_process] * _STARTS):
        try:
            return _in_process(start, model_key, payload, busy)
        except _NeverBegunError as error:
            reason = error
            if start is _start_process:
                time.sleep(_START_AGAIN_SECONDS)  # the fork server may be dead, and not be known to be
        except StaleWorkerError as error:
            reason = error
            if start is _start_process:  # what stands in files is not the code here: only this process has it
                break
    say(f"work runs in a thread of this process: a worker process cannot be had: {reason}")
    return function(*arguments)


class _NeverBegunError(Exception):
    """A worker had died before it was given anything to do, or could not be started."""


def _take_process():
    try:
        return _idle.get_nowait()
    except queue.Empty:
        return _start_process()


def _in_process(start, model_key, payload, busy):
    """The result of the payload in the worker process that `start` gives; it is kept if it is still of use."""
    try:
        process = start()
        future = process.submit(_call, model_key, payload)
        process._result_queue._writer.close()  # ours: or who dies in the midst of a result would be waited for
    except (BrokenProcessPool, OSError, EOFError) as error:
        raise _NeverBegunError(told(error)) from None
    is_of_use = False
    busy.append(process)
    try:
        result = future.result()
        is_of_use = True
        return result
    finally:
        busy.remove(process)
        if is_of_use:
            _idle.put(process)
        else:
            process.shutdown(wait=False)


def _call(model_key, payload):
    """In the worker: unpack and run."""
    try:
        function, arguments = pickle.loads(payload)
    except Exception as error:  # whatever importing the model's module raises
        raise StaleWorkerError(str(error)) from None
    if model_key is not None and arguments[0].density_key() != model_key:
        raise StaleWorkerError("the code of the log density differs")
    return function(*arguments)


def _start_process():
    if _START_METHOD == "forkserver":
        _start_fork_server()
    return concurrent.futures.ProcessPoolExecutor(1, _context(), initializer=_initialize)


def _initialize():
    """In the worker: leave signals to the process that called `hmc.sample`, and end when that process ends."""
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent():
    multiprocessing.parent_process().join()
    os._exit(1)


@functools.cache
def _context():
    context = multiprocessing.get_context(_START_METHOD)
    if _START_METHOD == "forkserver":
        context.set_forkserver_preload(["hmc.running.preload"])
    return context


def start_early():
    """Start the fork server now, in the background: it has the sampler loaded by the time a chain wants it."""
    if _START_METHOD == "forkserver" and why_not_processes() is None:
        threading.Thread(target=_start_fork_server, daemon=True).start()


def _start_fork_server():
    """Start it where it does not run, with Ctrl-C and SIGTERM blocked from its first instruction on, and in workers.

    They may come to all processes of a group, and are for the one that called `hmc.sample`.
    """
    from multiprocessing import forkserver, resource_tracker

    _context()
    resource_tracker.ensure_running()  # which unblocks the signals in this thread when it starts
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    try:
        forkserver.ensure_running()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
