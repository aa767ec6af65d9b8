"""The way out of a start whose log density is beyond sense, before anything is adapted.

Far out in a tail a log density may be -1e30, and its neighbours, as floating-point numbers, 1e14 away. Energies then
change by nothing or by far too much: proposals are accepted or refused by chance, the search for a step size ends at
steps that round to no movement, and the chain never leaves. No tuning cures that. But the gradient still says which way
is up. So a chain first climbs along it, and samples from where log densities can be told apart.

Nothing is random, and a start that can be sampled from is left where it is, so its draws are as if this file were not
here.
"""

import numpy as np
from numpy.typing import NDArray

from hmc.jit.kernel import kernel
from hmc.numerics import divide
from hmc.sampler.phase_space import Hamiltonian, PhasePoint, Start
from hmc.sampler.rows import copy_row

# Of an ARMA(1,1), with starts uniform in (-2, 2) and (-10, 10), chains that begin below -1e17 nearly all stay there for
# ever. Above, chains come up by themselves, but slowly: from -1e8 and less, those of mru and mRXma may end warm-up
# far from the posterior. No posterior of the lecture is below -1e5, no start in (-2, 2) below -1e8.
LOWEST_LOG_DENSITY = -1e8  # a start above is left where it is
HIGH_ENOUGH = -1e6  # where a climb ends

# A step must leave at most this share of the log density. So it is no search for the mode, which is the sampler's work:
# from -1e70 it takes at most 213 steps (in practice 5 to 20), and where the log density is so low everywhere, by a
# constant or for the number of data, the chain stays.
SHARE_LEFT = 0.5

SHORTEST, FIRST = 1e-9, 1.0  # lengths of steps, in the coordinate that changes most
MOST_GRADIENTS = 1000  # as many as in one transition of the greatest depth; a climb takes 10 to 100


@kernel
def climb(hamiltonian, start, point, stop):
    """Move `start.point` to where it can be sampled from, in place; the log density there.

    `start` is a Start of finite log density and gradient, `point` one to move on. Each step goes along the gradient,
    divided by its largest component; see `step_up`. Where none leads out, the start stays at the best point found; it
    is not moved where its log density is above LOWEST_LOG_DENSITY. Also ends where `stop` is set.
    """
    log_density, length, used = start.log_density, FIRST, 0
    if log_density > LOWEST_LOG_DENSITY:
        return log_density
    while log_density < HIGH_ENOUGH and used < MOST_GRADIENTS:
        here = Start(start.point, log_density)
        better, length, used = step_up(hamiltonian, here, point, max(FIRST, length), used, stop)
        if not better > SHARE_LEFT * log_density:
            break
        log_density = better
        copy_row(point.position, start.point.position)
        copy_row(point.gradient, start.point.gradient)
    return log_density


@kernel
def step_up(hamiltonian, start, point, length, used, stop):
    """Try steps from a Start along the gradient: (log density at `point`, length of the step, gradients used in all).

    The length is halved until the log density is high enough; or doubled, for as long as that helps, where the first
    step is better than none: posteriors may be far away on their own scale. If nothing helps, the log density is the
    start's.
    """
    here, steepest = start.point, 0.0
    for i in range(here.gradient.shape[0]):
        steepest = max(steepest, abs(here.gradient[i]))
    factor, before, first = 0.5, start.log_density, used
    while steepest > 0.0 and length > SHORTEST and used < MOST_GRADIENTS:
        for i in range(here.position.shape[0]):
            point.position[i] = here.position[i] + length * divide(here.gradient[i], steepest)
        found = hamiltonian.density(point.position, hamiltonian.data, point.gradient)
        used += 1
        if stop[0] != 0:
            break
        is_better = found > before and is_finite(found, point.gradient)
        if is_better and found > SHARE_LEFT * start.log_density:
            return found, length, used
        if is_better and (used == first + 1 or factor > 1.0):
            factor, before = 2.0, found
        elif factor > 1.0:
            break
        length *= factor
    return start.log_density, length, used


@kernel
def is_finite(log_density, gradient):
    """Whether the chain could go on from here."""
    total = log_density - log_density
    for i in range(gradient.shape[0]):
        total += gradient[i] - gradient[i]  # 0, or nan for an infinity or nan
    return total == 0.0


def rehearse(hamiltonian: Hamiltonian, start: Start, stop: NDArray[np.int64]) -> float | None:
    """The log density that `climb` reaches from a start, which stays where it is; None where it does not climb."""
    if start.log_density > LOWEST_LOG_DENSITY:
        return None
    here, point = (PhasePoint(*(part.copy() for part in start.point)) for _ in range(2))
    reached = float(climb(hamiltonian, Start(here, start.log_density), point, stop))
    return reached if reached > start.log_density else None
