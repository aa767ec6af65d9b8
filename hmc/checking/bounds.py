"""Running an author's function so that an index outside of an array is an error, as it is not in compiled code.

Compiled code does not look: it reads and writes whatever memory lies there. A copy of the function, and of all that
it calls, does: in plain Python, slow but with the line of the file; or compiled with Numba's `boundscheck`, for a
model of so many observations that Python would take too long, or to be looked at in many places.
"""

import numba
import numpy as np

from hmc.jit.copying import copied, is_compiled
from hmc.jit.kernel import jit_is_disabled


class Watched(np.ndarray):
    """An array that refuses an index below 0 which was computed from the data: a group of -1, say, or one less than a
    group of 0. Indices that are Python's own may count from the end, as in `position[-1]`.
    """

    def __getitem__(self, index):
        """As in any array."""
        self._refuse(index)
        return super().__getitem__(index)

    def __setitem__(self, index, value):
        """As in any array."""
        self._refuse(index)
        super().__setitem__(index, value)

    def __array_wrap__(self, array, context=None, return_scalar=False):
        """What is computed from it is an array, or a number, like any other."""
        return np.asarray(array)[()]

    def _refuse(self, index):
        for number in index if isinstance(index, tuple) else (index,):
            if isinstance(number, np.integer) and number < 0:
                raise IndexError(f"index {number}, from the data, counts from the end of {len(self)}")


def watched(data):
    """Data, or an array, with all arrays in it `Watched`."""
    if isinstance(data, tuple):
        return type(data)(*map(watched, data)) if hasattr(data, "_fields") else tuple(map(watched, data))
    return data.view(Watched) if isinstance(data, np.ndarray) else data


def in_python(function):
    """A copy of a function in which all that is compiled, itself included, is plain Python."""
    return copied(function, is_compiled)


def bounds_checked(function):
    """A copy of a function, and of all it calls by name, that raises IndexError where compiled code would not look."""
    if jit_is_disabled():
        return in_python(function)
    checked = numba.njit(boundscheck=True, error_model="numpy")
    return copied(function, is_compiled, wrap=lambda copy, item: checked(copy))
