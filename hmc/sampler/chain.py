"""One chain: a starting point, warm-up, draws.

`advance` is compiled once, for all models: it takes a model's density as a pointer, runs transitions and adapts, and
can stop and continue at any transition. Everything that a chain's future depends on is in its `ChainState` and its
random generator.
"""

import math
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from hmc.jit.kernel import inlined, kernel
from hmc.jit.packing import lent_generator
from hmc.numerics import exp
from hmc.sampler.adaptation import RESTART, Moments, adapt, start_metric
from hmc.sampler.climbing import climb
from hmc.sampler.fisher import FitRoom, make_room
from hmc.sampler.macro_step import LeapfrogSteps
from hmc.sampler.metric import Metric
from hmc.sampler.nuts import FORWARD, Trajectory, end_of, make_trajectory
from hmc.sampler.nuts import transition as nuts_transition
from hmc.sampler.outcome import DIVERGENCE, INTERRUPTED, IRREVERSIBLE, MAX_DEPTH
from hmc.sampler.phase_space import Hamiltonian, PhasePoint, Reach, Start, draw_momentum
from hmc.sampler.static import transition as static_transition
from hmc.sampler.step_size import DualAveraging, first_guess, restart, update

NUTS, STATIC, WALNUTS = 0, 1, 2


class ChainState(NamedTuple):
    """The state of a chain between two transitions. Arrays change in place; scalars are returned in a new state."""

    iteration: int  # transitions done, warm-up included
    log_density: float
    search: DualAveraging
    point: PhasePoint  # the current draw (unconstrained) and the gradient there; the momentum array is reused
    metric: Metric
    moments: Moments


class Buffers(NamedTuple):
    """What transitions and fits of the metric work in. Nothing in it outlasts them."""

    trajectory: Trajectory
    fit: FitRoom


def make_buffers(state: ChainState, max_depth: int, algorithm: str = "nuts") -> Buffers:
    """Buffers for the transitions of a chain that is in this state."""
    room = make_room(state.moments.window, state.metric.factor.shape[0])
    return Buffers(make_trajectory(state.point.position.size, max_depth, algorithm == "walnuts"), room)


class MacroOrders(NamedTuple):
    """The settings of macro steps."""

    tolerance: float  # how far apart the energies along one may be
    first: int  # the iteration they begin with; until then, steps are those of NUTS


class Orders(NamedTuple):
    """The settings of a chain, for compiled code. The same for all chains of a run except `progress`."""

    algorithm: int  # NUTS, STATIC or WALNUTS
    max_depth: int
    path_length: float
    target_accept: float
    estimator: int  # of the metric: adaptation.VARIANCE_OF_DRAWS or DRAWS_AND_GRADIENTS
    plan: np.ndarray  # (warmup,) the actions of adaptation after each warm-up transition
    first_kept: int  # the positions of earlier transitions are not kept
    until: int  # the iteration to stop at
    stop: np.ndarray  # (1,) int64: setting it ends the chain within one gradient
    progress: np.ndarray  # (1,) int64: the iteration, for a progress bar
    macro: MacroOrders | LeapfrogSteps = LeapfrogSteps()  # MacroOrders for WALNUTS alone


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


class MacroRecord(NamedTuple):
    """The `Record` of WALNUTS, which has two statistics more."""

    position: np.ndarray
    lp: np.ndarray
    acceptance_rate: np.ndarray  # of where single leapfrog steps lead
    step_size: np.ndarray  # of a macro step
    tree_depth: np.ndarray
    n_steps: np.ndarray  # all leapfrog steps, those of failed tries and of looking back included
    diverging: np.ndarray
    energy: np.ndarray
    reached_max_treedepth: np.ndarray
    termination: np.ndarray
    irreversible: np.ndarray  # whether the trajectory ended where a macro step has another way back
    micro_steps: np.ndarray  # leapfrog steps from leaf to leaf along the trajectory


AnyRecord: TypeAlias = Record | MacroRecord


def record_kind(algorithm: str) -> type[Record] | type[MacroRecord]:
    """The kind of record that chains of an algorithm fill."""
    return MacroRecord if algorithm == "walnuts" else Record


def make_record(kept: int, iterations: int, dimension: int, algorithm: str = "nuts") -> Any:
    """An empty record, of `record_kind`, of `iterations` transitions of which the last `kept` leave their positions."""
    kinds: dict[str, Any] = dict.fromkeys(("tree_depth", "n_steps", "termination", "micro_steps"), np.int64)
    kinds |= dict.fromkeys(("diverging", "reached_max_treedepth", "irreversible"), np.bool_)
    kind = record_kind(algorithm)
    statistics = (np.zeros(iterations, kinds.get(name, np.float64)) for name in kind._fields[1:])
    return kind(np.zeros((kept, dimension)), *statistics)


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
        reach = Reach(epsilon, orders.max_depth, orders.path_length, tolerance_at(iteration, orders.macro))
        outcome = transition(hamiltonian, start, trajectory, reach, orders, rng)
        if outcome.termination == INTERRUPTED:
            return ChainState(iteration, log_density, search, state.point, state.metric, state.moments)
        log_density = outcome.log_density
        write(record, iteration, outcome, epsilon, state.point.position, orders.first_kept)
        write_macro(record, iteration, outcome, orders.macro)
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
def transition(hamiltonian, start, trajectory, reach, orders, rng):
    """One transition of the orders' algorithm; the start becomes the draw."""
    if orders.algorithm != STATIC:
        return nuts_transition(hamiltonian, start, trajectory, reach, rng, orders.stop)
    return static_transition(hamiltonian, start, end_of(trajectory, FORWARD), reach, rng, orders.stop)


@inlined
def tolerance_at(iteration, macro):
    """How far apart the energies along a step may be: any distance, but for macro steps."""
    if len(macro) > 0:
        return macro.tolerance if iteration >= macro.first else math.inf
    return math.inf


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


@inlined
def write_macro(record, iteration, outcome, macro):
    """Fill what WALNUTS alone reports into the record."""
    if len(macro) > 0:
        record.irreversible[iteration] = outcome.termination == IRREVERSIBLE
        record.micro_steps[iteration] = outcome.micro_steps
