"""One chain: a starting point, warm-up, draws.

`advance` is compiled once, for all models: it takes a model's density as a pointer, runs transitions and adapts, and
can stop and continue at any transition. Everything that a chain's future depends on is in its `ChainState` and its
random generator.
"""

from typing import Any, NamedTuple

import numpy as np

from hmc.jit.kernel import kernel
from hmc.jit.packing import lent_generator
from hmc.numerics import exp
from hmc.sampler.adaptation import RESTART, Moments, adapt, start_metric
from hmc.sampler.climbing import climb
from hmc.sampler.fisher import FitRoom, make_room
from hmc.sampler.metric import Metric
from hmc.sampler.nuts import FORWARD, Trajectory, end_of, make_trajectory
from hmc.sampler.nuts import transition as nuts_transition
from hmc.sampler.outcome import DIVERGENCE, INTERRUPTED, MAX_DEPTH
from hmc.sampler.phase_space import Hamiltonian, PhasePoint, Reach, Start, draw_momentum
from hmc.sampler.static import transition as static_transition
from hmc.sampler.step_size import DualAveraging, first_guess, restart, update

NUTS, STATIC = 0, 1


class ChainState(NamedTuple):
    """The state of a chain between two transitions. Arrays change in place; scalars are returned in a new state."""

    iteration: int  # transitions done, warm-up included
    log_density: float
    search: DualAveraging
    point: PhasePoint  # the current draw (unconstrained) and the gradient there; the momentum array is reused
    metric: Metric
    moments: Moments


class Buffers(NamedTuple):
    """FitRoom that transitions and fits of the metric work in. Nothing in it outlasts them."""

    trajectory: Trajectory
    fit: FitRoom


def make_buffers(state: ChainState, max_depth: int) -> Buffers:
    """FitRoom for the transitions of a chain that is in this state."""
    room = make_room(state.moments.window, state.metric.factor.shape[0])
    return Buffers(make_trajectory(state.point.position.size, max_depth), room)


class Orders(NamedTuple):
    """The settings of a chain, for compiled code. The same for all chains of a run except `progress`."""

    algorithm: int  # NUTS or STATIC
    max_depth: int
    path_length: float
    target_accept: float
    estimator: int  # of the metric: adaptation.VARIANCE_OF_DRAWS or DRAWS_AND_GRADIENTS
    plan: np.ndarray  # (warmup,) the actions of adaptation after each warm-up transition
    first_kept: int  # the positions of earlier transitions are not kept
    until: int  # the iteration to stop at
    stop: np.ndarray  # (1,) int64: setting it ends the chain within one gradient
    progress: np.ndarray  # (1,) int64: the iteration, for a progress bar


class Record(NamedTuple):
    """The draws and statistics of a chain, a row per transition. Names of ArviZ's schema, except `termination`."""

    position: np.ndarray  # (kept, dimension) unconstrained
    lp: np.ndarray  # (iterations,) log density, Jacobian terms included
    acceptance_rate: np.ndarray
    step_size: np.ndarray  # as used for the transition
    tree_depth: np.ndarray
    n_steps: np.ndarray
    diverging: np.ndarray
    energy: np.ndarray
    reached_max_treedepth: np.ndarray
    termination: np.ndarray  # why the trajectory ended: a constant of hmc/sampler/outcome.py


def make_record(kept: int, iterations: int, dimension: int) -> Record:
    """An empty record of `iterations` transitions of which the last `kept` leave their positions."""
    kinds: dict[str, Any] = {"tree_depth": np.int64, "n_steps": np.int64, "termination": np.int64}
    kinds |= {"diverging": np.bool_, "reached_max_treedepth": np.bool_}
    statistics = (np.zeros(iterations, kinds.get(name, np.float64)) for name in Record._fields[1:])
    return Record(np.zeros((kept, dimension)), *statistics)


@kernel
def advance(density, data, bit_generator, state, buffers, orders, record):
    """Run transitions from `state` until `orders.until` or until stopped; the new state. The record is filled in.

    At first, `state` is what `starting.start` gives; `orders` is what `starting.make_orders` gives.
    An unfinished transition is discarded, and `iteration` tells how many were finished. A chain cannot continue from
    what its buffers hold.
    """
    rng, trajectory = lent_generator(bit_generator), buffers.trajectory
    hamiltonian = Hamiltonian(density, data, state.metric)
    search = state.search
    log_density = state.log_density
    if state.iteration == 0:
        if orders.plan.shape[0] > 0:
            begin = Start(state.point, log_density)
            log_density = climb(hamiltonian, begin, end_of(trajectory, FORWARD), orders.stop)
            start_metric(orders.estimator, state.metric, state.point.gradient)
        search = start_search(hamiltonian, Start(state.point, log_density), trajectory, 1.0, rng, orders.stop)
    for iteration in range(state.iteration, orders.until):
        is_warmup = iteration < orders.plan.shape[0]
        epsilon = exp(search.log_step_size if is_warmup else search.log_averaged)
        draw_momentum(rng, state.point.momentum)
        start = Start(state.point, log_density)
        outcome = transition(hamiltonian, start, trajectory, epsilon, orders, rng)
        if outcome.termination == INTERRUPTED:
            return ChainState(iteration, log_density, search, state.point, state.metric, state.moments)
        log_density = outcome.log_density
        write(record, iteration, outcome, epsilon, state.point.position, orders.first_kept)
        orders.progress[0] = iteration + 1
        if is_warmup:
            search = update(search, outcome.acceptance_rate, orders.target_accept)
            actions = orders.plan[iteration]
            adapt(actions, orders.estimator, state.metric, state.moments, buffers.fit, state.point)
            if actions & RESTART:
                start = Start(state.point, log_density)
                search = start_search(hamiltonian, start, trajectory, exp(search.log_averaged), rng, orders.stop)
    return ChainState(orders.until, log_density, search, state.point, state.metric, state.moments)


@kernel
def transition(hamiltonian, start, trajectory, epsilon, orders, rng):
    """One transition of the orders' algorithm; the start becomes the draw."""
    reach = Reach(epsilon, orders.max_depth, orders.path_length)
    if orders.algorithm == NUTS:
        return nuts_transition(hamiltonian, start, trajectory, reach, rng, orders.stop)
    return static_transition(hamiltonian, start, end_of(trajectory, FORWARD), reach, rng, orders.stop)


@kernel
def start_search(hamiltonian, start, trajectory, guess, rng, stop):
    """Begin the search for a step size at one that is about right here."""
    draw_momentum(rng, start.point.momentum)
    return restart(first_guess(hamiltonian, start, end_of(trajectory, FORWARD), guess, stop))


@kernel
def write(record, iteration, outcome, epsilon, position, first_kept):
    """Fill one transition into the record."""
    if iteration >= first_kept:
        for i in range(position.shape[0]):
            record.position[iteration - first_kept, i] = position[i]
    record.lp[iteration] = outcome.log_density
    record.acceptance_rate[iteration] = outcome.acceptance_rate
    record.step_size[iteration] = epsilon
    record.tree_depth[iteration] = outcome.tree_depth
    record.n_steps[iteration] = outcome.n_steps
    record.diverging[iteration] = outcome.termination == DIVERGENCE
    record.energy[iteration] = outcome.energy
    record.reached_max_treedepth[iteration] = outcome.termination == MAX_DEPTH
    record.termination[iteration] = outcome.termination
