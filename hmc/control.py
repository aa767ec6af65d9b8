"""How a run is stopped and watched: a few integers that compiled code looks at and writes, in memory all can see.

Element 0 is the stop flag, element 1 + c the iteration that chain c has finished. Compiled code in another thread
sees an array; in another process, the same bytes as shared memory. No messages are sent while chains run, and no
chain has to come back to Python to be stopped or counted.
"""

from multiprocessing import shared_memory

import numpy as np


class LocalControl:
    """The control of chains in this process. `address` is what a chain finds it by."""

    def __init__(self, chains):
        self.cells = np.zeros(1 + chains, dtype=np.int64)
        self.address = self.cells

    def close(self):
        """Nothing to release."""


class SharedControl:
    """The control of chains in other processes of this machine: made anew for `chains`, or found by its address."""

    def __init__(self, chains=None, address=None):
        new = address is None
        size = 8 * (1 + chains) if new else 0
        self._memory = shared_memory.SharedMemory(address, create=new, size=size)
        self._is_owner = new
        self.address = self._memory.name
        self.cells = np.ndarray(self._memory.size // 8, dtype=np.int64, buffer=self._memory.buf)
        if new:
            self.cells[:] = 0

    def close(self):
        """Let go of the memory, and give it back if it was made here; views of `cells` must not be used any more."""
        self.cells = None
        self._memory.close()
        if self._is_owner:
            self._memory.unlink()


class BorrowedControl(LocalControl):
    """A control that another part of this process owns."""

    def __init__(self, cells):
        self.cells = self.address = cells


def attach(address):
    """The control at an address, from whichever process; to be closed."""
    return BorrowedControl(address) if isinstance(address, np.ndarray) else SharedControl(address=address)
