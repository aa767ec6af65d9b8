"""The macro step of WALNUTS: a leapfrog step that is taken in pieces where the dynamics are stiff.

NUTS takes all steps of a trajectory at one size. In the neck of a funnel that size is too large, the energy explodes,
the trajectory ends in a divergence, and the chain keeps out of the neck: its draws are biased. WALNUTS keeps the trees
of `hmc/sampler/nuts.py` and makes each of their steps fit the place.

A *macro step* covers the time `step_size`. At *level* l it is a walk of 2^l leapfrog steps of step_size / 2^l. A walk
is *tight* if its energies, both ends included, stay within the tolerance of each other. The macro step is the walk at
the coarsest tight level. One leapfrog step suffices almost everywhere; only the neck asks for more.

Why it looks back. Detailed balance asks that whoever comes the other way takes the same step. Walked backwards from its
end, a walk meets the same points, so it is tight from there as well. But a coarser walk, which was not tight from the
start, may be tight from the end: then the way back would be that one, and lead elsewhere. Such a step is
*irreversible*. It is left out from either side: there is no link between the two points, and the trajectory ends there
as it does at a divergence.

Why no weight is needed. What is left are links that join points in pairs, each link a composition of leapfrog steps,
which keeps volume. A trajectory is a chain of such links, and it is the same chain from wherever on it one starts. The
level is determined by the point and not drawn, so the leaves have the weights exp(-energy) of NUTS and no others.

Costs: a step at level 0 takes one gradient, as in NUTS. At level l, up to 2^(l + 1) - 1 gradients find the level, and
up to 2^l - 1 look back; walks end early, as soon as they are not tight.

Bou-Rabee, Carpenter, Kleppe & Liu (2025), "The within-orbit adaptive leapfrog no-U-turn sampler", arXiv:2506.18746.
The energies along the whole walk count here, not those of its ends alone: a walk that leaves the trajectory and comes
back to its energy by chance is not taken. Steps are halved up to MAX_LEVEL times.
"""

import math
from typing import NamedTuple

import numpy as np

from hmc.jit.kernel import inlined, kernel
from hmc.sampler.outcome import DIVERGENCE, GOING_ON, INTERRUPTED, IRREVERSIBLE, acceptance_of
from hmc.sampler.phase_space import PhasePoint, copy_point, energy_of, leapfrog

MAX_LEVEL = 10  # where 1024 leapfrog steps in place of one are not tight, the trajectory diverges


class LeapfrogSteps(NamedTuple):
    """In the place of a macro step's memory, orders and the like: there are none, each step is one leapfrog step.

    It is an empty tuple. Numba knows the length of a tuple when it compiles, so that NUTS is compiled without macro
    steps, and WALNUTS with nothing else.
    """


class Memory(NamedTuple):
    """The memory of macro steps, made once per chain."""

    end_energies: np.ndarray  # (2,) of the trajectory's ends
    points: PhasePoint  # arrays (2, dimension): where a step starts, and a walk back


class Macro(NamedTuple):
    """How the macro steps of one doubling are taken."""

    tolerance: float
    end_energy: np.ndarray  # (1,) of the end that moves
    points: PhasePoint


class Leap(NamedTuple):
    """The result of a step from a leaf to the next; its end is where the point now is."""

    termination: int  # GOING_ON, or why there is no such step
    log_density: float
    energy: float
    acceptance: float  # of where a single leapfrog step leads: warm-up adapts the step size by it, as that of NUTS
    n_gradients: int  # of all walks, those that were not tight and those back included
    n_pieces: int  # leapfrog steps from the leaf to the next


class Walk(NamedTuple):
    """Where some leapfrog steps in a row led."""

    is_tight: bool
    log_density: float
    energy: float
    n_gradients: int


def make_memory(dimension: int) -> Memory:
    """Memory for macro steps."""
    return Memory(np.zeros(2), PhasePoint(*(np.zeros((2, dimension)) for _ in PhasePoint._fields)))


@kernel
def macro_step(flow, macro, point, stop):
    """Move `point`, whose energy is `macro.end_energy`, by one macro step, in place; a `Leap`.

    `flow` is a `hmc.sampler.nuts.Flow`. DIVERGENCE if no level is tight, IRREVERSIBLE if the way back is another one,
    INTERRUPTED if `stop` was set. With an infinite tolerance, it is one leapfrog step, and diverges where that gives
    NaN.
    """
    start, energy = point_of(macro.points, 0), macro.end_energy[0]
    copy_point(point, start)
    finest = MAX_LEVEL if macro.tolerance < math.inf else 0
    level = 0
    ahead = walk(flow.hamiltonian, point, flow.step_size, level, energy, macro.tolerance, stop)
    n_gradients = ahead.n_gradients
    acceptance = acceptance_of(ahead.energy - flow.start_energy)
    while not ahead.is_tight and level < finest and stop[0] == 0:
        level += 1
        copy_point(start, point)
        ahead = walk(flow.hamiltonian, point, flow.step_size, level, energy, macro.tolerance, stop)
        n_gradients += ahead.n_gradients
    termination = GOING_ON if ahead.is_tight else DIVERGENCE
    if ahead.is_tight and level > 0:
        is_reversible, looked = look_back(flow, macro, point, level, ahead.energy, stop)
        n_gradients += looked
        termination = GOING_ON if is_reversible else IRREVERSIBLE
    macro.end_energy[0] = ahead.energy
    termination = INTERRUPTED if stop[0] != 0 else termination
    n_pieces = 1 << level if termination == GOING_ON else 0
    return Leap(termination, ahead.log_density, ahead.energy, acceptance, n_gradients, n_pieces)


@kernel
def look_back(flow, macro, point, level, energy, stop):
    """(whether a step that ended at `point` at this level has the same way back, gradients).

    So it is if no coarser walk back is tight.
    """
    way_back, n_gradients = point_of(macro.points, 1), 0
    for coarser in range(level):
        copy_point(point, way_back)
        back = walk(flow.hamiltonian, way_back, -flow.step_size, coarser, energy, macro.tolerance, stop)
        n_gradients += back.n_gradients
        if back.is_tight or stop[0] != 0:
            return False, n_gradients
    return True, n_gradients


@kernel
def walk(hamiltonian, point, step_size, level, energy, tolerance, stop):
    """Walk `step_size` on from `point`, of this energy, in 2^level leapfrog steps, or until it is not tight."""
    lowest, highest, log_density = energy, energy, 0.0
    n_steps = 1 << level
    for n in range(n_steps):
        log_density = leapfrog(hamiltonian, point, step_size / n_steps)
        energy = energy_of(log_density, point.momentum)
        # NaN is within nothing. A walk that is stopped is of no use, and the shortest.
        if not highest - tolerance <= energy <= lowest + tolerance or stop[0] != 0:
            return Walk(False, log_density, energy, n + 1)
        lowest, highest = min(lowest, energy), max(highest, energy)
    return Walk(True, log_density, energy, n_steps)


@inlined
def point_of(points, row):
    """One point of several, to be moved in place."""
    return PhasePoint(points.position[row], points.momentum[row], points.gradient[row])


@inlined
def begin_macro(memory, energy):
    """Both ends of a trajectory are its start, of this energy."""
    if len(memory) > 0:
        memory.end_energies[0] = memory.end_energies[1] = energy


@inlined
def macro_of(memory, tolerance, end):
    """The `Macro` of a doubling at this end of the trajectory; `LeapfrogSteps` where there is no memory."""
    if len(memory) > 0:
        return Macro(tolerance, memory.end_energies[end : end + 1], memory.points)
    return memory
