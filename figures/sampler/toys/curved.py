"""Toys whose shape no metric makes round: a banana and a donut."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

import hmc
from figures.sampler.toys.exact import Marginals, averaged, normal_density
from hmc.numerics import divide, sqrt
from models.densities import normal


class Banana(NamedTuple):
    """Data of `banana`."""

    sd: float  # of x
    bend: float
    thickness: float  # sd of y given x


class Donut(NamedTuple):
    """Data of `donut`."""

    radius: float
    thickness: float


BANANA = Banana(2.0, 0.5, 0.5)
DONUT = Donut(3.0, 0.4)


def banana() -> hmc.Model:
    """x ~ Normal(0, 2), y ~ Normal(x^2 / 2, 0.5): a normal distribution, bent."""
    return hmc.Model(_banana, BANANA, [hmc.Parameter("x"), hmc.Parameter("y")], name="banana")


def donut() -> hmc.Model:
    """A ring: the density falls as Normal(3, 0.4) with the distance from the origin, up to a constant."""
    return hmc.Model(_donut, DONUT, [hmc.Parameter("x"), hmc.Parameter("y")], name="donut")


def _banana(position, data, gradient):
    x, y = position[0], position[1]
    log_density_x, d_x, _, _ = normal(x, 0.0, data.sd)
    log_density_y, gradient[1], d_mean, _ = normal(y, data.bend * x * x, data.thickness)
    gradient[0] = d_x + 2.0 * data.bend * x * d_mean
    return log_density_x + log_density_y


def _donut(position, data, gradient):
    x, y = position[0], position[1]
    distance = sqrt(x * x + y * y)
    log_density, d_distance, _, _ = normal(distance, data.radius, data.thickness)
    pull = divide(d_distance, distance) if distance > 0.0 else 0.0
    gradient[0], gradient[1] = pull * x, pull * y
    return log_density


def banana_marginals() -> Marginals:
    """Of `banana`; y's is a normal mixture over x."""
    sd, bend, thickness = BANANA

    def y(at: NDArray[np.float64]) -> NDArray[np.float64]:
        x = np.linspace(-10.0 * sd, 10.0 * sd, 8001)
        return averaged(normal_density(at[:, None], bend * x**2, thickness), normal_density(x, 0.0, sd))

    return {"x": lambda at: normal_density(at, 0.0, sd), "y": y}


def donut_marginals() -> Marginals:
    """Of `donut`: the density of the ring, summed across; its total is an integral over the radius."""
    radius, thickness = DONUT
    grid, step = np.linspace(0.0, radius + 12.0 * thickness, 8001, retstep=True)
    total = 2.0 * math.pi * step * float((grid * normal_density(grid, radius, thickness)).sum())

    def across(at: NDArray[np.float64]) -> NDArray[np.float64]:
        far = radius + 12.0 * thickness
        other, width = np.linspace(-far, far, 8001, retstep=True)
        return np.asarray(normal_density(np.hypot(at[:, None], other), radius, thickness).sum(axis=1) * width / total)

    return {"x": across, "y": across}
