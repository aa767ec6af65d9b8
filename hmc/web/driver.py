"""A chain in a WebAssembly module: from words in its memory to a filled record.

The sampler's own `advance`, behind an entry that reads its arguments from memory as a density reads its data
(`hmc/jit/packing.py`). The density is a function of another module: LLVM joins the two, so the sampler is compiled once
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
from hmc.sampler.chain import Buffers, ChainState, Orders, Record, advance
from hmc.sampler.starting import INITIAL_TRIES
from hmc.sampler.step_size import restart
from hmc.web.runtime import pcg64

STARTED, NO_START = 0.0, 1.0  # the outcome of a chain


class Arguments(NamedTuple):
    """All that a chain takes, as words in memory."""

    data: int  # their address
    state: ChainState  # `iteration` 0 asks for a starting point; scalars are not written back
    buffers: Buffers
    orders: Orders
    record: Record
    outcome: np.ndarray  # (2,): STARTED or NO_START; the log density at the end


@intrinsic
def _density(typing_context, position, address, gradient):
    """The log density, `hmc_density` of another module."""

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
def find_start(point, address, rng):
    """Move `point` to where `hmc.sampler.starting.start` begins; the log density there, nan where there is no start."""
    for _ in range(INITIAL_TRIES):
        for i in range(point.position.shape[0]):
            point.position[i] = -2.0 + 4.0 * rng.random()
        log_density = density(point.position, address, point.gradient)
        total = log_density - log_density
        for i in range(point.gradient.shape[0]):
            total += point.gradient[i] - point.gradient[i]  # 0, or nan for an infinity or nan
        if total == 0.0:
            return log_density
    return math.nan


@kernel
def run(arguments, bit_generator):
    """Run a chain as `arguments` say."""
    state, outcome = arguments.state, arguments.outcome
    log_density, search = state.log_density, state.search
    if state.iteration == 0:
        log_density, search = find_start(state.point, arguments.data, lent_generator(bit_generator)), restart(1.0)
        if math.isnan(log_density):
            outcome[0] = NO_START
            return
    begin = ChainState(state.iteration, log_density, search, state.point, state.metric, state.moments)
    end = advance(density, arguments.data, bit_generator, begin, arguments.buffers, arguments.orders, arguments.record)
    outcome[0], outcome[1] = STARTED, end.log_density


def chain_entry(load: Any) -> Any:
    """The entry, not compiled yet: (address of the arguments' words, address of the generator's four words).

    load: reads the arguments from their address.
    """

    def entry(address, generator):
        run(load(address), pcg64(generator))

    return entry
