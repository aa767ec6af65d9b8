"""Calling a log density where it does no harm, and where writing or reading outside of its arrays shows.

Position and gradient are stretches of longer arrays. The numbers before and behind them are walls: a function that
writes too far changes them, and the result of one that reads too far depends on them.
"""

import math
import signal
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from hmc.author_errors import line_of
from hmc.checking.bounds import bounds_checked, in_python
from hmc.checking.child import Died, calling
from hmc.checking.findings import BrokenError, Fault, component_names, first_line, place
from hmc.jit.compiled import DENSITY, compile_author_function
from hmc.jit.kernel import jit_is_disabled
from hmc.model import Model

_WALL = 1024  # numbers on either side
_SLOW = 5e-3  # seconds: a model whose calls take longer gets fewer of them
_TIMED = 10  # calls, if they are fast
_COMPILED = "It must give a value at every position, and Numba must know all it uses."
_MUST = {
    "log_density": _COMPILED,
    "log_likelihood": _COMPILED,
    "link": _COMPILED,
    "derived": "derived(position, data) must return a dict of names and values, numbers or arrays, at every position.",
    "simulate": "simulate(rng, data) must return an unconstrained position, drawn from the prior with rng.",
    "simulate_data": "simulate_data(position, data, rng) must return data such as the model's, drawn with rng.",
}


class Walled:
    """Room for `size` numbers, `inside`, between two walls."""

    def __init__(self, size: int) -> None:
        self.whole = np.empty(_WALL + size + _WALL)
        self.inside = self.whole[_WALL : _WALL + size]
        self.build(math.nan)

    def build(self, wall: float) -> None:
        """Fill the walls with a number."""
        self.wall = wall
        self.whole[:_WALL] = self.whole[_WALL + self.inside.size :] = wall

    def damage(self) -> list[int]:
        """Indices, counted from the start of `inside`, of the wall's numbers that were written over."""
        before, behind = self.whole[:_WALL], self.whole[_WALL + self.inside.size :]
        places = [*(np.flatnonzero(_differs(before, self.wall)) - _WALL)]
        return [int(i) for i in [*places, *(np.flatnonzero(_differs(behind, self.wall)) + self.inside.size)]]


class Probe:
    """A model's log density, at any position. BrokenError if it cannot be compiled or raises an exception.

    `bounds`: call a copy that is compiled to check every index.
    """

    def __init__(self, model: Model, bounds: bool = False) -> None:
        self.model = model
        self.names = component_names(model)
        self._share, self.seconds = 1.0, 1e-5
        self.position, self.gradient = Walled(model.dimension), Walled(model.dimension)
        try:
            self.function, self._data = model.density(guarded=False)
            if bounds:
                checked = bounds_checked(model.log_density)
                self.function = compile_author_function(checked, model._packed.type, DENSITY)
        except ValueError as error:
            raise BrokenError(not_compiled(model, error)) from None

    def value(self, position: np.ndarray) -> float:
        """The log density at a position; the gradient is left in `gradient.inside`."""
        self.position.inside[:] = position
        calling("log_density", position)
        try:
            return float(self.function(self.position.inside, self._data, self.gradient.inside))
        except Exception as error:
            if jit_is_disabled() and is_of_python_math(error):
                return -math.inf if isinstance(error, ArithmeticError) else math.nan
            error = self._in_python(position, error)
            raise BrokenError(raised(self.model, "log_density", error, position)) from None

    def _in_python(self, position: np.ndarray, error: Exception) -> Exception:
        """The IndexError that plain Python raises at the position, which names index and line; else the one given."""
        if isinstance(error, IndexError):
            try:
                in_python(self.model.log_density)(position.copy(), self.model._packed.data, np.zeros(position.size))
            except IndexError as plain:
                return plain
            except Exception:  # of Python's math, before it comes to the index
                return error
        return error

    def time(self, position: np.ndarray) -> None:
        """Measure `seconds`, the time of a call, on which `fewer` depends: the shortest of several calls."""
        times: list[float] = []
        start = time.perf_counter()
        while not times or (len(times) < _TIMED and sum(times) < 20.0 * _SLOW):
            self.value(position)
            times.append(time.perf_counter() - start - sum(times))
        self.seconds = min(times)
        self._share = min(1.0, _SLOW / self.seconds)

    def fewer(self, number: int) -> int:
        """How many calls to make instead of `number`: fewer if a call takes long, at least a twentieth of them."""
        return max(int(number * self._share), number // 20, 1)

    def both(self, position: np.ndarray, fill: float = 0.0) -> tuple[float, np.ndarray]:
        """(log density, gradient) at a position; the gradient is filled with `fill` before the call."""
        self.gradient.inside[:] = fill
        return self.value(position), self.gradient.inside.copy()


def ended(model: Model, died: Died) -> Fault:
    """The finding for a function of the model that ended the process of the check: see `hmc.checking.child`."""
    at = f" at {place(model, died.position)}" if died.position is not None else ""
    if died.signal == signal.SIGALRM:
        message = f"{died.role} did not return within {died.longest:g} seconds{at}"
        return Fault("raises", "", message, "Look for a loop that does not end there.")
    message = f"{died.role} ends the process{at}: {signal.strsignal(died.signal)}"
    advice = (
        f"So does code that writes or reads outside of its arrays. Compare the parameters' shapes, {model.dimension} "
        "numbers in all, and the lengths of the data with the indices used."
    )
    return Fault("outside", "", message, advice)


def called(
    model: Model, role: str, function: Callable[..., Any], *arguments: Any, position: np.ndarray | None = None
) -> Any:
    """The result of a function of the model, at a position if it is given one. BrokenError where it raises."""
    calling(role, position)
    try:
        return function(*arguments)
    except Exception as error:
        raise BrokenError(raised(model, role, error, position)) from None


def not_compiled(model: Model, error: ValueError) -> Fault:
    """The finding for a function that Numba does not compile, from the error that the model raised."""
    advice = "Write it in the part of Python and NumPy that Numba compiles: loops, math, and hmc.numerics."
    return Fault("compile", "", str(error).removeprefix(f"{model.name}: "), advice)


def raised(model: Model, role: str, error: Exception, position: np.ndarray | None = None) -> Fault:
    """The finding for a function of the model that raised an exception."""
    function = getattr(model, role)
    where = line_of(error, function)
    where = f" ({where})" if where else ""
    at = f" at {place(model, position)}" if position is not None else ""
    if isinstance(error, IndexError):
        message = f"{role} reads or writes outside of an array{at}: {error}{where}"
        advice = (
            "Compiled code does not look and takes whatever memory lies there. Compare the parameters' shapes, "
            f"{model.dimension} numbers in all, and the lengths of the data with the indices used."
        )
        return Fault("outside", "", message, advice)
    message = f"{role} raises {first_line(error)}{at}{where}"
    return Fault("raises", "", message, _MUST[role])


def is_of_python_math(error: Exception) -> bool:
    """Whether it is an error of Python's arithmetic or math, where compiled code gives inf or nan."""
    return isinstance(error, ArithmeticError) or str(error) == "math domain error"


def same_bits(a: Any, b: Any) -> bool:
    """Whether two floats or arrays are equal; nan equals nan."""
    return np.array_equal(np.asarray(a), np.asarray(b), equal_nan=True)


def _differs(numbers: np.ndarray, wall: float) -> np.ndarray:
    return ~np.isnan(numbers) if math.isnan(wall) else numbers != wall
