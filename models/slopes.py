"""What a slope multiplies must vary: of a constant, the intercepts say the same, and nothing can tell them apart."""

import numpy as np

from models.columns import shown

# Below, the mean of the values rounds away what they differ by. Of densities up to 1e9 or ages, nobody comes near.
LEAST_SPREAD = 1e-6  # as a part of the largest
SMALLEST_SPREAD = 1e-100  # squares of smaller ones underflow


def require_variation(table_name, name, values):
    """ValueError, which names the table, where all values of the column `name` are the same."""
    if (values == values[0]).all():
        value = f'"{shown(values[0])}"' if values.dtype.kind == "U" else f"{values[0]:.15g}"
        raise ValueError(f"{table_name}: {name} is {value} in every row, so it can have no slope")


def standardised(table_name, name, values):
    """The numbers `values` minus their mean, in units of their standard deviation (divisor n - 1).

    ValueError where they are all the same, or differ by less than float64 can tell from rounding.
    """
    require_variation(table_name, name, values)
    spread = values.std(ddof=1)
    if not spread > max(LEAST_SPREAD * np.abs(values).max(), SMALLEST_SPREAD):
        raise ValueError(
            f"{table_name}: {name} hardly varies, from {values.min():.15g} to {values.max():.15g}: "
            "its standard deviation is lost in rounding; subtract something, or take another unit"
        )
    return (values - values.mean()) / spread
