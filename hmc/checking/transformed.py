"""Which transform gives a variable from numbers, as seen in several runs of a log density? In words.

Only transforms that constrain are tried. A variable that is a multiple, a square or a difference from the mean is
probably a name used again.
"""

from collections.abc import Callable, Sequence

import numpy as np

from hmc.parameters import Parameter, constrained
from hmc.transforms import Constraint, cholesky_corr, ordered, positive_ordered, simplex, unit_vector

_SAME = 1e-9  # of the values: differences that are rounding
_VECTORS = {"ordered vector": ordered, "simplex": simplex, "positive ordered vector": positive_ordered}
_ALL_VECTORS = _VECTORS | {"unit vector": unit_vector, "Cholesky factor of a correlation matrix": cholesky_corr}

# Inverses of increasing functions of k x: a line through 0 shows k. nan where there is no inverse.
_SCALED: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "exp({})": np.log,
    "1 / (1 + exp(-{}))": lambda y: np.log(y / (1.0 - y)),
    "tanh({})": np.arctanh,
    "log(1 + exp({}))": lambda y: np.log(np.expm1(y)),
}


def transform_of(inputs: Sequence[np.ndarray], variables: Sequence[np.ndarray], words: str, is_raw: bool) -> str:
    """The transform, in words, that gives the variable from the input in all runs; "" if none does.

    `words` name the input. `is_raw`: it is the position of a parameter that is declared real. Its variable is probably
    no name used again, so more transforms are tried: with a factor in them, of some elements, or one element of a
    vector.
    """
    x, y = (np.array([np.ravel(each) for each in numbers]) for numbers in (inputs, variables))
    if not np.isfinite(y).all():
        return ""
    length = inputs[0].shape[-1] if inputs[0].ndim else 1
    vectors = _vectors(x.reshape(len(x), -1, length), _ALL_VECTORS if is_raw else _VECTORS)
    if told := next((name for name, made in vectors.items() if _is_all_or_a_row(made, y)), ""):
        return f"the {told} of {words}"
    if told := _elementwise(x, y, words, is_raw):
        return told
    if is_raw and (told := _some_elements(x, y, words)):
        return told
    if is_raw and y.shape[1] == 1 and np.ptp(y) > 0.0:  # a factor has elements that are 0 or 1 always
        for name, made in vectors.items():
            if any(_agree(element, y[:, 0]) for element in made.reshape(len(y), -1).T):
                return f"an element of the {name} of {words}"
    return ""


def is_line(x: np.ndarray, y: np.ndarray) -> bool:
    """Whether y = offset + slope x, of arrays of one shape."""
    return x.shape == y.shape and bool(np.isfinite(_line(x, y)).all())


def _vectors(x: np.ndarray, tried: dict[str, Constraint]) -> dict[str, np.ndarray]:
    """Name -> (runs, rows, values): the vectors that each constraint makes of x (runs, rows, numbers)."""
    runs, rows, free = x.shape
    made = {}
    for name, constraint in tried.items():
        shape: tuple[int, ...] = (free + (constraint is simplex),)
        if constraint is cholesky_corr:
            size = int((1.0 + np.sqrt(1.0 + 8.0 * free)) / 2.0)
            shape = (size, size)
        parameter = Parameter(name, (rows, *shape), constraint)
        if parameter.free == rows * free and np.prod(shape) > 1:
            made[name] = constrained(parameter, x.reshape(runs, -1)).reshape(runs, rows, -1)
    return made


def _is_all_or_a_row(made: np.ndarray, y: np.ndarray) -> bool:
    """Whether the variable is all that was made (runs, rows, values), or one row, which a loop leaves."""
    candidates = [made, *(made[:, [row]] for row in range(made.shape[1]))]
    return any(each[0].size == y.shape[1] and _agree(each.reshape(y.shape), y) for each in candidates)


def _elementwise(x: np.ndarray, y: np.ndarray, words: str, is_raw: bool) -> str:
    """Words if the variable is a function of each element: of all of them, or of one that a loop leaves."""
    if y.shape[1] not in (1, x.shape[1]):
        return ""
    for first in range(0, x.shape[1], y.shape[1]):
        part = x[:, first : first + y.shape[1]]
        of = words if part.shape == x.shape else f"element {first} of {words}"
        if told := _bounded(part, y, of) or (is_raw and _scaled(part, y, of)):
            return told
    return ""


def _some_elements(x: np.ndarray, y: np.ndarray, words: str) -> str:
    """Words if some elements of the variable are functions of the input's, and the others are the input's own."""
    if y.shape != x.shape:
        return ""
    told = []
    for i in range(x.shape[1]):
        if not _agree(x[:, i], y[:, i]):
            of = f"element {i} of {words}"
            told.append(_bounded(x[:, i], y[:, i], of) or _scaled(x[:, i], y[:, i], of))
    return f"with {told[0]}" if told and all(told) else ""


def _bounded(x: np.ndarray, y: np.ndarray, of: str) -> str:
    """Words if y is bound +- exp(x), or bound + range / (1 + exp(-x))."""
    bound, sign = _line(np.exp(x), y)
    below, width = _line(1.0 / (1.0 + np.exp(-x)), y)
    if abs(abs(sign) - 1.0) < _SAME:
        return f"{bound:.6g} {'+' if sign > 0.0 else '-'} exp({of})".removeprefix("0 + ")
    if abs(width) > _SAME:
        return f"{below:.6g} + {width:.6g} / (1 + exp(-{of}))".removeprefix("0 + ")
    return ""


def _scaled(x: np.ndarray, y: np.ndarray, of: str) -> str:
    """Words if y is a function of k x, of those whose inverse is known."""
    for form, inverse in _SCALED.items():
        offset, k = _line(x, inverse(y))
        if offset == 0.0 and abs(k) > _SAME:
            return form.format(of if abs(k - 1.0) < _SAME else f"{k:.6g} * {of}")
    return ""


def _line(x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """(offset, slope) if y = offset + slope x but for rounding; (nan, nan) if not, or if y varies by rounding only."""
    x, y = x.ravel(), y.ravel()
    rounding = 4.0 * np.spacing(np.abs(y).max())
    if not np.isfinite([x, y]).all() or np.ptp(x) == 0.0 or np.ptp(y) < 1e6 * rounding:
        return np.nan, np.nan
    low, high = x.argmin(), x.argmax()
    slope = (y[high] - y[low]) / (x[high] - x[low])
    offset = y[low] - slope * x[low]
    offset = 0.0 if abs(offset) < _SAME * np.abs(y).max() else offset
    is_line = np.abs(offset + slope * x - y).max() <= _SAME * np.ptp(y) + rounding
    return (offset, slope) if is_line else (np.nan, np.nan)


def _agree(a: np.ndarray, b: np.ndarray) -> bool:
    return np.allclose(a, b, rtol=_SAME, atol=_SAME * np.abs(b).max())
