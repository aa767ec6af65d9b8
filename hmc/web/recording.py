"""The sampler's transition in a WebAssembly module, recorded: kernels that do as the sampler's do, and take notes.

The compiled counterpart of `hmc/record/watcher.py`. Notes are numbers one after another, in memory that grows: a kind,
which is one of the constants below, and what belongs to it. `js/record.mjs` reads them.
"""

from typing import Any

from hmc.jit.copying import substituted_kernel
from hmc.jit.kernel import kernel
from hmc.sampler import chain, climbing, macro_step, nuts, step_size
from hmc.sampler.metric import DENSE, KIND, RANK
from hmc.sampler.outcome import GOING_ON
from hmc.sampler.phase_space import energy_of, leapfrog
from hmc.web.runtime import note

START, LEAF, ADD_LEAF, DOUBLE, JOIN, JOINED, TAKE, TRUNK, TRUNK_JOINED, OUTCOME = map(float, range(10))
CLIMB, STEP_UP, SEARCH, TRIAL, METRIC, WALK, STEP_OF_WALK, WALKED, END = map(float, range(10, 19))


@kernel
def note_point(kind, point, log_density):
    """Note a phase point."""
    note(kind)
    note(log_density)
    note(energy_of(log_density, point.momentum))
    note_row(point.position)
    note_row(point.momentum)
    note_row(point.gradient)


@kernel
def note_row(row):
    """Note all numbers of a row."""
    for i in range(row.shape[0]):
        note(row[i])


@kernel
def note_metric(metric):
    """Note all of a metric: its kind and rank, its scales, and the rows of its factors that are in use."""
    kind, rank = metric.form[KIND], metric.form[RANK]
    note(METRIC)
    note(float(kind))
    note(float(rank))
    note_row(metric.scale)
    for k in range(metric.factor.shape[0] if kind == DENSE else rank):
        note_row(metric.factor[k])
        note_row(metric.factor_transposed[k])


@kernel
def note_span(spans, level):
    """Note what stands on a level before it is joined."""
    note(float(level))
    note(spans.weight[level])
    note_row(spans.first[level])
    note_row(spans.last[level])
    note_row(spans.momentum_sum[level])


@kernel
def note_leaf(point, log_density, step_size, termination):
    """Note the leaf that a step leads to, or led to before it was given up."""
    note_point(LEAF, point, log_density)
    note(step_size)
    note(float(termination))


@kernel
def noted_leapfrog(hamiltonian, point, step_size):
    """`leapfrog`, with the leaf that it leads to."""
    log_density = leapfrog(hamiltonian, point, step_size)
    note_leaf(point, log_density, step_size, GOING_ON)
    return log_density


@kernel
def _noted_step_of_walk(hamiltonian, point, step_size):
    """`leapfrog`, with where it leads on the way to a leaf, or back."""
    log_density = leapfrog(hamiltonian, point, step_size)
    note(STEP_OF_WALK)
    note(energy_of(log_density, point.momentum))
    note_row(point.position)
    return log_density


_real_walk = substituted_kernel(macro_step.walk, leapfrog=_noted_step_of_walk)


@kernel
def noted_walk(hamiltonian, point, step_size, level, energy, tolerance, stop):
    """`macro_step.walk`, with its level, the time that it covers, and whether it is tight."""
    note(WALK)
    note(float(level))
    note(step_size)
    walk = _real_walk(hamiltonian, point, step_size, level, energy, tolerance, stop)
    note(WALKED)
    note(1.0 if walk.is_tight else 0.0)
    return walk


_real_next_leaf = substituted_kernel(nuts.next_leaf, walk=noted_walk)


@kernel
def noted_next_leaf(flow, macro, point, stop):
    """`nuts.next_leaf`, with the walks of the macro step and the leaf that it leads to."""
    leap = _real_next_leaf(flow, macro, point, stop)
    note_leaf(point, leap.log_density, flow.step_size, leap.termination)
    return leap


@kernel
def noted_add_leaf(spans, level, point, log_density, energy, weight):
    """`nuts.add_leaf`, with the level."""
    note(ADD_LEAF)
    note(float(level))
    nuts.add_leaf(spans, level, point, log_density, energy, weight)


@kernel
def noted_take_proposal(spans, source, target):
    """`nuts.take_proposal`, with both levels."""
    note(TAKE)
    note(float(source))
    note(float(target))
    nuts.take_proposal(spans, source, target)


def _noted_join(name: str) -> Any:
    """`nuts.join` or `nuts.join_leaves`, with both stretches and the verdict."""
    real_join = substituted_kernel(getattr(nuts, name), take_proposal=noted_take_proposal)

    @kernel
    def noted_join(spans, earlier, later, rng):
        note(JOIN)
        note_span(spans, earlier)
        note_span(spans, later)
        is_turning = real_join(spans, earlier, later, rng)
        note(JOINED)
        note(1.0 if is_turning else 0.0)
        return is_turning

    return noted_join


_real_join_trunk = substituted_kernel(nuts.join_trunk, take_proposal=noted_take_proposal)
_real_double = substituted_kernel(
    nuts.double,
    next_leaf=noted_next_leaf,
    add_leaf=noted_add_leaf,
    join=_noted_join("join"),
    join_leaves=_noted_join("join_leaves"),
)


@kernel
def noted_join_trunk(trajectory, depth, direction, rng):
    """`nuts.join_trunk`, with both stretches and the verdict."""
    note(TRUNK)
    note(1.0 if direction else 0.0)
    note_span(trajectory.spans, trajectory.spans.weight.shape[0] - 1)
    note_span(trajectory.spans, depth)
    is_turning = _real_join_trunk(trajectory, depth, direction, rng)
    note(TRUNK_JOINED)
    note(1.0 if is_turning else 0.0)
    return is_turning


@kernel
def noted_double(flow, spans, point, depth, rng, stop):
    """`nuts.double`, with its depth."""
    note(DOUBLE)
    note(float(depth))
    return _real_double(flow, spans, point, depth, rng, stop)


_real_transition = substituted_kernel(
    chain.transition,
    leapfrog=noted_leapfrog,
    add_leaf=noted_add_leaf,
    double=noted_double,
    join_trunk=noted_join_trunk,
)


@kernel
def noted_transition(hamiltonian, start, trajectory, reach, orders, rng):
    """`chain.transition`, with its start and its outcome, and the draw."""
    note_metric(hamiltonian.metric)
    note_point(START, start.point, start.log_density)
    outcome = _real_transition(hamiltonian, start, trajectory, reach, orders, rng)
    note(OUTCOME)
    note(outcome.log_density)
    note(outcome.energy)
    note(outcome.acceptance_rate)
    note(float(outcome.tree_depth))
    note(float(outcome.n_steps))
    note(float(outcome.micro_steps))
    note(float(outcome.termination))
    note_row(start.point.position)
    return outcome


@kernel
def noted_step_up(hamiltonian, start, point, length, used, stop):
    """`climbing.step_up`, with the log density that it finds and the gradients used so far."""
    found, length, used = climbing.step_up(hamiltonian, start, point, length, used, stop)
    note(STEP_UP)
    note(found)
    note(float(used))
    return found, length, used


_real_climb = substituted_kernel(climbing.climb, step_up=noted_step_up)


@kernel
def noted_climb(hamiltonian, start, point, stop):
    """`climbing.climb`, with the log density that it begins at."""
    note(CLIMB)
    note(start.log_density)
    return _real_climb(hamiltonian, start, point, stop)


@kernel
def _noted_trial(hamiltonian, point, step_size):
    """A leapfrog step of the search for a step size, with that and the energy that it leads to."""
    log_density = leapfrog(hamiltonian, point, step_size)
    note(TRIAL)
    note(step_size)
    note(energy_of(log_density, point.momentum))
    return log_density


_real_first_guess = substituted_kernel(step_size.first_guess, leapfrog=_noted_trial)


@kernel
def noted_first_guess(hamiltonian, start, point, step_size, stop):
    """`step_size.first_guess`, with the energy that it begins at."""
    note(SEARCH)
    note(energy_of(start.log_density, start.point.momentum))
    return _real_first_guess(hamiltonian, start, point, step_size, stop)


noted_advance = substituted_kernel(
    chain.advance, transition=noted_transition, climb=noted_climb, first_guess=noted_first_guess
)
