"""The step size: a first guess, and dual averaging towards a target acceptance rate.

Hoffman & Gelman (2014), algorithms 4 and 5, section 3.2. Pure updates: each takes a state and gives the next.
"""

import math
from typing import NamedTuple

from hmc.jit.kernel import kernel
from hmc.numerics import divide, exp, log, sqrt
from hmc.sampler.phase_space import copy_point, energy_of, leapfrog

# gamma holds the search to its anchor, t0 damps the first updates, kappa forgets the oldest ones. The paper's gamma is
# 0.05; with twice that the step size fluctuates half as much about its goal, which costs fewer gradients, and the
# average that is kept comes closer to the target rate (benchmarks/warmup.py measures both).
GAMMA, T0, KAPPA = 0.1, 10.0, 0.75

LOG_GOOD = math.log(0.8)


class DualAveraging(NamedTuple):
    """The state of the search for a step size; all on the log scale."""

    log_step_size: float  # to be used for the next transition (log epsilon)
    log_averaged: float  # the average of these, to be used after warm-up (log epsilon-bar)
    error_mean: float  # running mean of target - acceptance rate (H-bar)
    count: float  # type: ignore[assignment]  # updates so far (t); hides the method of tuples
    anchor: float  # where the search is pulled to (mu)


@kernel
def restart(step_size):
    """Begin a search at `step_size`, pulled towards ten times it: larger steps are cheaper to try."""
    return DualAveraging(log(step_size), log(step_size), 0.0, 0.0, log(10.0 * step_size))


@kernel
def update(state, acceptance_rate, target):
    """The state after a transition with this acceptance rate."""
    count = state.count + 1.0
    weight = 1.0 / (count + T0)
    error_mean = (1.0 - weight) * state.error_mean + weight * (target - acceptance_rate)
    log_step_size = state.anchor - sqrt(count) / GAMMA * error_mean
    weight = exp(-KAPPA * log(count))
    log_averaged = weight * log_step_size + (1.0 - weight) * state.log_averaged
    return DualAveraging(log_step_size, log_averaged, error_mean, count, state.anchor)


@kernel
def first_guess(hamiltonian, start, point, step_size, stop):
    """A step size whose single leapfrog step is accepted with a probability near 0.8, found by doubling or halving.

    `start` is a Start with its momentum drawn, `point` one to move on. Stan's variant of algorithm 4. Where no
    step size does it (100 halvings, or doublings of a flat density), or where `stop` is set, the last one tried.
    """
    start_energy = energy_of(start.log_density, start.point.momentum)
    direction = 0.0
    for _ in range(100):
        copy_point(start.point, point)
        moved = leapfrog(hamiltonian, point, step_size)
        is_good = start_energy - energy_of(moved, point.momentum) > LOG_GOOD  # NaN is not good
        if stop[0] != 0:
            break
        if direction == 0.0:
            direction = 1.0 if is_good else -1.0
        elif is_good != (direction > 0.0):
            break
        step_size = 2.0 * step_size if direction > 0.0 else divide(step_size, 2.0)
    return step_size
