"""The transitions through toys that the figures show by default."""

import math
from typing import TypeVar

import numpy as np

from figures.sampler.toys.normals import CORRELATION, funnel, line, plane
from hmc.record import RecordedTransition, record_from

Number = TypeVar("Number", int, float)

STEP_SIZES = (0.5, 1.2, 2.05)  # small, large, and over the limit of 2
PATH_LENGTHS = (0.3, math.pi / 2, 2 * math.pi - 0.3)  # much too short, a quarter of the period, nearly a whole period


def doubling_trajectory(seed: int | None = None, step_size: float | None = None) -> RecordedTransition:
    """A NUTS transition in the plane; by default, its forward end turns back after four doublings in both directions.

    Here and below, `seed` and `step_size` are the reader's own; None for those that the captions speak of.
    """
    return record_from(plane(), np.array([-1.2, -0.9]), _given(step_size, 0.2), seed=_given(seed, 142))[0]


def leapfrog_paths(seed: int | None = None, step_size: float | None = None) -> list[RecordedTransition]:
    """Leapfrog paths on the line from one start, by default nearly at rest, for a period; one for each of STEP_SIZES,
    or one path with the reader's step size.
    """
    start = np.array([1.0])
    path = {"algorithm": "hmc", "path_length": 2 * math.pi, "seed": _given(seed, 7)}
    return [record_from(line(), start, h, **path)[0] for h in (STEP_SIZES if step_size is None else (step_size,))]


def static_chains(seed: int | None = None, step_size: float | None = None) -> list[list[RecordedTransition]]:
    """Chains of static HMC in the plane, whitened by its own covariance; one for each of PATH_LENGTHS."""
    model = plane()
    covariance = np.array([[1.0, CORRELATION], [CORRELATION, 1.0]])
    settings = {"algorithm": "hmc", "inverse_metric": covariance, "transitions": 20, "seed": _given(seed, 2)}
    start = np.array([-1.5, -1.5])
    return [
        record_from(model, start, _given(step_size, 0.1), path_length=length, **settings) for length in PATH_LENGTHS
    ]


def funnel_trajectories(step_size: float | None = None) -> list[RecordedTransition]:
    """Two NUTS transitions in the funnel with the same step size: one in its mouth, one that diverges in its neck."""
    model, step_size = funnel(), _given(step_size, 0.45)
    (in_mouth,) = record_from(model, np.array([3.0, 3.0]), step_size, seed=19)
    (into_neck,) = record_from(model, np.array([1.0, 1.0]), step_size, seed=142)
    return [in_mouth, into_neck]


def neck_trajectories() -> list[RecordedTransition]:
    """A transition of NUTS and one of WALNUTS into the neck of the funnel, of one start, momentum and step size."""
    how = {"position": np.array([0.3, -1.0]), "step_size": 0.55, "seed": 48, "max_depth": 6}
    return [record_from(funnel(), **how, algorithm=algorithm)[0] for algorithm in ("nuts", "walnuts")]


def nuts_chain(seed: int | None = None, step_size: float | None = None) -> list[RecordedTransition]:
    """Six NUTS transitions in the plane, one after the other."""
    return record_from(plane(), np.array([-1.2, -0.9]), _given(step_size, 0.3), transitions=6, seed=_given(seed, 102))


def _given(value: Number | None, default: Number) -> Number:
    return default if value is None else value
