"""The options of a model that are single numbers: checked, and refused in one line with their name and value."""

import math
import numbers
from typing import Any

import numpy as np

from models.tables.columns import LARGEST_NUMBER, shown


def whole(where: str, name: str, value: Any, least: int = 0, most: float = math.inf, why: str = "") -> int:
    """The option as an int; ValueError, which begins with `where`, unless it is a whole number from `least` to `most`.

    `why` follows these in the message. True, False and text are not numbers.
    """
    value = _scalar(value)
    if not _is(numbers.Integral, value) or not least <= value <= most:
        bounds = f"{least} to {most}" if most < math.inf else least
        raise ValueError(f"{where}: {name} = {shown(value)} is not a whole number from {bounds}{why}")
    return int(value)


def positive(where: str, name: str, value: Any) -> float:
    """The option as a float; ValueError, which begins with `where`, unless it is a number from 1e-100 to 1e100."""
    value = _scalar(value)
    if not _is(numbers.Real, value) or not 0 < value < math.inf:
        raise ValueError(f"{where}: {name} = {shown(value)} is not a positive number")
    if not 1.0 / LARGEST_NUMBER <= value <= LARGEST_NUMBER:
        raise ValueError(f"{where}: {name} = {shown(value)} is not from {1.0 / LARGEST_NUMBER:g} to {LARGEST_NUMBER:g}")
    return float(value)


def finite(where: str, name: str, value: Any) -> float:
    """The option as a float; ValueError, which begins with `where`, unless it is a finite number."""
    value = _scalar(value)
    try:
        is_finite = _is(numbers.Real, value) and math.isfinite(value)
    except OverflowError:  # a whole number beyond all float64
        is_finite = False
    if not is_finite:
        raise ValueError(f"{where}: {name} = {shown(value)} is not a finite number")
    return float(value)


def _is(kind: type, value: object) -> bool:
    """Whether `value` is a number of this kind; True and False are not."""
    return isinstance(value, kind) and not isinstance(value, bool)


def _scalar(value: Any) -> Any:
    """The Python number in a NumPy scalar or an array without dimensions; anything else as it is."""
    return value.item() if isinstance(value, (np.generic, np.ndarray)) and value.ndim == 0 else value
