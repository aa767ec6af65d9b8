"""Kernels: functions that are plain Python to whoever calls or debugs them, and machine code inside compiled code.

Called from Python, a kernel runs as it stands, so that a debugger steps through it and a recorder can watch it.
Called from compiled code it is compiled into the caller; the sampler is compiled this way as a whole, from
`hmc.sampler.chain.advance` down. Both do the same arithmetic in the same order, hence the same draws, bit for bit.
There is no `fastmath`: reordered sums would break that, and tests for NaN would be folded away.
"""

import types
from collections.abc import Callable
from typing import Any, TypeVar

import numba
from numba.extending import register_jitable

from hmc.jit.linking import LinkedCompiler

_F = TypeVar("_F", bound=Callable[..., Any])

# `error_model`: a division by zero is inf or nan, as in hardware, not an exception; and loops with divisions vectorise.
# `_nrt=False`: no reference counting, so that a view of an array's row is an address and nothing else; counting cost
# more than the arithmetic. Such code cannot allocate an array, which the hot loop must not do anyway.
# The wrappers left out serve calls from Python and C; they took a quarter of the compile time.
_OPTIONS = {
    "error_model": "numpy",
    "_nrt": False,
    "no_cpython_wrapper": True,
    "no_cfunc_wrapper": True,
    "pipeline_class": LinkedCompiler,
}


def jit_is_disabled() -> bool:
    """Whether Numba was told (NUMBA_DISABLE_JIT=1) to leave functions as Python."""
    return bool(numba.config.DISABLE_JIT)


def kernel(function: _F) -> _F:
    """Mark a function to be compiled into compiled callers."""
    return marked(function, _OPTIONS)


def inlined(function: _F) -> _F:
    """`kernel` for the innermost loops. LLVM thinks some of these functions too long to inline by itself; but a call
    in a loop keeps the loop scalar, and passing bundles of arrays by call made a leapfrog step a third slower.
    """
    return marked(function, {"forceinline": True, **_OPTIONS})


def allocating(function: _F) -> _F:
    """`kernel` for the parts of a model's functions that make arrays, or return some: these have to be counted.

    A function that does not count references gives its caller an array that the caller will release once too often.
    """
    return marked(function, {"forceinline": True, **_OPTIONS, "_nrt": True})


def marked(function: _F, options: dict[str, Any]) -> _F:
    """Mark a function to be compiled with these options of Numba's, the `options` of a kernel say."""
    function.is_kernel, function.options = True, options  # type: ignore[attr-defined]
    return register_jitable(**options)(function)


def is_kernel(item: object) -> bool:
    """Whether `item` is a function marked by `kernel`, `inlined` or `allocating`."""
    return isinstance(item, types.FunctionType) and getattr(item, "is_kernel", False)
