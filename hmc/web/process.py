"""Processes of their own in which the code of modules is made: their Numba optimises nothing, and has not.

LLVM ends a process where it meets code that it cannot translate; so that costs this model alone.
"""

import collections
import contextlib
import multiprocessing
import os
import queue
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.util import Finalize
from typing import Any, NamedTuple

import numba

from hmc.errors import HMCError, StaleWorkerError
from hmc.jit.garbage import seldom_collected
from hmc.model import Model
from hmc.running.importable import why_not_in_a_new_process
from hmc.running.processes import Worker
from hmc.web.lowering import density_code, sampler_code
from hmc.web.object_code import object_of, optimised
from hmc.web.runtime import MEMORY, PCG64, PRODUCTS, RESHAPE

EXPORTS = ("run", "log_density", "hmc_room")
OF_SAMPLER = ("run", "log_density")
OF_DENSITY = ("hmc_density", "hmc_room", "hmc_note")  # what the sampler, or whoever runs it, calls
_changing = threading.Lock()  # of the environment, which belongs to the whole process


class MadeObjects(NamedTuple):
    """The result of the process."""

    density: bytes  # the object file of the density and its memory
    sampler: bytes  # that of all the rest, the same for all models


def made(model: Model, sampler: bytes | None, *, simd: bool) -> MadeObjects:
    """The object files of a model's module. `sampler`: of an earlier model's; None: compile it.

    ValueError where a new process cannot have the model. HMCError where Numba or LLVM cannot make it.
    """
    model.density()  # what does not compile is told as it always is; what does can be told from other code
    reason = why_not_in_a_new_process(model)
    if reason is not None:
        raise ValueError(f"{model.name}: its module is made in a new process, and {reason}")
    try:
        return _answer((model.density_key(), _make, (model, sampler, simd)))
    except BrokenProcessPool:
        reason = "LLVM ended the process"
    except Exception as error:
        reason = " ".join(f"{type(error).__name__}: {error}".split())
    raise HMCError(f"{model.name}: Numba {numba.__version__} cannot make it a WebAssembly module: {reason}")


class Maker(Worker):
    """A process whose Numba optimises nothing, kept for the next model: what models share is lowered once."""

    def __init__(self) -> None:
        # An author's functions may have been kept on disk optimised, and must not be kept there unoptimised: what the
        # process keeps is its own.
        self._folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        with _environment(NUMBA_OPT="0", NUMBA_CACHE_DIR=self._folder.name), _as_parent():
            super().__init__(multiprocessing.get_context("spawn"))
        Finalize(None, self.end, exitpriority=0)  # a process, even a worker, ends when its children have

    def end(self) -> None:
        """Have the process end after its present task."""
        super().end()
        self._folder.cleanup()


_idle: dict[int, queue.SimpleQueue[Maker]] = collections.defaultdict(queue.SimpleQueue)  # {process that may ask: its}


def _answer(request: tuple[Any, ...]) -> Any:
    """The answer of a kept process, if one has the code that this process has; else of a new one."""
    with contextlib.suppress(queue.Empty):
        while True:
            maker = _idle[os.getpid()].get_nowait()
            with contextlib.suppress(StaleWorkerError):
                if maker.is_alive:
                    return _answer_of(maker, request)
    return _answer_of(Maker(), request)


def _answer_of(maker: Maker, request: tuple[Any, ...]) -> Any:
    """The answer of a process, which is not used again after an error."""
    is_of_use = False
    try:
        answer = maker.ask(request)
        is_of_use = True
    finally:
        if is_of_use:
            _idle[os.getpid()].put(maker)
        else:
            maker.kill()
    return answer


def _make(model: Model, sampler: bytes | None, simd: bool) -> MadeObjects:
    """In the process."""
    if numba.config.OPT != 0:
        raise RuntimeError(f"NUMBA_OPT is {int(numba.config.OPT)} where it must be 0")
    with seldom_collected():
        code = [*density_code(model), MEMORY, RESHAPE]
        code_of_sampler = sampler_code() if sampler is None else []
    density = object_of(optimised(code, OF_DENSITY, simd=simd), simd=simd)
    if sampler is None:
        sampler = object_of(optimised(code_of_sampler, OF_SAMPLER, simd=simd), simd=simd, late=PRODUCTS + PCG64)
    return MadeObjects(density, sampler)


@contextlib.contextmanager
def _as_parent() -> Iterator[None]:
    """Even a worker can start a process meanwhile. It is a daemon, which otherwise may not, since such a process would
    outlive it; ours ends with it.
    """
    config = multiprocessing.current_process()._config  # type: ignore[attr-defined]
    before = config.get("daemon")
    config["daemon"] = False
    try:
        yield
    finally:
        config["daemon"] = before


@contextlib.contextmanager
def _environment(**changes: str) -> Iterator[None]:
    """That of processes that are started meanwhile."""
    with _changing:
        before = {name: os.environ.get(name) for name in changes}
        os.environ.update(changes)
        try:
            yield
        finally:
            for name, value in before.items():
                if value is None:
                    del os.environ[name]
                else:
                    os.environ[name] = value
