"""Running an author's function so that an index outside of an array raises an error.

Compiled code does not check indices: it reads and writes whatever memory lies there. A copy of the function, and of all
that it calls, checks them. The copy is plain Python, which is slow but names the line of the file; or it is compiled
with Numba's `boundscheck`, for a model whose data are so many that Python would take too long, or for many positions.
"""

import types
from collections.abc import Callable
from typing import Any

import numba
import numpy as np

from hmc.jit.copying import copied, is_compiled
from hmc.jit.fingerprint import is_of_a_library
from hmc.jit.kernel import jit_is_disabled
from hmc.jit.reach import Reached


class Watched(np.ndarray):
    """An array that refuses an index below 0 that comes from the data: a group of -1, say, or a group of 0 less 1.

    Python's own integers may count from the end, as in `position[-1]`.
    """

    def __getitem__(self, index: Any) -> Any:
        """The element or part; IndexError for an index from the data that is below 0."""
        self._refuse(index)
        return super().__getitem__(index)

    def __setitem__(self, index: Any, value: Any) -> None:
        """Set the element or part; IndexError for an index from the data that is below 0."""
        self._refuse(index)
        super().__setitem__(index, value)

    def __array_wrap__(self, array: np.ndarray, context: Any = None, return_scalar: bool = False) -> Any:
        """The result of a computation, as a plain array or number."""
        return np.asarray(array)[()]

    def _refuse(self, index: Any) -> None:
        for number in index if isinstance(index, tuple) else (index,):
            if isinstance(number, np.integer) and number < 0:
                raise IndexError(f"index {number}, from the data, counts from the end of {len(self)}")


def watched(data: Any) -> Any:
    """The data, or the array, with each array in it as a `Watched` view."""
    if isinstance(data, tuple):
        return type(data)(*map(watched, data)) if hasattr(data, "_fields") else tuple(map(watched, data))
    return data.view(Watched) if isinstance(data, np.ndarray) else data


def in_python(function: Callable) -> Callable:
    """A copy of a function in plain Python, as are all the compiled functions that it calls."""
    return copied(function, _is_followed(function))


def bounds_checked(function: Callable) -> Callable:
    """A compiled copy of a function, and of all that it calls, that raises IndexError outside of arrays."""
    if jit_is_disabled():
        return in_python(function)
    checked = numba.njit(boundscheck=True, error_model="numpy")
    return copied(function, _is_followed(function), wrap=lambda copy, item: checked(copy))


def _is_followed(function: Callable) -> Callable[[Any], bool]:
    """Whether an object that the function reaches is copied: compiled functions, and modules that may hold some."""
    modules = {module for module in Reached(function).modules if not is_of_a_library(module)}
    return lambda item: is_compiled(item) or (isinstance(item, types.ModuleType) and item in modules)
