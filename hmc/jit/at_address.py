"""Log densities as C functions: those of other programs at an address, and the address of one of ours.

The form is that of nutpie and walnutpie:

    int f(size_t size, const double *x, double *gradient, double *log_density, void *data)

It writes the log density and its gradient at an unconstrained position x, and returns 0 if it could. An address, like
all data, is a number in the model's data. So the code that calls it is the same for every function, compiled once.
"""

from __future__ import annotations

import ctypes
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, overload
from numba.np import arrayobj

from hmc.jit.kernel import jit_is_disabled

if TYPE_CHECKING:
    from numpy.typing import NDArray

WRONG_SIZE, BAD_GRADIENT, BAD_DENSITY = -1, 3, 4  # what our own functions return where they fail; as nutpie's do
_REAL_POINTER = ctypes.POINTER(ctypes.c_double)
_C_FORM = ctypes.CFUNCTYPE(
    ctypes.c_int64, ctypes.c_size_t, _REAL_POINTER, _REAL_POINTER, _REAL_POINTER, ctypes.c_void_p
)
_NUMBA_FORM = types.int64(types.uint64, *[types.CPointer(types.float64)] * 3, types.voidptr)


class AtAddress(NamedTuple):
    """The data of a model that is a C function: what it is called with. Both are addresses in this process."""

    function: int
    user_data: int


class Keeper:
    """The objects that have to live as long as an address is in use. It stays in its process: it cannot be pickled."""

    def __init__(self, *items: Any) -> None:
        self.items = items

    def __reduce__(self) -> NoReturn:
        raise TypeError("an address is one of this process alone")


class Callback(NamedTuple):
    """A model's log density as a C function."""

    address: int  # of the function
    data: int  # the address to pass as its last argument
    dimension: int  # the size that it takes
    keep: Keeper  # keep a reference to this while the addresses are in use


def at_address(position: Any, data: AtAddress, gradient: Any) -> float:
    """The log density that a C function writes; -inf, so a divergence, where its status is not 0."""
    # NaN where it writes nothing, in place of numbers of another position.
    value = np.full(1, math.nan)
    for i in range(gradient.shape[0]):
        gradient[i] = math.nan
    status = c_call(data.function, position.shape[0], position, gradient, value, data.user_data)
    return value[0] if status == 0 else -math.inf


def callback(density: Callable[..., float], data_address: Any, dimension: int, keep: object) -> Callback:
    """A compiled density (position, address, gradient) as a `Callback`; with the JIT disabled, `density` takes the data
    themselves, which the callback then has to itself.
    """

    def written(size: int, x: Any, gradient: Any, log_density: Any, address: Any) -> int:
        """Write the log density and its gradient; the status."""
        if size != dimension:
            return WRONG_SIZE
        slopes = numba.carray(gradient, (dimension,))
        value = density(numba.carray(x, (dimension,)), address, slopes)
        numba.carray(log_density, (1,))[0] = value
        if not math.isfinite(value):
            return BAD_DENSITY
        for i in range(dimension):
            if not math.isfinite(slopes[i]):
                return BAD_GRADIENT
        return 0

    if jit_is_disabled():
        function: Any = _C_FORM(lambda size, x, g, value, _: written(size, x, g, value, data_address))
        address = ctypes.cast(function, ctypes.c_void_p).value
        return Callback(address or 0, 0, dimension, Keeper(function, keep))

    compiled = numba.njit(error_model="numpy")(written)

    @numba.cfunc(_NUMBA_FORM, error_model="numpy")
    def function_of_c(size: int, x: Any, gradient: Any, log_density: Any, pointer: Any) -> Any:
        return compiled(size, x, gradient, log_density, _number_of(pointer))

    return Callback(function_of_c.address, data_address, dimension, Keeper(function_of_c, keep))


@intrinsic
def _number_of(typing_context: Any, pointer: Any) -> tuple[Any, Callable[..., Any]]:
    return types.intp(pointer), lambda context, builder, signature, arguments: builder.ptrtoint(
        arguments[0], ir.IntType(64)
    )


def c_call(address: int, *arguments: Any) -> int:
    """The int that the C function at an address returns. Arguments are float64 arrays, passed as pointers, and whole
    numbers or addresses, passed as 64 bits.

    In Python, an argument that only looks like an array is copied there and back.
    """
    arrays = [None if isinstance(item, (int, np.integer)) else _as_array(item) for item in arguments]
    passed = [
        ctypes.c_int64(int(item)) if array is None else array.ctypes.data_as(ctypes.c_void_p)
        for item, array in zip(arguments, arrays, strict=True)
    ]
    form = ctypes.CFUNCTYPE(ctypes.c_int32, *map(type, passed))
    status = form(address)(*passed)
    for item, array in zip(arguments, arrays, strict=True):
        if array is not None and array is not item:
            for i in range(array.size):
                if array[i] != item[i]:
                    item[i] = array[i]
    return status


def _as_array(item: Any) -> NDArray[np.float64]:
    is_array = isinstance(item, np.ndarray) and item.flags.c_contiguous and item.dtype == np.float64
    return item if is_array else np.array([item[i] for i in range(item.shape[0])], dtype=np.float64)


c_call.is_kernel = True  # type: ignore[attr-defined]


@overload(c_call)
def _c_call(address, *arguments):  # type: ignore[no-untyped-def]  # Numba wants the names of the lambda and no types
    return lambda address, *arguments: _compiled_call(address, arguments)


@intrinsic
def _compiled_call(typing_context: Any, address: Any, arguments: Any) -> tuple[Any, Callable[..., Any]]:
    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        words = []
        for kind, value in zip(arguments.types, cgutils.unpack_tuple(builder, values[1]), strict=True):
            if isinstance(kind, types.Array):
                pointer = arrayobj.make_array(kind)(context, builder, value).data
                words.append(builder.ptrtoint(pointer, ir.IntType(64)))
            else:
                words.append(context.cast(builder, value, kind, types.int64))
        form = ir.FunctionType(ir.IntType(32), [ir.IntType(64)] * len(words))
        function = builder.inttoptr(values[0], form.as_pointer())
        return builder.call(function, words)

    return types.int32(types.intp, arguments), generate
