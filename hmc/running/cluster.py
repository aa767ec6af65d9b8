"""Executors of the caller: a pool of processes, a cluster, or anything with the interface.

They are trusted with little: their workers may have other code, cancelling may fail, and they may die. `executor_of`
makes an executor of a Dask cluster, for `--dask ADDRESS` of the command line.
"""

from __future__ import annotations

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
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from hmc.errors import LostTaskError, told
from hmc.running import model_file
from hmc.running.same_code import Code, checked

_LOOK_SECONDS = 1.0  # between checks whether the executor is still there
_NO_WORKER_SECONDS = 60.0  # for which a cluster may have no worker
_ANSWER_SECONDS = 5  # to wait for the answer of a scheduler


class ForeignExecutor(concurrent.futures.Executor):
    """Runs tasks on an executor of the caller, if its workers have the code of this process (`same_code`).

    It gets as many tasks at a time as it has workers, each from a thread of this process. So, on any engine, tasks that
    have not begun can be cancelled, and those that have begun are waited for; Dask would forget them.

    A pool of the standard library is broken for good if one of its workers dies or it is shut down: `submit` then
    raises its error. RuntimeError if a worker cannot import `hmc`, where that can be known beforehand.
    """

    shares_memory = False

    def __init__(self, executor: concurrent.futures.Executor, code: Code, at_once: int) -> None:
        _get_workers_ready(executor)
        self._executor, self._code = executor, code
        self._threads = concurrent.futures.ThreadPoolExecutor(at_once)
        self._lock = threading.Lock()
        self._under_way: set[concurrent.futures.Future[Any]] = set()
        self._broken: concurrent.futures.BrokenExecutor | None = None

    def submit(  # type: ignore[override]  # tasks have no named arguments
        self, function: Callable[..., Any], /, *arguments: Any
    ) -> concurrent.futures.Future[Any]:
        """A future of `function(*arguments)`; if `code` has a density, the first argument is the model."""
        if self._broken is not None:
            raise self._broken
        return self._threads.submit(self._run, function, arguments)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the threads, and cancel tasks if asked; the executor itself stays as it is, for the caller."""
        self._threads.shutdown(wait=wait, cancel_futures=cancel_futures)
        if cancel_futures:
            with self._lock:
                under_way = list(self._under_way)
            for future in under_way:
                future.cancel()

    def _run(self, function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
        try:
            return self._there(function, arguments)
        except concurrent.futures.CancelledError:
            raise LostTaskError("the executor cancelled this task") from None
        except concurrent.futures.BrokenExecutor as error:
            self._broken = error
            raise

    def _there(self, function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
        with self._lock:  # some executors must not be called by two threads at once
            try:
                future = self._executor.submit(checked, self._code, function, *arguments)
            except RuntimeError as error:  # BrokenExecutor among them
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


def _get_workers_ready(executor: concurrent.futures.Executor) -> None:
    """Call `_get_ready` in each worker of a Dask cluster. RuntimeError if a worker cannot import it."""
    client: Any = getattr(executor, "_client", None)
    if hasattr(client, "run"):
        for worker, error in client.run(_get_ready, on_error="return").items():
            if isinstance(error, ImportError):
                raise RuntimeError(f"the worker at {worker} cannot import hmc: {error}")


def _get_ready() -> None:
    """Have a worker import `hmc`, and leave Ctrl-C to the process that called `hmc.sample`.

    A terminal also sends Ctrl-C to the workers of a `LocalCluster`, which would then die without ending their tasks.
    """
    if multiprocessing.parent_process() is not None and threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.SIG_IGN)


def _is_gone(executor: concurrent.futures.Executor) -> bool:
    """Whether the connection of a Dask executor is closed, which its futures do not report."""
    return getattr(getattr(executor, "_client", None), "status", None) in ("closing", "closed")


def _has_workers(executor: concurrent.futures.Executor) -> bool:
    """Whether a Dask cluster reports a worker; True for other executors."""
    client: Any = getattr(executor, "_client", None)
    try:
        return not hasattr(client, "nthreads") or bool(client.nthreads())
    except Exception:  # it does not answer: see `_is_gone`
        return True


@contextlib.contextmanager
def executor_of(address: str, models: Iterable[str] = ()) -> Iterator[concurrent.futures.Executor]:
    """An executor of the Dask cluster whose scheduler is at `address`, for example "tcp://127.0.0.1:8786".

    models: the MODEL arguments of the command; of those with the form FILE.py:FACTORY, the file is sent to the workers.

    ValueError if Dask is not installed, no scheduler answers, it has no workers, or they cannot import a file. The
    cluster goes on running afterwards.
    """
    with _client(address) as client:
        for path in dict.fromkeys(model.rpartition(":")[0] for model in models if ":" in model):
            _send(client, path)
        yield client.get_executor(pure=False)


def _client(address: str) -> Any:
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
    except Exception as error:  # connecting to anything but a scheduler can fail in many ways
        raise ValueError(f"--dask {address}: no Dask scheduler answered there within {_ANSWER_SECONDS} s") from error
    if not has_workers:
        raise ValueError(f"--dask {address}: this scheduler has no workers; start one: dask worker {address}")
    return client


def _send(client: Any, path: str) -> None:
    """Send a model file to the workers, under the name of its module here."""
    try:
        with tempfile.TemporaryDirectory() as folder:
            client.upload_file(shutil.copy(path, os.path.join(folder, f"{model_file.name_of(path)}.py")))
    except Exception as error:  # importing the file can raise anything
        raise ValueError(f"--dask: the workers of the cluster cannot import {path}: {told(error)}") from error
