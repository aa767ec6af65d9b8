"""A chain in a WebAssembly module: from words in its memory to a filled record.

The sampler's own `advance`, behind an entry that reads its arguments from memory as a density reads its data
(`hmc/jit/packing.py`). The density is a function of another object: the two are linked, so the sampler is compiled once
for all models.
"""

import math
from typing import Any, NamedTuple

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic
from numba.np import arrayobj

from hmc.jit.compiled import VECTOR
from hmc.jit.kernel import kernel
from hmc.jit.packing import lent_generator
from hmc.numerics import exp
from hmc.sampler.chain import WALNUTS, Buffers, ChainState, MacroRecord, Orders, advance, tolerance_at
from hmc.sampler.climbing import is_finite
from hmc.sampler.macro_step import LeapfrogSteps
from hmc.sampler.metric import set_from_covariance
from hmc.sampler.nuts import Trajectory
from hmc.sampler.phase_space import Hamiltonian, Reach, Start, draw_momentum
from hmc.sampler.starting import INITIAL_TRIES
from hmc.sampler.step_size import DualAveraging, restart
from hmc.web.recording import END, noted_advance, noted_transition
from hmc.web.runtime import note, pcg64

STARTED, NO_START = 0.0, 1.0  # the outcome of a chain
AS_IT_IS, RECORDED, OWN_STEP = range(3)  # how a chain runs: see `run`

# What `run` tells: STARTED or NO_START; then the step size of the next transition, and the numbers of the state, which
# it does not write back.
TOLD = (
    *("ending", "next_step_size", "state.iteration", "state.log_density"),
    *(f"state.search.{name}" for name in DualAveraging._fields),
)


class Own(NamedTuple):
    """Values given in place of those that a chain finds."""

    starts: int  # 1: the chain begins at the position of its state
    step_size: float  # for OWN_STEP
    momentum: np.ndarray  # (dimension,) whitened, in place of the one drawn for OWN_STEP; or (0,)


class Arguments(NamedTuple):
    """All that a chain takes, as words in memory: that of WALNUTS, whatever the algorithm.

    Macro steps of an infinite tolerance are leapfrog steps. So recorded transitions, which nobody waits for, are
    compiled once for all algorithms; chains that run as they are have code of their own with WALNUTS and without.
    """

    data: int  # their address
    own: Own
    state: ChainState  # `iteration` 0 asks for a starting point
    buffers: Buffers
    orders: Orders
    record: MacroRecord
    told: np.ndarray  # as TOLD says


@intrinsic
def _density(typing_context, position, address, gradient):
    """The log density, `hmc_density` of another object."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        word, real = ir.IntType(64), ir.DoubleType()
        function = cgutils.get_or_insert_function(builder.module, ir.FunctionType(real, [word] * 4), "hmc_density")
        rows = [arrayobj.make_array(VECTOR)(context, builder, value=arguments[k]) for k in (0, 2)]
        first, second = (builder.ptrtoint(row.data, word) for row in rows)
        length = cgutils.unpack_tuple(builder, rows[0].shape, 1)[0]
        return builder.call(function, (first, length, arguments[1], second))

    return types.float64(position, address, gradient), generate


@intrinsic
def vector(typing_context, address, length):
    """The float64 array of a length at an address."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array = arrayobj.make_array(VECTOR)(context, builder)
        size = context.get_constant(types.intp, 8)
        data = builder.inttoptr(arguments[0], array.data.type)
        arrayobj.populate_array(array, data, [arguments[1]], [size], size, meminfo=None)
        return array._getvalue()

    return VECTOR(types.intp, types.intp), generate


@kernel
def density(position, address, gradient):
    """The log density of the model that the module is made for."""
    return _density(position, address, gradient)


@kernel
def find_start(point, address, rng, is_given):
    """Move `point` to where `hmc.sampler.starting.start` begins; the log density there, nan where there is no start.

    is_given: it is there already.
    """
    for _ in range(1 if is_given else INITIAL_TRIES):
        for i in range(0 if is_given else point.position.shape[0]):
            point.position[i] = -2.0 + 4.0 * rng.random()
        log_density = density(point.position, address, point.gradient)
        if is_finite(log_density, point.gradient):
            return log_density
    return math.nan


@kernel
def run(arguments, bit_generator, how):
    """Run a chain on as `arguments` say, to `orders.until`; or, with OWN_STEP, by one transition.

    Transitions are noted (`hmc/web/recording.py`), unless they run AS_IT_IS.
    """
    state, rng = arguments.state, lent_generator(bit_generator)
    log_density, search = state.log_density, state.search
    if state.iteration == 0:
        log_density, search = find_start(state.point, arguments.data, rng, arguments.own.starts != 0), restart(1.0)
        if math.isnan(log_density):
            arguments.told[0] = NO_START
            return
    begin = ChainState(state.iteration, log_density, search, state.point, state.metric, state.moments)
    buffers, orders, record = arguments.buffers, arguments.orders, arguments.record
    if how == AS_IT_IS:
        if orders.algorithm == WALNUTS:
            end = advance(density, arguments.data, bit_generator, begin, buffers, orders, record)
        else:
            trajectory = Trajectory(buffers.trajectory.ends, buffers.trajectory.spans, LeapfrogSteps())
            plain = Buffers(trajectory, buffers.fit)
            simple = Orders(*orders[:-1], LeapfrogSteps())  # type: ignore[call-arg]  # a tuple, to Numba
            end = advance(density, arguments.data, bit_generator, begin, plain, simple, record)
        tell(arguments, end)
        return
    if how == RECORDED:
        tell(arguments, noted_advance(density, arguments.data, bit_generator, begin, buffers, orders, record))
    else:
        tell(arguments, own_step(arguments, begin, rng))
    note(END)


@kernel
def own_step(arguments, state, rng):
    """One transition with the step size, the metric and the momentum that are given; the new state."""
    own, point, covariance = arguments.own, state.point, state.moments.covariance
    if state.iteration == 0 and covariance.shape[0] > 0:
        set_from_covariance(state.metric, covariance)
    draw_momentum(rng, point.momentum)
    for i in range(own.momentum.shape[0]):
        point.momentum[i] = own.momentum[i]
    hamiltonian, start = Hamiltonian(density, arguments.data, state.metric), Start(point, state.log_density)
    trajectory, orders = arguments.buffers.trajectory, arguments.orders
    reach = Reach(own.step_size, orders.max_depth, orders.path_length, tolerance_at(0, orders.macro))
    outcome = noted_transition(hamiltonian, start, trajectory, reach, orders, rng)
    return ChainState(state.iteration + 1, outcome.log_density, state.search, point, state.metric, state.moments)


@kernel
def tell(arguments, end):
    """Write down, as TOLD says, what the caller cannot see of the state."""
    told, search = arguments.told, end.search
    is_warmup = end.iteration < arguments.orders.plan.shape[0]
    told[0] = STARTED
    told[1] = exp(search.log_step_size if is_warmup else search.log_averaged)
    told[2], told[3] = float(end.iteration), end.log_density
    told[4], told[5], told[6], told[7], told[8] = search


def chain_entry(load: Any) -> Any:
    """The entry, not compiled yet: (address of the arguments' words, address of the generator's four words, how).

    load: reads the arguments from their address.
    """

    def entry(address, generator, how):
        run(load(address), pcg64(generator), how)

    return entry
