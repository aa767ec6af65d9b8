"""What a transition reports of itself, whichever algorithm made it, and when a leapfrog step has failed."""

import math
from typing import NamedTuple

from hmc.kernel import inlined
from hmc.numerics import exp

# Why a trajectory ended, as kept in fit.stats["termination"].
U_TURN = 0  # the whole trajectory turns back on itself
SUBTREE_U_TURN = 1  # a part of the newest doubling does; that doubling is thrown away
DIVERGENCE = 2  # a step's energy error is too large or not a number
MAX_DEPTH = 3  # the largest number of doublings was reached
PATH_END = 4  # static HMC: the path has its fixed length
INTERRUPTED = 5  # the run was stopped; the transition does not count

# An energy error so large that the leaf would be drawn once in e^1000 times: the integrator has lost the trajectory.
MAX_ENERGY_ERROR = 1000.0


class Outcome(NamedTuple):
    """The statistics of one transition."""

    log_density: float  # at the draw
    energy: float  # of the draw with the momentum it was reached with
    acceptance_rate: float  # mean over leapfrog steps of min(1, exp(start energy - energy)); NUTS's target
    tree_depth: int  # doublings that became part of the trajectory; 0 for static HMC
    n_steps: int  # leapfrog steps taken, which is the number of gradients
    termination: int  # one of the constants above


@inlined
def is_divergent(log_weight):
    """Whether a step with this log weight (start energy - energy) is a divergence; NaN and infinities are."""
    return not -MAX_ENERGY_ERROR <= log_weight < math.inf


@inlined
def acceptance_probability(log_weight):
    """min(1, exp(log_weight)); 0 for NaN: a step that could not be computed is not accepted."""
    if log_weight >= 0.0:
        return 1.0
    return exp(log_weight) if log_weight == log_weight else 0.0
