"""Two posteriors with a neck, in which one step size cannot suit all: Neal's funnel and the centred eight schools.

    v ~ Normal(0, 3),  x[i] ~ Normal(0, exp(v / 2)),  i = 1, ..., 9

Neal (2003), "Slice sampling", section 8.

The eight schools are those of `figures.sampler.toys`.

What is known exactly of both: v is Normal(0, 3), and of tau all that a one-dimensional integral gives (`tau_density`).
"""

import math
from typing import NamedTuple

import numpy as np

import hmc
from figures.sampler.toys.schools import EFFECT, ERROR, SCALE_TAU, SD_MU
from hmc.numerics import exp
from models.densities import normal


class Funnel(NamedTuple):
    sd: float  # of v


def funnel(dimension=10):
    """Neal's funnel: v, and `dimension` - 1 values x."""
    parameters = [hmc.Parameter("v"), hmc.Parameter("x", (dimension - 1,))]
    return hmc.Model(funnel_density, Funnel(3.0), parameters, name="funnel")


def funnel_density(position, data, gradient):
    v, x = position[0], position[1:]
    precision, squares = exp(-v), 0.0
    for i in range(x.size):
        squares += x[i] * x[i]
        gradient[1 + i] = -x[i] * precision
    value, gradient[0], _, _ = normal(v, 0.0, data.sd)
    gradient[0] += 0.5 * squares * precision - 0.5 * x.size
    return value - 0.5 * squares * precision - 0.5 * x.size * (v + math.log(2.0 * math.pi))


def tau_density(tau):
    """The density of the eight schools' tau given the data, but for a constant, at an array of values.

    Given tau, the effects are normal about mu with the variances error^2 + tau^2, and mu is normal a priori.
    """
    tau = np.asarray(tau, dtype=float)[..., None]
    precision = 1.0 / (ERROR**2 + tau**2)
    total = precision.sum(axis=-1) + SD_MU**-2.0
    mean = (precision * EFFECT).sum(axis=-1) / total
    squares = (precision * EFFECT**2).sum(axis=-1) - total * mean**2
    log_density = 0.5 * np.log(precision).sum(axis=-1) - 0.5 * np.log(total) - 0.5 * squares
    return np.exp(log_density) / (1.0 + (tau[..., 0] / SCALE_TAU) ** 2)
