"""The transitions through toys that the figures show by default."""

import math

import numpy as np

from figures.sampler.toys.normals import CORRELATION, funnel, line, plane
from hmc.record import RecordedTransition, record_from

STEP_SIZES = (0.5, 1.2, 2.05)  # small, large, and over the limit of 2
PATH_LENGTHS = (0.3, math.pi / 2, 2 * math.pi - 0.3)  # much too short, a quarter of the period, nearly a whole period


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
