"""Masked arrays are refused: NumPy makes plain arrays of them, with the numbers under the mask."""

from typing import Any

import numpy as np


def unmasked(what: str, values: Any) -> Any:
    """The values as they are; ValueError, which says `what` they are, for a masked array or a list with one."""
    parts = values if isinstance(values, (list, tuple)) else [values]
    if any(isinstance(part, np.ma.MaskedArray) for part in parts):
        raise ValueError(f"{what}: a masked array, whose mask would be ignored; give numbers for all elements")
    return values
