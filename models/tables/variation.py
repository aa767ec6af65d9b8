"""A predictor must vary: nothing can tell the slope of a constant from the intercepts.

Numbers that differ by rounding alone do not vary. That is judged against their size: their standard deviation must be
over a millionth of the largest of them, or of what they were computed from.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.tables.columns import shown

# Below, the mean of the values rounds away what they differ by. Densities up to 1e9, or ages, never come near.
LEAST_SPREAD = 1e-6  # as a share of the largest
SMALLEST_SPREAD = 1e-100  # squares of smaller ones underflow


def varies(values: NDArray[np.float64], size: float = 0.0) -> bool:
    """Whether the numbers `values` differ by more than rounding.

    `size`: the largest of the numbers that they were computed from, if that may be larger than they are.
    """
    largest = max(np.abs(values).max(), size)
    return values.size > 1 and values.std(ddof=1) > max(LEAST_SPREAD * largest, SMALLEST_SPREAD)


def require_variation(table_name: str, name: str, values: NDArray[Any], where: str = "in every row") -> None:
    """ValueError, which names the table, where the words of the column `name` are all the same, or its numbers do not
    vary. `where` completes the message "X is 3 ...".
    """
    is_words = values.dtype.kind == "U"
    if (values == values[0]).all():
        value = f'"{shown(values[0])}"' if is_words else f"{values[0]:.15g}"
        raise ValueError(f"{table_name}: {name} is {value} {where}, so it can have no slope")
    if not (is_words or varies(values)):
        raise ValueError(
            f"{table_name}: {name} hardly varies, from {values.min():.15g} to {values.max():.15g}: "
            "its standard deviation is lost in rounding; subtract something, or take another unit"
        )


def standardised(table_name: str, name: str, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The numbers `values` minus their mean, in units of their standard deviation (divisor n - 1).

    ValueError where they do not vary.
    """
    require_variation(table_name, name, values)
    return (values - values.mean()) / values.std(ddof=1)
