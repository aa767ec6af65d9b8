"""How a run is stopped and watched: a few integers that compiled code looks at and writes, in memory all can see.

Element 0 is the stop flag, element 1 + c the iteration that chain c has finished. Compiled code in another thread
sees an array; in another process, the same bytes as shared memory. No messages are sent while chains run, and no
chain has to come back to Python to be stopped or counted.

A worker on another machine cannot see them. It gets cells of its own, which nobody looks at: what it does is neither
counted nor stopped while it lasts, and counts when it is finished.
"""

import contextlib
import secrets
import sys
import threading
from multiprocessing import resource_tracker
from multiprocessing.shared_memory import SharedMemory
from typing import NamedTuple

import numpy as np

from hmc.running.search_path import safe_start


class Address(NamedTuple):
    """Where cells in shared memory are found."""

    name: str
    size: int  # how many cells


class LocalControl:
    """The control of chains in this process. `address` is what a chain finds it by."""

    def __init__(self, chains):
        self.cells = np.zeros(1 + chains, dtype=np.int64)
        self.address = self.cells

    def close(self):
        """Nothing to release."""


class SharedControl:
    """The control of chains in other processes of this machine: made anew for `chains`."""

    def __init__(self, chains):
        self.address = Address(f"hmc_{secrets.token_hex(12)}", 1 + chains)  # 29 characters: macOS allows 30
        with safe_start():  # the first memory of a process starts a process that watches over it
            self._memory = SharedMemory(self.address.name, create=True, size=8 * self.address.size)
        self.cells = _cells(self._memory, self.address)
        self.cells[:] = 0

    def close(self):
        """Let go of the memory, and give it back; views of `cells` must not be used any more."""
        self.cells = None
        self._memory.close()
        self._memory.unlink()


class FoundControl:
    """A `SharedControl` that another process owns, seen from here. OSError where there is none of this address."""

    def __init__(self, address):
        self.address = address
        self._memory = _attached(address.name)
        self.cells = _cells(self._memory, address)

    def close(self):
        """Let go of the memory; views of `cells` must not be used any more."""
        self.cells = None
        self._memory.close()


class BorrowedControl(LocalControl):
    """A control that another part of this process owns."""

    def __init__(self, cells):
        self.cells = self.address = cells


def attach(address):
    """The control at an address, from whichever process; to be closed. Cells of its own where those cannot be seen."""
    if isinstance(address, np.ndarray):
        return BorrowedControl(address)
    try:
        return FoundControl(address)
    except OSError:  # made on another machine, or by another user
        return LocalControl(address.size - 1)


def _cells(memory, address):
    # The system may have given whole pages.
    return np.ndarray(address.size, dtype=np.int64, buffer=memory.buf)


_registering = threading.Lock()


def _attached(name):
    """Shared memory that another process owns.

    The resource tracker must not hear of it. At the end of a process that has a tracker of its own, which a worker of a
    cluster has, the tracker would take the memory from under its owner (https://github.com/python/cpython/issues/82300).
    """
    if sys.version_info >= (3, 13):
        return SharedMemory(name, track=False)
    with _registering, _unnoticed(name):
        return SharedMemory(name)


@contextlib.contextmanager
def _unnoticed(name):
    """What is registered meanwhile under this name is not; whatever else other threads register, is."""
    register = resource_tracker.register
    resource_tracker.register = lambda known, kind: register(known, kind) if known.lstrip("/") != name else None
    try:
        yield
    finally:
        resource_tracker.register = register
