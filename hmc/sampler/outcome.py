"""The statistics that a transition of any algorithm reports, and when a leapfrog step has failed."""

import math
from typing import NamedTuple

from hmc.jit.kernel import inlined
from hmc.numerics import exp

# Why a trajectory ended, as kept in fit.stats["termination"].
U_TURN = 0  # the whole trajectory turns back on itself
SUBTREE_U_TURN = 1  # a part of the newest doubling does; that doubling is thrown away
DIVERGENCE = 2  # a step's energy error is too large or not a number
MAX_DEPTH = 3  # the largest number of doublings was reached
PATH_END = 4  # static HMC: the path has its fixed length
INTERRUPTED = 5  # the run was stopped; the transition does not count
IRREVERSIBLE = 6  # WALNUTS: a macro step has another way back

GOING_ON = -1  # it has not ended; never in fit.stats

# A leaf with this energy error has probability e^-1000 relative to the start: the integrator has lost the trajectory.
MAX_ENERGY_ERROR = 1000.0

# Weights are kept as numbers, not as logs: joining two spans is then an addition, and drawing from them a comparison.
# exp overflows above 709. A weight above e^600 counts as e^600, so that sums of weights do not overflow. In the
# posterior, a start from which a leaf gets such a weight has probability e^-600.
_LARGEST_LOG_WEIGHT = 600.0


class Outcome(NamedTuple):
    """The statistics of one transition."""

    log_density: float  # at the draw
    energy: float  # of the draw with the momentum it was reached with
    acceptance_rate: float  # mean over steps of min(1, exp(start energy - energy)); 0 for one that diverges
    tree_depth: int  # doublings that became part of the trajectory; 0 for static HMC
    n_steps: int  # leapfrog steps taken, which is the number of gradients; WALNUTS: in all walks
    micro_steps: int  # leapfrog steps from leaf to leaf, along the trajectory; n_steps where no step is tried twice
    termination: int  # one of the constants above


@inlined
def is_divergent(energy_error):
    """Whether a step has failed, by its energy less the start's; NaN and minus infinity are failures too."""
    return not -math.inf < energy_error <= MAX_ENERGY_ERROR


@inlined
def weight_of(energy_error):
    """exp(-energy_error): the probability of a point relative to the start's; min(1, weight) is its acceptance rate."""
    return exp(min(-energy_error, _LARGEST_LOG_WEIGHT))


@inlined
def acceptance_of(energy_error):
    """The probability that a Metropolis step accepts a point; 0 where the step to it has failed."""
    return 0.0 if is_divergent(energy_error) else min(1.0, weight_of(energy_error))
