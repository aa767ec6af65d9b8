"""Calling a log density where it can do no harm, and where what it does can be seen.

Position and gradient are stretches of longer arrays. What lies before and behind them is a wall: numbers that are
written over by a function that takes more room than it has, and that show in the result of one that reads too far.
"""

import math
import signal
import time

import numpy as np

from hmc.checking.bounds import bounds_checked, in_python
from hmc.checking.child import calling
from hmc.checking.findings import BrokenError, Fault, component_names, first_line, line_of, place
from hmc.jit.compiled import DENSITY, compile_author_function
from hmc.jit.kernel import jit_is_disabled

_WALL = 1024  # numbers on either side
_SLOW = 5e-3  # seconds of a call from which on there are fewer of them
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

    def __init__(self, size):
        self.whole = np.empty(_WALL + size + _WALL)
        self.inside = self.whole[_WALL : _WALL + size]
        self.build(math.nan)

    def build(self, wall):
        """Fill the walls."""
        self.wall = wall
        self.whole[:_WALL] = self.whole[_WALL + self.inside.size :] = wall

    def damage(self):
        """Indices, as seen from `inside`, of numbers of the walls that were written over."""
        before, behind = self.whole[:_WALL], self.whole[_WALL + self.inside.size :]
        places = [*(np.flatnonzero(_differs(before, self.wall)) - _WALL)]
        return [int(i) for i in [*places, *(np.flatnonzero(_differs(behind, self.wall)) + self.inside.size)]]


class Probe:
    """A model's log density, at any position. BrokenError where it cannot be compiled, or raises an exception."""

    def __init__(self, model, bounds=False):
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

    def value(self, position):
        """The log density at a position; the gradient is left in `gradient.inside`."""
        self.position.inside[:] = position
        calling("log_density", position)
        try:
            with np.errstate(all="ignore"):
                return float(self.function(self.position.inside, self._data, self.gradient.inside))
        except Exception as error:
            if jit_is_disabled() and is_of_python_math(error):
                return -math.inf if isinstance(error, ArithmeticError) else math.nan
            error = self._in_python(position, error)
            raise BrokenError(raised(self.model, "log_density", error, position)) from None

    def _in_python(self, position, error):
        """The error that a position gives in Python, which names index and line; else the one given."""
        if isinstance(error, IndexError):
            try:
                in_python(self.model.log_density)(position.copy(), self.model._packed.data, np.zeros(position.size))
            except IndexError as plain:
                return plain
            except Exception:  # of Python's math, before it comes to the index
                return error
        return error

    def time(self, position):
        """Take the time of a call, `seconds`, by which `fewer` goes: the least of some, as others may be held up."""
        times, start = [], time.perf_counter()
        while not times or (len(times) < _TIMED and sum(times) < 20.0 * _SLOW):
            self.value(position)
            times.append(time.perf_counter() - start - sum(times))
        self.seconds = min(times)
        self._share = min(1.0, _SLOW / self.seconds)

    def fewer(self, number):
        """So many calls instead of `number`, where one takes long: at least a twentieth."""
        return max(int(number * self._share), number // 20, 1)

    def both(self, position, fill=0.0):
        """(log density, gradient) at a position; `fill` stands in the gradient before the call."""
        self.gradient.inside[:] = fill
        return self.value(position), self.gradient.inside.copy()


def ended(model, died):
    """The finding for a function of the model in which the process of the check ended: see `hmc.checking.child`."""
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


def not_compiled(model, error):
    """The finding for a function that Numba does not compile, given what the model says of it."""
    advice = "Write it in the part of Python and NumPy that Numba compiles: loops, math, and hmc.numerics."
    return Fault("compile", "", str(error).removeprefix(f"{model.name}: "), advice)


def raised(model, role, error, position=None):
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


def is_of_python_math(error):
    """Whether Python's arithmetic or math raises it where compiled code gives inf or nan."""
    return isinstance(error, ArithmeticError) or str(error) == "math domain error"


def same_bits(a, b):
    """Whether two floats or arrays are equal, nan equal to nan."""
    return np.array_equal(np.asarray(a), np.asarray(b), equal_nan=True)


def _differs(numbers, wall):
    return ~np.isnan(numbers) if math.isnan(wall) else numbers != wall
