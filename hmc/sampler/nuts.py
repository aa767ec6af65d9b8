"""One transition of multinomial NUTS: a trajectory that doubles until it turns back on itself.

Read `transition` first, then `double`, then `join`. The functions know nothing of models, data or adaptation, and of
the dynamics only `leapfrog`, which moves a phase point in place and returns the log density there, and `energy_of`.
WALNUTS is the same trees with another step from leaf to leaf (`hmc/sampler/macro_step.py`).
A test can replace them by a toy, integer positions on a line, and a recorder can watch every step of the very same
code: see `hmc.jit.copying.substituted`.

A *leaf* is a point of the trajectory: the start (leaf 0), or where a step ends. A *span* is a stretch of
consecutive leaves. It is kept as its first and last momentum in the order of building, the sum of its momenta rho, its
weight (the sum over its leaves of exp(start energy - energy)), and one leaf drawn from it in proportion to the leaves'
weights: its proposal.

The recursion of `hmc/sampler/textbook.py` (build one half, build the other, join) is run here as a binary counter
counts. Leaf n of a doubling completes as many spans as n has trailing ones: it is written straight into that level,
then joined in turn with the spans waiting on levels 0, 1, ... below it. After 2^depth leaves the whole doubling stands
on level `depth`. Each pair of subtrees of the recursion is joined, and checked, exactly once; no memory is allocated.
The four leaves of a doubling of depth 2:

    n = 0 (00)  goes to level 0
    n = 1 (01)  goes to level 1 and takes in level 0
    n = 2 (10)  goes to level 0
    n = 3 (11)  goes to level 2 and takes in level 0, then level 1

Betancourt (2017), "A conceptual introduction to Hamiltonian Monte Carlo", appendix A: multinomial sampling, biased
progressive sampling (A.3.2), the generalised U-turn criterion (A.4.2). Hoffman & Gelman (2014) for the doubling.
"""

from typing import NamedTuple

import numpy as np

from hmc.jit.kernel import inlined, kernel
from hmc.numerics import SMALLEST_NORMAL
from hmc.sampler.macro_step import Leap, LeapfrogSteps, Macro, Memory, begin_macro, macro_of, macro_step, make_memory
from hmc.sampler.outcome import (
    DIVERGENCE,
    GOING_ON,
    INTERRUPTED,
    MAX_DEPTH,
    SUBTREE_U_TURN,
    U_TURN,
    Outcome,
    acceptance_of,
    is_divergent,
    weight_of,
)
from hmc.sampler.phase_space import Hamiltonian, PhasePoint, copy_point, energy_of, leapfrog
from hmc.sampler.rows import add_row, copy_row

BACKWARD, FORWARD = False, True  # rows 0 and 1 of a trajectory's ends


class Spans(NamedTuple):
    """Spans being built, one row a level; the last row, the trunk, is the trajectory so far.

    For the trunk, built in both directions, `first` and `last` are the momenta of its backward and forward ends.
    """

    first: np.ndarray  # (levels, dimension) momentum of the leaf that was added first
    last: np.ndarray  # (levels, dimension) momentum of the leaf that was added last
    momentum_sum: np.ndarray  # (levels, dimension) rho, the sum over leaves
    position: np.ndarray  # (levels, dimension) of the proposal
    gradient: np.ndarray  # (levels, dimension) at the proposal
    log_density: np.ndarray  # (levels,) at the proposal
    energy: np.ndarray  # (levels,) of the proposal, kinetic energy included
    weight: np.ndarray  # (levels,) of all leaves together; the start of the trajectory has weight 1


class Trajectory(NamedTuple):
    """All the memory of a transition, made once per chain."""

    ends: PhasePoint  # arrays (2, dimension): the backward and the forward end
    spans: Spans
    macro: Memory | LeapfrogSteps = LeapfrogSteps()  # Memory for WALNUTS alone


class Flow(NamedTuple):
    """Where the leaves of one doubling come from, and what they are weighed against."""

    hamiltonian: Hamiltonian
    step_size: float  # negative backwards
    start_energy: float
    macro: Macro | LeapfrogSteps = LeapfrogSteps()


class Growth(NamedTuple):
    """The result of building one doubling: how it ended (GOING_ON if it is whole), and the sums over its leaves."""

    termination: int
    n_leaves: int
    n_steps: int
    micro_steps: int
    acceptance_sum: float


def make_trajectory(dimension: int, max_depth: int, has_macro_steps: bool = False) -> Trajectory:
    """Buffers for trajectories of up to `max_depth` doublings: levels 0..max_depth - 1 and the trunk."""
    levels = max_depth + 1
    return Trajectory(
        ends=PhasePoint(*(np.zeros((2, dimension)) for _ in PhasePoint._fields)),
        spans=Spans(*(np.zeros((levels, dimension)) for _ in range(5)), *(np.zeros(levels) for _ in range(3))),
        macro=make_memory(dimension) if has_macro_steps else LeapfrogSteps(),
    )


@kernel
def transition(hamiltonian, start, trajectory, reach, rng, stop):
    """Double a trajectory from `start` until it ends; `start`'s position and gradient become the draw's.

    `start` is a Start with its momentum drawn. `stop` is an int64 array (1,): when another thread or process sets it,
    the transition ends as INTERRUPTED and `start` stays what it was.
    """
    begin(trajectory, start)
    spans = trajectory.spans
    trunk = spans.weight.shape[0] - 1
    start_energy = spans.energy[trunk]
    termination, tree_depth = MAX_DEPTH, 0
    n_leaves, n_steps, micro_steps, acceptance_sum = 0, 0, 0, 0.0
    for depth in range(reach.max_depth):
        direction = rng.random() < 0.5
        point = end_of(trajectory, direction)
        macro = macro_of(trajectory.macro, reach.tolerance, int(direction))
        flow = Flow(hamiltonian, reach.step_size if direction else -reach.step_size, start_energy, macro)
        growth = double(flow, spans, point, depth, rng, stop)
        n_leaves += growth.n_leaves
        n_steps += growth.n_steps
        micro_steps += growth.micro_steps
        acceptance_sum += growth.acceptance_sum
        if growth.termination != GOING_ON:
            termination = growth.termination  # a doubling that is not whole supplies no proposal
            break
        tree_depth = depth + 1
        if join_trunk(trajectory, depth, direction, rng):
            termination = U_TURN
            break
    if termination != INTERRUPTED:
        copy_row(spans.position[trunk], start.point.position)
        copy_row(spans.gradient[trunk], start.point.gradient)
    return Outcome(
        log_density=spans.log_density[trunk],
        energy=spans.energy[trunk],
        acceptance_rate=acceptance_sum / max(n_leaves, 1),
        tree_depth=tree_depth,
        n_steps=n_steps,
        micro_steps=micro_steps,
        termination=termination,
    )


@kernel
def begin(trajectory, start):
    """Start a trajectory of one leaf: both ends, the trunk and its proposal are that point."""
    trunk = trajectory.spans.weight.shape[0] - 1
    for direction in (BACKWARD, FORWARD):
        copy_point(start.point, end_of(trajectory, direction))
    energy = energy_of(start.log_density, start.point.momentum)
    begin_macro(trajectory.macro, energy)
    add_leaf(trajectory.spans, trunk, start.point, start.log_density, energy, 1.0)


@inlined
def double(flow, spans, point, depth, rng, stop):
    """Walk 2^depth leaves on from `point`, joining them on the way; the whole stands on level `depth`."""
    n_steps, micro_steps, acceptance_sum = 0, 0, 0.0
    for n in range(1 << depth):
        leap = next_leaf(flow, flow.macro, point, stop)
        n_steps += leap.n_gradients
        micro_steps += leap.n_pieces
        # A leaf that is never used still counts: step size adaptation needs every acceptance probability.
        acceptance_sum += leap.acceptance
        if leap.termination != GOING_ON:
            return Growth(leap.termination, n + 1, n_steps, micro_steps, acceptance_sum)
        energy_error = leap.energy - flow.start_energy
        if is_divergent(energy_error):
            return Growth(DIVERGENCE, n + 1, n_steps, micro_steps, acceptance_sum)
        level = trailing_ones(n)
        add_leaf(spans, level, point, leap.log_density, leap.energy, weight_of(energy_error))
        for waiting in range(level):
            is_turning = join_leaves(spans, waiting, level, rng) if waiting == 0 else join(spans, waiting, level, rng)
            if is_turning:
                return Growth(SUBTREE_U_TURN, n + 1, n_steps, micro_steps, acceptance_sum)
    return Growth(GOING_ON, 1 << depth, n_steps, micro_steps, acceptance_sum)


@inlined
def next_leaf(flow, macro, point, stop):
    """Move `point` to the next leaf, in place, by one leapfrog step or one macro step; a `Leap`."""
    if len(macro) > 0:
        return macro_step(flow, macro, point, stop)
    log_density = leapfrog(flow.hamiltonian, point, flow.step_size)
    energy = energy_of(log_density, point.momentum)
    termination = INTERRUPTED if stop[0] != 0 else GOING_ON
    return Leap(termination, log_density, energy, acceptance_of(energy - flow.start_energy), 1, 1)


@inlined
def join(spans, earlier, later, rng):
    """Join two neighbouring spans into the row of the later one; True if the joined stretch turns back on itself."""
    is_turning = turns(
        (spans.first[earlier], spans.last[earlier], spans.momentum_sum[earlier]),
        (spans.first[later], spans.last[later], spans.momentum_sum[later]),
    )
    draw_proposal(spans, earlier, later, rng)
    add_row(spans.momentum_sum[earlier], spans.momentum_sum[later])
    copy_row(spans.first[earlier], spans.first[later])
    return is_turning


@inlined
def draw_proposal(spans, earlier, later, rng):
    """Draw the proposal of two joined spans in proportion to their weights: a fair draw from all their leaves."""
    weight = spans.weight[earlier] + spans.weight[later]
    if rng.random() < spans.weight[earlier] / max(weight, SMALLEST_NORMAL):  # both may have underflowed to 0
        take_proposal(spans, earlier, later)
    spans.weight[later] = weight


@kernel
def join_trunk(trajectory, depth, direction, rng):
    """Join the new doubling, on level `depth`, to the trunk; True if the whole trajectory turns back on itself.

    Biased progressive sampling: the new half's proposal is taken with probability min(1, new weight / old weight),
    which favours draws far from the start and keeps detailed balance (Betancourt 2017, A.3.2).
    """
    spans = trajectory.spans
    trunk = spans.weight.shape[0] - 1
    new = (spans.first[depth], spans.last[depth], spans.momentum_sum[depth])
    # In the order of building, the trunk begins at the end that did not move and its last leaf is where we left it.
    if direction:
        old = (spans.first[trunk], spans.last[trunk], spans.momentum_sum[trunk])
    else:
        old = (spans.last[trunk], spans.first[trunk], spans.momentum_sum[trunk])
    is_turning = turns(old, new)
    if rng.random() < spans.weight[depth] / spans.weight[trunk]:
        take_proposal(spans, depth, trunk)
    spans.weight[trunk] += spans.weight[depth]
    add_row(spans.momentum_sum[depth], spans.momentum_sum[trunk])
    copy_row(spans.last[depth], spans.last[trunk] if direction else spans.first[trunk])
    return is_turning


@inlined
def turns(early, late):
    """Whether two neighbouring stretches, each (first momentum, last momentum, rho), turn back when joined.

    A stretch turns where its sum of momenta no longer points forward at one of its ends. Tested for the whole, and
    twice across the join: the earlier stretch with the first leaf of the later one, and the last leaf of the
    earlier one with the later stretch. Without these two, a trajectory that comes full circle between the halves
    passes unseen (Stan since 2.21). Rows are momenta in whitened coordinates, where velocity is momentum.
    """
    early_first, early_last, early_sum = early
    late_first, late_last, late_sum = late
    whole_first, whole_last, left_first, left_last, right_first, right_last = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for i in range(early_sum.shape[0]):
        rho = early_sum[i] + late_sum[i]
        whole_first += rho * early_first[i]
        whole_last += rho * late_last[i]
        rho_left = early_sum[i] + late_first[i]
        left_first += rho_left * early_first[i]
        left_last += rho_left * late_first[i]
        rho_right = early_last[i] + late_sum[i]
        right_first += rho_right * early_last[i]
        right_last += rho_right * late_last[i]
    return not (
        whole_first > 0.0 and whole_last > 0.0
        and left_first > 0.0 and left_last > 0.0
        and right_first > 0.0 and right_last > 0.0
    )  # fmt: skip


@inlined
def add_leaf(spans, level, point, log_density, energy, weight):
    """Write a span of one leaf at `level`: first, last and sum are its momentum, the proposal is the leaf."""
    copy_row(point.momentum, spans.first[level])
    copy_row(point.momentum, spans.last[level])
    copy_row(point.momentum, spans.momentum_sum[level])
    copy_row(point.position, spans.position[level])
    copy_row(point.gradient, spans.gradient[level])
    spans.log_density[level] = log_density
    spans.energy[level] = energy
    spans.weight[level] = weight


@inlined
def take_proposal(spans, source, target):
    """Make the proposal of span `source` the proposal of span `target`."""
    copy_row(spans.position[source], spans.position[target])
    copy_row(spans.gradient[source], spans.gradient[target])
    spans.log_density[target] = spans.log_density[source]
    spans.energy[target] = spans.energy[source]


@inlined
def end_of(trajectory, direction):
    """The end of the trajectory in a direction, as a phase point that moves in place."""
    ends, row = trajectory.ends, int(direction)
    return PhasePoint(ends.position[row], ends.momentum[row], ends.gradient[row])


@inlined
def trailing_ones(n):
    """The number of ones at the end of n in binary: how many joins leaf n of a doubling completes."""
    count = 0
    while n & 1:
        n >>= 1
        count += 1
    return count


# For speed alone: with `join` in the place of `join_leaves`, draws are the same.


@inlined
def join_leaves(spans, earlier, later, rng):
    """`join` for two spans of one leaf, which are half of all joins.

    Their three U-turn criteria are one: first, last and sum of each span are the same momentum. So two dot products
    are taken in place of six, and the sum of momenta is written in the same pass over the rows.
    """
    first, last, momentum_sum = spans.first[earlier], spans.last[later], spans.momentum_sum[later]
    along_first, along_last = 0.0, 0.0
    for i in range(first.shape[0]):
        rho = first[i] + last[i]
        along_first += rho * first[i]
        along_last += rho * last[i]
        momentum_sum[i] = rho
    draw_proposal(spans, earlier, later, rng)
    copy_row(first, spans.first[later])
    return not (along_first > 0.0 and along_last > 0.0)
