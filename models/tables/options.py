"""The options of a model that are single numbers: checked, and refused in one line with their name and value."""

import math
import numbers

import numpy as np

from models.tables.columns import LARGEST_NUMBER, shown


def whole(where, name, value, least=0, most=math.inf, why=""):
    """The option as an int; ValueError, which begins with `where`, unless it is a whole number from `least` to `most`.

    `why` follows these in the message. True and False are no numbers, and nor is text.
    """
    value = _scalar(value)
    if isinstance(value, bool) or not isinstance(value, numbers.Integral) or not least <= value <= most:
        bounds = f"{least} to {most}" if most < math.inf else least
        raise ValueError(f"{where}: {name} = {shown(value)} is not a whole number from {bounds}{why}")
    return int(value)


def positive(where, name, value):
    """The option as a float; ValueError, which begins with `where`, unless it is a number from 1e-100 to 1e100."""
    value = _scalar(value)
    if isinstance(value, bool) or not isinstance(value, numbers.Real) or not 0 < value < math.inf:
        raise ValueError(f"{where}: {name} = {shown(value)} is not a positive number")
    if not 1.0 / LARGEST_NUMBER <= value <= LARGEST_NUMBER:
        raise ValueError(f"{where}: {name} = {shown(value)} is not from {1.0 / LARGEST_NUMBER:g} to {LARGEST_NUMBER:g}")
    return float(value)


def finite(where, name, value):
    """The option as a float; ValueError, which begins with `where`, unless it is a finite number."""
    value = _scalar(value)
    try:
        is_finite = isinstance(value, numbers.Real) and not isinstance(value, bool) and math.isfinite(value)
    except OverflowError:  # a whole number beyond all float64
        is_finite = False
    if not is_finite:
        raise ValueError(f"{where}: {name} = {shown(value)} is not a finite number")
    return float(value)


def _scalar(value):
    """What a NumPy scalar or an array of no dimension holds."""
    return value.item() if isinstance(value, (np.generic, np.ndarray)) and value.ndim == 0 else value
