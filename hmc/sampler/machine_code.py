"""The sampler as machine code: `hmc.sampler.chain.advance`, compiled once for all models.

Nothing here is about sampling. The rest of this folder is plain Python, and can be read and run as such.
"""

import functools
from collections.abc import Callable
from typing import Any

import numba
import numpy as np

from hmc.jit.compiled import DENSITY, compile_entry, entry_is_stored, entry_key
from hmc.sampler.adaptation import make_moments
from hmc.sampler.chain import NUTS, ChainState, MacroOrders, Orders, advance, make_buffers, make_record
from hmc.sampler.macro_step import LeapfrogSteps
from hmc.sampler.metric import identity
from hmc.sampler.phase_space import PhasePoint
from hmc.sampler.step_size import restart


def compiled_advance(algorithm: str = "nuts") -> Callable[..., ChainState]:
    """`hmc.sampler.chain.advance`, compiled for all models; a Python function when the JIT is disabled.

    It is compiled twice: for WALNUTS with macro steps, for NUTS and static HMC without.
    """
    return compile_entry(advance, *advance_types(algorithm == "walnuts"))


def sampler_is_stored(algorithm: str = "nuts") -> bool:
    """Whether another process can load the compiled sampler from disk."""
    return entry_is_stored(advance, *advance_types(algorithm == "walnuts"))


def sampler_key() -> str:
    """A hash of all code that a transition runs but the density's: the same key, the same draws."""
    return entry_key(advance, *advance_types(False))  # which reaches the code of macro steps too


@functools.cache
def advance_types(has_macro_steps: bool) -> tuple[Any, ...]:
    """The argument types of `advance`, read off an example: they are the same whatever the model."""
    point = PhasePoint(np.zeros(1), np.zeros(1), np.zeros(1))
    state = ChainState(0, 0.0, restart(1.0), point, identity(1), make_moments(1))
    cell = np.zeros(1, np.int64)
    algorithm, macro = ("walnuts", MacroOrders(1.0, 0)) if has_macro_steps else ("nuts", LeapfrogSteps())
    orders = Orders(NUTS, 1, 1.0, 0.8, 0, cell, 0, 1, cell, cell, macro)
    buffers, record = make_buffers(state, 1, algorithm), make_record(1, 1, 1, algorithm)
    examples = (np.random.default_rng(0).bit_generator, state, buffers, orders, record)
    return (DENSITY, numba.types.intp, *map(numba.typeof, examples))
