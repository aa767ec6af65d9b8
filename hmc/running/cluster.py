"""Executors that somebody else made: a pool of processes, a cluster, whatever has the interface.

They are taken as they are, and so are trusted with little: not with what code their workers have, nor with cancelling,
nor with staying alive. `executor_of` makes one of a Dask cluster: `--dask ADDRESS` of the command line.
"""

import concurrent.futures
import contextlib
import multiprocessing
import os
import re
import shutil
import signal
import tempfile
import threading
import time

from hmc.errors import LostTaskError, told
from hmc.running import model_file
from hmc.running.same_code import checked

_LOOK_SECONDS = 1.0  # until the next look whether the executor is still there
_NO_WORKER_SECONDS = 60.0  # that a cluster may be without any
_ANSWER_SECONDS = 5  # to wait for an answer of a scheduler


class ForeignExecutor(concurrent.futures.Executor):
    """Runs tasks on an executor that somebody else made, if its workers have the code of this process (`same_code`).

    It is handed as many tasks at a time as it has workers, each by a thread of this process. So, on whatever engine,
    what has not begun can be cancelled, and what has begun is waited for: Dask, for one, would forget it.

    A pool of the standard library is lost for good when one of its workers dies, or somebody shuts it down: then
    `submit` raises its error. RuntimeError where a worker has no `hmc` at all, if that can be known beforehand.
    """

    shares_memory = False

    def __init__(self, executor, code, at_once):
        _get_workers_ready(executor)
        self._executor, self._code = executor, code
        self._threads = concurrent.futures.ThreadPoolExecutor(at_once)
        self._lock = threading.Lock()
        self._under_way, self._broken = set(), None

    def submit(self, function, /, *arguments):
        """A future of `function(...)`; where `code` is that of a model, the first argument is that model."""
        if self._broken is not None:
            raise self._broken
        return self._threads.submit(self._run, function, arguments)

    def shutdown(self, wait=True, *, cancel_futures=False):
        """End the threads; the executor is left to who made it, and is asked to forget what is cancelled."""
        self._threads.shutdown(wait=wait, cancel_futures=cancel_futures)
        if cancel_futures:
            with self._lock:
                under_way = list(self._under_way)
            for future in under_way:
                future.cancel()

    def _run(self, function, arguments):
        try:
            return self._there(function, arguments)
        except concurrent.futures.CancelledError:
            raise LostTaskError("the executor that was given gave up this task") from None
        except concurrent.futures.BrokenExecutor as error:
            self._broken = error
            raise

    def _there(self, function, arguments):
        with self._lock:  # not every executor may be called by two threads at once
            try:
                future = self._executor.submit(checked, self._code, function, *arguments)
            except RuntimeError as error:  # of which BrokenExecutor is one
                raise concurrent.futures.BrokenExecutor(str(error)) from error
            self._under_way.add(future)
        try:
            workers_seen = time.monotonic()
            while not future.done():
                concurrent.futures.wait((future,), timeout=_LOOK_SECONDS)
                if future.done():
                    break
                if _is_gone(self._executor):
                    raise LostTaskError("the connection to the cluster is lost")
                if _has_workers(self._executor):
                    workers_seen = time.monotonic()
                elif time.monotonic() - workers_seen > _NO_WORKER_SECONDS:
                    raise LostTaskError(f"the cluster has had no worker for {_NO_WORKER_SECONDS:g} s")
            return future.result()
        finally:
            with self._lock:
                self._under_way.discard(future)


def _get_workers_ready(executor):
    """On a Dask cluster: `_get_ready` in each. RuntimeError where a worker cannot import it."""
    client = getattr(executor, "_client", None)
    if hasattr(client, "run"):
        for worker, error in client.run(_get_ready, on_error="return").items():
            if isinstance(error, ImportError):
                raise RuntimeError(f"the worker at {worker} cannot import hmc: {error}")


def _get_ready():
    """Load what tasks need, and leave Ctrl-C to the process that called `hmc.sample`.

    A terminal sends it to the workers of a `LocalCluster` as well. They would end for good, and their tasks never.
    """

    if multiprocessing.parent_process() is not None and threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.SIG_IGN)


def _is_gone(executor):
    """Whether an executor will end no task any more, though it does not say so in its futures, as Dask's."""
    return getattr(getattr(executor, "_client", None), "status", None) in ("closing", "closed")


def _has_workers(executor):
    """Whether a Dask cluster has a worker, if it says so; of other executors, True."""
    client = getattr(executor, "_client", None)
    try:
        return not hasattr(client, "nthreads") or bool(client.nthreads())
    except Exception:  # it does not answer: see `_is_gone`
        return True


@contextlib.contextmanager
def executor_of(address, models=()):
    """An executor of the Dask cluster whose scheduler is at `address`, say "tcp://127.0.0.1:8786".

    models: the MODEL arguments of the command; workers are sent the file of those that are FILE.py:FACTORY.

    ValueError in one line: Dask is not installed, no scheduler answers, it has no workers, a file cannot be imported
    there. The cluster is left as it was found.
    """
    with _client(address) as client:
        for path in dict.fromkeys(model.rpartition(":")[0] for model in models if ":" in model):
            _send(client, path)
        yield client.get_executor(pure=False)


def _client(address):
    if not re.fullmatch(r"(?:[a-z]+://)?[^/\s]+:\d+/?", address):
        raise ValueError(f"--dask {address} is not of the form tcp://HOST:PORT")
    try:
        from distributed import Client
    except ImportError:
        raise ValueError("--dask needs Dask, which is not installed: pip install -e '.[dask]'") from None
    try:
        with contextlib.ExitStack() as closing:
            client = closing.enter_context(Client(address, timeout=_ANSWER_SECONDS, set_as_default=False))
            has_workers = bool(client.nthreads())
            if has_workers:
                closing.pop_all()
    except Exception as error:  # whatever comes of talking to nobody, or to what is no scheduler
        raise ValueError(f"--dask {address}: no Dask scheduler answered there within {_ANSWER_SECONDS} s") from error
    if not has_workers:
        raise ValueError(f"--dask {address}: this scheduler has no workers; start one: dask worker {address}")
    return client


def _send(client, path):
    """Send a model file to the workers, under the name of its module here."""
    try:
        with tempfile.TemporaryDirectory() as folder:
            client.upload_file(shutil.copy(path, os.path.join(folder, f"{model_file.name_of(path)}.py")))
    except Exception as error:  # whatever importing it there raises
        raise ValueError(f"--dask: the workers of the cluster cannot import {path}: {told(error)}") from error
