"""Exact marginal densities of toys: functions of a grid of values, in NumPy, apart from the models' own code."""

import math
from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Marginals: TypeAlias = dict[str, Callable[[Floats], Floats]]  # by parameter; of one that is an array, of each element


def normal_density(x: Floats, mean: float | Floats = 0.0, sd: float | Floats = 1.0) -> Floats:
    """The density of Normal(mean, sd)."""
    return np.asarray(np.exp(-0.5 * ((x - mean) / sd) ** 2) / (sd * math.sqrt(2.0 * math.pi)))


def averaged(densities: Floats, weights: Floats) -> Floats:
    """The averages of rows of densities, with weights of an evenly spaced grid that reaches to where they are 0: the
    trapezoidal rule, whose error there is beyond all orders.
    """
    return np.asarray(densities @ weights / weights.sum())
