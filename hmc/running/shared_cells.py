"""Shared cells: a few integers in memory that all chains see, to stop a run and to watch it.

Element 0 is the stop flag, element 1 + c the iteration that chain c has finished. Compiled code reads and writes them:
in another thread as an array, in another process as shared memory. No messages are sent while chains run, and a chain
is stopped and counted without returning to Python.

A worker on another machine cannot see the cells. It gets cells of its own, which nobody reads: its work cannot be
stopped, and is counted only when it is finished.
"""

import contextlib
import secrets
import sys
import threading
from collections.abc import Iterator
from multiprocessing import resource_tracker
from multiprocessing.shared_memory import SharedMemory
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hmc.running.search_path import safe_start


class Address(NamedTuple):
    """The address of cells in shared memory."""

    name: str
    size: int  # how many cells


class LocalControl:
    """The control of chains in this process, of these cells or so many new ones. Chains find it by its `address`."""

    def __init__(self, cells: int | NDArray[np.int64]) -> None:
        self.cells = cells if isinstance(cells, np.ndarray) else np.zeros(cells, dtype=np.int64)
        self.address = self.cells

    def close(self) -> None:
        """Nothing to release."""


class SharedControl:
    """The control of chains in other processes of this machine, which this process owns."""

    def __init__(self, size: int) -> None:
        self.address = Address(f"hmc_{secrets.token_hex(12)}", size)  # 29 characters: macOS allows 30
        with safe_start():  # the first memory of a process starts a process that watches over it
            self._memory = SharedMemory(self.address.name, create=True, size=8 * self.address.size)
        self.cells = _cells(self._memory, self.address)
        self.cells[:] = 0

    def close(self) -> None:
        """Release the memory and remove it; views of `cells` must not be used any more."""
        del self.cells
        self._memory.close()
        self._memory.unlink()


class FoundControl:
    """A `SharedControl` that another process owns. OSError if there is none at this address."""

    def __init__(self, address: Address) -> None:
        self.address = address
        self._memory = _attached(address.name)
        self.cells = _cells(self._memory, address)

    def close(self) -> None:
        """Release the memory; views of `cells` must not be used any more."""
        del self.cells
        self._memory.close()


def attach(address: Address | NDArray[np.int64]) -> LocalControl | FoundControl:
    """The control at an address, from any process; to be closed. New cells if those at the address cannot be seen."""
    if isinstance(address, np.ndarray):
        return LocalControl(address)
    try:
        return FoundControl(address)
    except OSError:  # made on another machine, or by another user
        return LocalControl(address.size)


def _cells(memory: SharedMemory, address: Address) -> NDArray[np.int64]:
    # The memory may be larger: the system gives whole pages.
    return np.ndarray(address.size, dtype=np.int64, buffer=memory.buf)


_registering = threading.Lock()


def _attached(name: str) -> SharedMemory:
    """Shared memory that another process owns.

    It must not be registered with the resource tracker. A worker of a cluster has a tracker of its own, which would
    remove the memory when the worker ends, though its owner needs it (https://github.com/python/cpython/issues/82300).
    """
    if sys.version_info >= (3, 13):
        return SharedMemory(name, track=False)
    with _registering, _unnoticed(name):
        return SharedMemory(name)


@contextlib.contextmanager
def _unnoticed(hidden: str) -> Iterator[None]:
    """Keep this name from the resource tracker; names that other threads register meanwhile are registered."""
    register = resource_tracker.register

    def register_others(name: Any, rtype: str) -> None:
        if name.lstrip("/") != hidden:
            register(name, rtype)

    resource_tracker.register = register_others
    try:
        yield
    finally:
        resource_tracker.register = register
