"""Toy densities for pictures of the sampler, and the transitions through them that the pictures show by default.

They are small enough to draw whole: a line, a plane, a funnel. They are ordinary models that pass `hmc check`.
"""

import math
from typing import NamedTuple

import numpy as np

import hmc
from hmc.record import RecordedTransition, record_from
from hmc.transforms import constrain_positive
from models.densities import normal

CORRELATION = 0.85
STEP_SIZES = (0.5, 1.2, 2.05)  # small, large, and over the limit of 2
PATH_LENGTHS = (0.3, math.pi / 2, 2 * math.pi - 0.3)  # much too short, a quarter of the period, nearly a whole period


class Plane(NamedTuple):
    """Data of `plane`."""

    correlation: float


class Funnel(NamedTuple):
    """Data of `funnel`."""

    sd: float  # of v


def line() -> hmc.Model:
    """x ~ Normal(0, 1)."""
    return hmc.Model(_line, Funnel(1.0), [hmc.Parameter("x")], name="line")


def plane(correlation: float = CORRELATION) -> hmc.Model:
    """(x, y) ~ MultivariateNormal(0, R): standard deviations 1, and this correlation."""
    return hmc.Model(_plane, Plane(correlation), [hmc.Parameter("x"), hmc.Parameter("y")], name="plane")


def funnel() -> hmc.Model:
    """Neal's funnel: v ~ Normal(0, 3), x ~ Normal(0, exp(v / 2)), the shape of a hierarchical model with little data.
    Neal (2003), "Slice sampling", section 8.
    """
    return hmc.Model(_funnel, Funnel(3.0), [hmc.Parameter("x"), hmc.Parameter("v")], name="funnel")


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


def doubling_trajectory() -> RecordedTransition:
    """A NUTS transition in the plane whose forward end turns back after four doublings in both directions."""
    return record_from(plane(), np.array([-1.2, -0.9]), 0.2, seed=142)[0]


def leapfrog_paths() -> list[RecordedTransition]:
    """Leapfrog paths on the line from one start, nearly at rest, for a period; one for each of STEP_SIZES."""
    start = np.array([1.0])
    path = {"algorithm": "hmc", "path_length": 2 * math.pi, "seed": 7}
    return [record_from(line(), start, step_size, **path)[0] for step_size in STEP_SIZES]


def static_chains() -> list[list[RecordedTransition]]:
    """Chains of static HMC in the plane, whitened by its own covariance; one for each of PATH_LENGTHS."""
    model = plane()
    covariance = np.array([[1.0, CORRELATION], [CORRELATION, 1.0]])
    settings = {"algorithm": "hmc", "inverse_metric": covariance, "transitions": 20, "seed": 2}
    start = np.array([-1.5, -1.5])
    return [record_from(model, start, 0.1, path_length=length, **settings) for length in PATH_LENGTHS]


def funnel_trajectories() -> list[RecordedTransition]:
    """Two NUTS transitions in the funnel with the same step size: one in its mouth, one that diverges in its neck."""
    model, step_size = funnel(), 0.45
    (in_mouth,) = record_from(model, np.array([3.0, 3.0]), step_size, seed=19)
    (into_neck,) = record_from(model, np.array([1.0, 1.0]), step_size, seed=142)
    return [in_mouth, into_neck]


def neck_trajectories() -> list[RecordedTransition]:
    """A transition of NUTS and one of WALNUTS into the neck of the funnel, of one start, momentum and step size."""
    how = {"position": np.array([0.3, -1.0]), "step_size": 0.55, "seed": 48, "max_depth": 6}
    return [record_from(funnel(), **how, algorithm=algorithm)[0] for algorithm in ("nuts", "walnuts")]


def nuts_chain() -> list[RecordedTransition]:
    """Six NUTS transitions in the plane, one after the other."""
    return record_from(plane(), np.array([-1.2, -0.9]), 0.3, transitions=6, seed=102)
