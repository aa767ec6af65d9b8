"""Phase space: a position, its whitened momentum, its energy, and the leapfrog step that moves them.

Models speak of log densities. In the fast code the sign turns here alone: energy = momentum'momentum / 2 - log density.
Neal (2011), section 2; the whitened momentum is explained in `hmc/sampler/metric.py`.
"""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from hmc.jit.kernel import inlined, kernel
from hmc.numerics import dot
from hmc.sampler.metric import Metric, drift, kick
from hmc.sampler.normals import standard_normal
from hmc.sampler.rows import copy_row


class Hamiltonian(NamedTuple):
    """A target density, its data and the metric: all that the dynamics depend on."""

    density: Callable[
        [np.ndarray, Any, np.ndarray], float
    ]  # density(position, data, gradient) -> log density; writes gradient
    data: Any  # what `density` takes for its data (compiled: the address of the data)
    metric: Metric


class PhasePoint(NamedTuple):
    """A point of phase space with the gradient there; three arrays (dimension,), moved in place."""

    position: np.ndarray
    momentum: np.ndarray
    gradient: np.ndarray


class Start(NamedTuple):
    """Where a transition starts: a phase point, momentum drawn, with the log density there."""

    point: PhasePoint
    log_density: float


class Reach(NamedTuple):
    """How a trajectory steps and how far it may go."""

    step_size: float
    max_depth: int  # at most 2^max_depth leapfrog steps
    path_length: float  # static HMC's, in whitened units
    tolerance: float = math.inf  # WALNUTS: how far apart the energies along a macro step may be


@inlined
def leapfrog(hamiltonian, point, step_size):
    """Move `point` by one leapfrog step, in place; the log density at the new position.

    A negative `step_size` goes backwards in time along the same trajectory.
    """
    kick(hamiltonian.metric, point.momentum, point.gradient, 0.5 * step_size)
    drift(hamiltonian.metric, point.position, point.momentum, step_size)
    log_density = hamiltonian.density(point.position, hamiltonian.data, point.gradient)
    kick(hamiltonian.metric, point.momentum, point.gradient, 0.5 * step_size)
    return log_density


@inlined
def energy_of(log_density, momentum):
    """The Hamiltonian: kinetic energy plus potential energy (the negative log density)."""
    return 0.5 * dot(momentum, momentum) - log_density


@kernel
def draw_momentum(rng, momentum):
    """Fill `momentum` with standard normals: a momentum of the canonical distribution, in whitened coordinates."""
    for i in range(momentum.shape[0]):
        momentum[i] = standard_normal(rng.bit_generator)


@inlined
def copy_point(source, target):
    """Move `target` to where `source` is."""
    copy_row(source.position, target.position)
    copy_row(source.momentum, target.momentum)
    copy_row(source.gradient, target.gradient)
