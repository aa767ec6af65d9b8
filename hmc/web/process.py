"""A process of its own in which a module's code is made: one whose Numba optimises nothing, and has not.

LLVM ends a process where it meets code that it cannot translate; so that does no harm either.
"""

import contextlib
import multiprocessing
import os
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import NamedTuple

import numba

from hmc.errors import HMCError
from hmc.model import Model
from hmc.running import model_file
from hmc.running.ending import end_with_parent
from hmc.running.importable import why_not_in_a_new_process
from hmc.running.search_path import safe_start
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
        # An author's functions may have been kept on disk optimised, and must not be kept there unoptimised: what the
        # process keeps is its own.
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder, _new_process() as pool:
            with _environment(NUMBA_OPT="0", NUMBA_CACHE_DIR=folder), safe_start(), _as_parent():
                future = pool.submit(_make, model_file.Known(), model, sampler, simd)
            return future.result()
    except BrokenProcessPool:
        reason = "LLVM ended the process"
    except Exception as error:
        reason = " ".join(f"{type(error).__name__}: {error}".split())
    raise HMCError(f"{model.name}: Numba {numba.__version__} cannot make it a WebAssembly module: {reason}")


def _new_process() -> ProcessPoolExecutor:
    return ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), initializer=end_with_parent)


def _make(known: object, model: Model, sampler: bytes | None, simd: bool) -> MadeObjects:
    """In the process."""
    if numba.config.OPT != 0:
        raise RuntimeError(f"NUMBA_OPT is {int(numba.config.OPT)} where it must be 0")
    density = optimised([*density_code(model), MEMORY, RESHAPE], OF_DENSITY, simd=simd)
    if sampler is None:
        sampler = object_of(optimised(sampler_code(), OF_SAMPLER, simd=simd), simd=simd, late=PRODUCTS + PCG64)
    return MadeObjects(object_of(density, simd=simd), sampler)


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
