"""Toys of normal distributions: a line, a plane, Neal's funnel in two and in ten dimensions, and two modes."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

import hmc
from figures.sampler.toys.exact import Marginals, averaged, normal_density
from hmc.numerics import exp, log, log1p
from hmc.transforms import constrain_positive
from models.densities import normal

CORRELATION = 0.85
FUNNEL_SD = 3.0  # of v
N_WIDE = 9  # x of `neals_funnel`


class Plane(NamedTuple):
    """Data of `plane`."""

    correlation: float


class TwoModes(NamedTuple):
    """Data of `two_modes`: x and y ~ Normal(-distance, 1) and Normal(0, 1), or Normal(distance, 1) and Normal(0, 1)."""

    distance: float  # of each mode from 0
    share: float  # of the right one


class Funnel(NamedTuple):
    """Data of `funnel`."""

    sd: float  # of v


def line() -> hmc.Model:
    """x ~ Normal(0, 1)."""
    return hmc.Model(_line, Funnel(1.0), [hmc.Parameter("x")], name="line")


def plane(correlation: float = CORRELATION) -> hmc.Model:
    """(x, y) ~ MultivariateNormal(0, R): both standard deviations are 1; x and y are strongly correlated."""
    return hmc.Model(_plane, Plane(correlation), [hmc.Parameter("x"), hmc.Parameter("y")], name="plane")


def funnel() -> hmc.Model:
    """Neal's funnel with one x: v ~ Normal(0, 3), x ~ Normal(0, exp(v / 2)), the shape of a hierarchical model with
    little data.
    """
    return hmc.Model(_funnel, Funnel(FUNNEL_SD), [hmc.Parameter("x"), hmc.Parameter("v")], name="funnel")


def neals_funnel() -> hmc.Model:
    """Neal's funnel: v ~ Normal(0, 3), x[i] ~ Normal(0, exp(v / 2)) for nine x. Neal (2003), "Slice sampling", 8."""
    parameters = [hmc.Parameter("v"), hmc.Parameter("x", (N_WIDE,))]
    return hmc.Model(_neals_funnel, Funnel(FUNNEL_SD), parameters, name="neals_funnel")


def two_modes() -> hmc.Model:
    """Two normal distributions, 0.3 of the left one and 0.7 of the right, five standard deviations apart."""
    parameters = [hmc.Parameter("x"), hmc.Parameter("y")]
    return hmc.Model(_two_modes, TwoModes(2.5, 0.7), parameters, name="two_modes")


def _line(position, data, gradient):
    log_density, gradient[0], _, _ = normal(position[0], 0.0, data.sd)
    return log_density


def _plane(position, data, gradient):
    x, y, r = position[0], position[1], data.correlation
    log_density_x, d_x, _, _ = normal(x, 0.0, 1.0)
    log_density_y, d_y, d_mean, _ = normal(y, r * x, math.sqrt(1.0 - r * r))  # y given x
    gradient[0] = d_x + r * d_mean
    gradient[1] = d_y
    return log_density_x + log_density_y


def _funnel(position, data, gradient):
    x, v = position[0], position[1]
    sd = constrain_positive(0.5 * v)
    log_density_v, d_v, _, _ = normal(v, 0.0, data.sd)
    log_density_x, d_x, _, d_sd = normal(x, 0.0, sd)
    gradient[0] = d_x
    gradient[1] = d_v + 0.5 * sd * d_sd
    return log_density_v + log_density_x


def _neals_funnel(position, data, gradient):
    v, x = position[0], position[1:]
    sd = constrain_positive(0.5 * v)
    log_density, d_v, _, _ = normal(v, 0.0, data.sd)
    for i in range(x.shape[0]):
        log_density_x, gradient[1 + i], _, d_sd = normal(x[i], 0.0, sd)
        log_density += log_density_x
        d_v += 0.5 * sd * d_sd
    gradient[0] = d_v
    return log_density


def _two_modes(position, data, gradient):
    x, y, distance = position[0], position[1], data.distance
    left, d_left, _, _ = normal(x, -distance, 1.0)
    right, d_right, _, _ = normal(x, distance, 1.0)
    left, right = left + log(1.0 - data.share), right + log(data.share)
    log_density, gradient[1], _, _ = normal(y, 0.0, 1.0)
    ratio = exp(-abs(right - left))  # of the smaller term to the larger
    larger = 1.0 / (1.0 + ratio)
    of_right = larger if right > left else 1.0 - larger
    gradient[0] = of_right * d_right + (1.0 - of_right) * d_left
    return log_density + max(left, right) + log1p(ratio)


def line_marginals() -> Marginals:
    """Of `line`."""
    return {"x": normal_density}


def plane_marginals() -> Marginals:
    """Of `plane`, whatever the correlation."""
    return {"x": normal_density, "y": normal_density}


def funnel_marginals() -> Marginals:
    """Of `funnel`, and of each x of `neals_funnel`: a normal mixture over v."""

    def x(at: NDArray[np.float64]) -> NDArray[np.float64]:
        v = np.linspace(-8.0 * FUNNEL_SD, 8.0 * FUNNEL_SD, 4001)
        return averaged(normal_density(at[:, None], 0.0, np.exp(v / 2.0)), normal_density(v, 0.0, FUNNEL_SD))

    return {"x": x, "v": lambda at: normal_density(at, 0.0, FUNNEL_SD)}


def two_modes_marginals() -> Marginals:
    """Of `two_modes`."""
    return {"x": lambda at: 0.3 * normal_density(at, -2.5) + 0.7 * normal_density(at, 2.5), "y": normal_density}
