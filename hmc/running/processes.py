"""Worker processes, kept for the next call.

The draws are the same wherever a chain runs. Processes are the default, since a crash of one cannot harm the others.
Threads are as fast, since a chain holds no lock while it runs compiled code. They are used if a worker process could
not import the model, or would run the caller's script again (`hmc/running/importable.py`).
"""

import atexit
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
from collections.abc import Callable
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import Connection
from typing import Any, TypeAlias

import numpy as np

from hmc.errors import HMCError, StaleWorkerError, portable, told
from hmc.reporting import say
from hmc.running import model_file
from hmc.running.ending import end_with_parent
from hmc.running.importable import why_not_processes
from hmc.running.search_path import safe_start
from hmc.settings import check_whole

_STARTS, _START_AGAIN_SECONDS = 3, 0.2
_PART = 2**24  # bytes

Packed: TypeAlias = tuple[bytes, list[Any]]  # a pickled message, and the memory of its arrays
_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_START_METHOD = "spawn" if os.name == "nt" else "forkserver"  # fork is not safe where threads exist


def number_of_workers(workers: int | None, tasks: int) -> int:
    """The number of tasks to run at a time: `workers`, or for None the number of processors; at most that of `tasks`.

    ValueError for `workers` that is not a whole number of at least 1.
    """
    if workers is None:
        has_affinity = hasattr(os, "sched_getaffinity")  # not everywhere
        workers = len(os.sched_getaffinity(0)) if has_affinity else os.cpu_count() or 1
    check_whole("workers", workers, least=1)
    return min(int(workers), tasks)


class ProcessExecutor(concurrent.futures.ThreadPoolExecutor):
    """Up to `workers` of the kept worker processes at a time, each fed by a thread of this process.

    If a worker dies, the future of its task has a BrokenProcessPool error, and nothing else is lost. If a worker has
    older code than this process, the task runs in a fresh one.
    """

    shares_memory = False

    def __init__(self, workers: int, model_key: str | None = None) -> None:
        super().__init__(workers)
        self._model_key = model_key
        self._busy: list[Worker] = []

    def submit(  # type: ignore[override]  # tasks have no named arguments
        self, function: Callable[..., Any], /, *arguments: Any
    ) -> concurrent.futures.Future[Any]:
        """A future of `function(*arguments)` in a worker process; all arguments are pickled. If the executor has the
        key of a model's code, the first argument is that model.
        """
        return super().submit(self._in_a_worker, function, arguments)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the threads, and keep the processes for the next executor. Processes at work are killed if their tasks
        are to be cancelled without waiting.
        """
        super().shutdown(wait=wait, cancel_futures=cancel_futures)
        if cancel_futures and not wait:
            for worker in list(self._busy):
                worker.kill()

    def _in_a_worker(self, function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
        reason: HMCError
        request = (self._model_key, function, arguments)
        for take in (_take_worker, _start_worker):
            try:
                return self._answer(take(), request)
            except StaleWorkerError as error:
                reason = error
            except _NoWorkerError as error:
                reason = error
                break
        # The files have other code than this process, or no process can be started.
        say(f"a task runs in a thread of this process: no worker process can run it: {reason}")
        return function(*arguments)

    def _answer(self, worker: "Worker", request: tuple[Any, ...]) -> Any:
        """The answer of a worker; after an error the worker is not used again."""
        is_of_use = False
        self._busy.append(worker)
        try:
            answer = worker.ask(request)
            is_of_use = True
        finally:
            self._busy.remove(worker)
            if is_of_use:
                _idle.put(worker)
            else:
                worker.end()
        return answer


class _NoWorkerError(HMCError):
    """No worker process could be started."""


class Worker:
    """A worker process, and the pipe to it; OSError or EOFError if it cannot be started.

    context: of `multiprocessing`, which starts it; None: that of the sampler's workers.
    """

    def __init__(self, context: Any = None) -> None:
        context = _context() if context is None else context
        self._pipe, theirs = context.Pipe()
        try:
            self._process = context.Process(target=_serve, args=(theirs,), daemon=True)
            with safe_start():
                self._process.start()
        except BaseException:
            self._pipe.close()
            raise
        finally:
            theirs.close()  # now only the worker can write there, and its death ends the file

    @property
    def is_alive(self) -> bool:
        """Whether the process runs."""
        return self._process.is_alive()

    def ask(self, request: tuple[Any, ...]) -> Any:
        """The value that the process answers with; its exception is raised. BrokenProcessPool if it dies."""
        message = _packed((model_file.Known(), request))
        try:
            _send(self._pipe, message)
            packed = _receive(self._pipe)
        except (EOFError, OSError) as error:
            raise BrokenProcessPool(f"the worker process died ({told(error)})") from None
        is_value, answer = _unpacked(packed)
        if is_value:
            return answer
        raise answer

    def end(self) -> None:
        """Have the process end after its present task."""
        with contextlib.suppress(OSError):  # it is dead
            _send(self._pipe, _END)  # closing is not enough: a process forked meanwhile holds the pipe, too
        self._pipe.close()

    def kill(self) -> None:
        """End the process now."""
        with contextlib.suppress(ValueError):  # it is closed
            self._process.kill()


# A message is pickled without its arrays. These are sent from their own memory, and received into new arrays.

_END: Packed = (b"", [])


def _packed(message: Any) -> Packed:
    arrays: list[memoryview] = []
    content = pickle.dumps(message, protocol=5, buffer_callback=lambda buffer: arrays.append(buffer.raw()))
    return content, arrays


def _unpacked(packed: Packed) -> Any:
    content, arrays = packed
    return pickle.loads(content, buffers=arrays)


def _send(pipe: Connection, packed: Packed) -> None:
    content, arrays = packed
    pipe.send_bytes(pickle.dumps([array.nbytes for array in arrays]))
    pipe.send_bytes(content)
    for array in arrays:
        for start in range(0, array.nbytes, _PART):  # in parts, since a connection copies the bytes that it receives
            pipe.send_bytes(array[start : start + _PART])


def _receive(pipe: Connection) -> Packed:
    sizes, content = pickle.loads(pipe.recv_bytes()), pipe.recv_bytes()
    arrays = [np.empty(size, np.uint8) for size in sizes]
    for array in arrays:
        for start in range(0, array.nbytes, _PART):
            pipe.recv_bytes_into(array[start : start + _PART])
    return content, arrays


_idle: queue.SimpleQueue[Worker] = queue.SimpleQueue()
_starting = threading.Lock()


@atexit.register
def _end_idle_workers() -> None:
    """End them before multiprocessing sends SIGTERM to its processes, which these ignore."""
    with contextlib.suppress(queue.Empty):
        while True:
            _idle.get_nowait().end()


def _take_worker() -> Worker:
    """An idle worker that is alive, or a new one."""
    with contextlib.suppress(queue.Empty):
        while True:
            worker = _idle.get_nowait()
            if worker.is_alive:
                return worker
            worker.end()
    return _start_worker()


def _start_worker() -> Worker:
    reason = ""
    for _ in range(_STARTS):
        try:
            with _starting:
                if _START_METHOD == "forkserver":
                    _start_fork_server()
                return Worker()
        except (OSError, EOFError) as error:
            reason = told(error)
            time.sleep(_START_AGAIN_SECONDS)  # the fork server may have died unnoticed
    raise _NoWorkerError(reason)


def _serve(pipe: Connection) -> None:
    """In the worker: answer one request after the other, until the end is sent.

    Signals are left to the process that called `hmc.sample`. When that process ends, so does this one.
    """
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    end_with_parent()
    with contextlib.suppress(EOFError, OSError):  # the other end is gone
        while (request := _receive(pipe)) != _END:
            _send(pipe, _answer_to(request))


def _answer_to(request: Packed) -> Packed:
    """(True, the value) or (False, the exception), packed."""
    try:
        return _packed((True, _run(request)))
    except BaseException as error:
        return _packed((False, portable(error)))


def _run(request: Packed) -> Any:
    try:
        _, (model_key, function, arguments) = _unpacked(request)
    except Exception as error:  # importing the model's module can raise anything
        raise StaleWorkerError(str(error)) from None
    if model_key is not None and arguments[0].density_key() != model_key:
        raise StaleWorkerError("the code of the log density differs")
    return function(*arguments)


@functools.cache
def _context() -> Any:
    context = multiprocessing.get_context(_START_METHOD)
    if _START_METHOD == "forkserver":
        context.set_forkserver_preload(["hmc.running.preload"])
    return context


def start_early(workers: int | None, tasks: int) -> None:
    """Start the fork server now, in the background, so that it has loaded the sampler when a chain needs it; not where
    one worker is used, and this process does the work.
    """
    if number_of_workers(workers, tasks) > 1 and _START_METHOD == "forkserver" and why_not_processes() is None:
        threading.Thread(target=_start_fork_server, daemon=True).start()


def _start_fork_server() -> None:
    """Start the fork server if it does not run, with Ctrl-C and SIGTERM blocked in it, and so in workers.

    These signals may be sent to all processes of a group, and are meant for the process that called `hmc.sample`.
    """
    from multiprocessing import forkserver, resource_tracker

    _context()
    with safe_start():
        resource_tracker.ensure_running()  # it unblocks the signals in this thread when it starts
        before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
        try:
            forkserver.ensure_running()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
