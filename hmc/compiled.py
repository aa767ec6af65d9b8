"""How a model's functions and data reach the sampler's compiled code.

The sampler is compiled once, for all models. That needs one type for every density, and one for every data set:

* a density is passed as a pointer of the type DENSITY, position and gradient being float64 arrays;
* its data are passed as an address. The data's arrays and numbers are laid out as 8-byte words (`pack`), and an
  adapter, compiled for the type of the data, reads them back into the author's NamedTuple before it calls the
  author's function. A data set of another length has the same type, so nothing is compiled again.

With NUMBA_DISABLE_JIT=1 there are no pointers: functions are called directly and the "address" is the data.
"""

import contextlib
import functools
import itertools
from typing import NamedTuple

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic
from numba.np import arrayobj

from hmc import cache
from hmc.fingerprint import UndeterminableError, fingerprint

VECTOR = types.Array(types.float64, 1, "C")
DENSITY = types.FunctionType(types.float64(VECTOR, types.intp, VECTOR))
POINTWISE = types.FunctionType(types.void(VECTOR, types.intp, VECTOR))


def jit_is_disabled():
    """Whether Numba was told (NUMBA_DISABLE_JIT=1) to leave functions as Python."""
    return bool(numba.config.DISABLE_JIT)


def compile_entry(function, *argument_types):
    """Compile a kernel for exactly these types; loaded from disk where it is there.

    It runs without the GIL, so that chains can share a process. The kernels it calls are compiled into it.
    """
    if jit_is_disabled():
        return function
    dispatcher = _entry(function, argument_types)
    return dispatcher if dispatcher.signatures else _with_types(dispatcher, argument_types)


def entry_is_stored(function, *argument_types):
    """Whether `compile_entry` would find the function on disk."""
    return not jit_is_disabled() and cache.is_stored(_entry(function, argument_types), argument_types)


@functools.cache
def _entry(function, argument_types):
    dispatcher = numba.njit(error_model="numpy", nogil=True, _nrt=False)(function)
    cache.enable(dispatcher, fingerprint(function, *_tuple_classes(argument_types)))
    return dispatcher


def _with_types(dispatcher, argument_types):
    dispatcher.compile(argument_types)
    dispatcher.disable_compile()
    return dispatcher


class PackedData(NamedTuple):
    """Data as compiled code receives them: keep this alive as long as the address is in use."""

    address: object  # of the words; with the JIT disabled, the data themselves
    type: object  # the Numba type of the data
    words: np.ndarray
    data: tuple


def pack(data):
    """Lay out a NamedTuple of arrays and numbers for compiled code; the arrays are shared, not copied.

    Fields may be numeric or boolean arrays, ints, floats, bools and tuples of these. TypeError names any other.
    """
    data = _normalise(data, "data")
    if jit_is_disabled():
        return PackedData(data, None, np.empty(0, np.int64), data)
    words = np.array(list(_words(data)), dtype=np.int64)
    return PackedData(words.ctypes.data, numba.typeof(data), words, data)


def _normalise(item, name):
    """`item` with arrays in C order and NumPy's scalars as Python's, so that equal data have equal types."""
    if isinstance(item, tuple):
        names = getattr(item, "_fields", range(len(item)))
        fields = [_normalise(field, f"{name}.{label}") for label, field in zip(names, item, strict=True)]
        return type(item)(*fields) if hasattr(item, "_fields") else tuple(fields)
    if isinstance(item, np.ndarray) and item.ndim > 0 and item.dtype.kind in "biuf":
        array = np.ascontiguousarray(item)
        return array if array.flags.writeable else array.copy()  # a read-only array is another type
    for kind, number in ((bool, np.bool_), (int, np.integer), (float, np.floating)):
        if isinstance(item, (kind, number)):
            return kind(item)
    raise TypeError(f"{name} is a {type(item).__name__}; data are NumPy arrays of numbers, ints, floats and bools")


def _words(item):
    """The 8-byte words of normalised data, in order: a number, or an array's address and extents."""
    if isinstance(item, tuple):
        for field in item:
            yield from _words(field)
    elif isinstance(item, np.ndarray):
        yield item.ctypes.data
        yield from item.shape
    elif isinstance(item, float):
        yield int(np.float64(item).view(np.int64))
    else:
        yield int(item)


def _loader(data_type):
    """A compiled function address -> data, reading back what `pack` laid out. The arrays are borrowed, not owned."""

    @intrinsic
    def load(typing_context, address):
        def generate(context, builder, signature, arguments):
            words = builder.inttoptr(arguments[0], ir.IntType(64).as_pointer())
            numbers = itertools.count()

            def next_word():
                return builder.load(cgutils.gep_inbounds(builder, words, next(numbers)))

            return _build(context, builder, data_type, next_word)

        return data_type(types.intp), generate

    return load


def _build(context, builder, numba_type, next_word):
    """The LLVM value of `numba_type` from the words that `next_word` gives; the mirror image of `_words`."""
    if isinstance(numba_type, types.BaseTuple):
        fields = [_build(context, builder, field, next_word) for field in numba_type]
        return context.make_tuple(builder, numba_type, fields)
    if isinstance(numba_type, types.Array):
        array = arrayobj.make_array(numba_type)(context, builder)
        data = builder.inttoptr(next_word(), array.data.type)
        shape = [next_word() for _ in range(numba_type.ndim)]
        itemsize = context.get_constant(types.intp, context.get_abi_sizeof(context.get_data_type(numba_type.dtype)))
        strides = [itemsize]
        for extent in reversed(shape[1:]):
            strides.insert(0, builder.mul(strides[0], extent))
        arrayobj.populate_array(array, data, shape, strides, itemsize, meminfo=None)
        return array._getvalue()
    if isinstance(numba_type, types.Float):
        return builder.bitcast(next_word(), ir.DoubleType())
    if isinstance(numba_type, types.Boolean):
        return context.cast(builder, next_word(), types.int64, types.boolean)
    return next_word()


def compile_author_function(function, data_type, function_type):
    """An author's `function(position, data, out)` as a pointer of `function_type`, which takes the data's address.

    Kept on disk under the fingerprint of all that it reaches; where that cannot be known, compiled in memory.
    """
    if jit_is_disabled():
        return function
    adapter = _adapter(function, data_type)
    return adapter if adapter.signatures else _with_types(adapter, function_type.signature.args)


def author_function_is_stored(function, data_type, function_type):
    """Whether another process would find the compiled function on disk."""
    return not jit_is_disabled() and cache.is_stored(_adapter(function, data_type), function_type.signature.args)


# The compiled author's function is called by its adapter alone, so it is inlined there and needs no wrappers.
_AUTHOR_OPTIONS = {
    "error_model": "numpy",
    "forceinline": True,
    "no_cpython_wrapper": True,
    "no_cfunc_wrapper": True,
}


@functools.lru_cache(maxsize=256)
def _adapter(function, data_type):
    """The function that reads the data back and calls the author's, not compiled yet."""
    author_function = function if hasattr(function, "py_func") else numba.njit(**_AUTHOR_OPTIONS)(function)
    load = _loader(data_type)

    def adapter(position, address, out):
        return author_function(position, load(address), out)

    adapter.__name__ = author_function.py_func.__name__
    dispatcher = numba.njit(error_model="numpy")(adapter)
    with contextlib.suppress(UndeterminableError):  # if so, another process must compile it itself
        cache.enable(dispatcher, fingerprint(function, str(data_type), *_tuple_classes([data_type])))
    return dispatcher


def _tuple_classes(numba_types):
    """The NamedTuple classes in these types, whose fields' order shapes the code without showing in a type's name."""
    for numba_type in numba_types:
        if isinstance(numba_type, types.BaseTuple):
            yield getattr(numba_type, "instance_class", tuple)
            yield from _tuple_classes(numba_type)
