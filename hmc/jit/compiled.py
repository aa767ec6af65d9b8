"""How a model's functions and data reach the sampler's compiled code.

The sampler is compiled once, for all models. That needs one type for every density, and one for every data set:

* a density is passed as a pointer of the type DENSITY, position and gradient being float64 arrays;
* its data are passed as an address (`hmc/jit/packing.py`), and an adapter, compiled for the type of the data, reads
  them back into the author's NamedTuple before it calls the author's function.

With NUMBA_DISABLE_JIT=1 there are no pointers: functions are called directly and the "address" is the data.
"""

import contextlib
import functools
import threading

import numba
from numba import types
from numba.core.caching import NullCache

from hmc.jit import cache
from hmc.jit.fingerprint import UndeterminableError, fingerprint, reached_dispatchers
from hmc.jit.kernel import jit_is_disabled
from hmc.jit.packing import loader

VECTOR = types.Array(types.float64, 1, "C")
MATRIX = types.Array(types.float64, 2, "C")
DENSITY = types.FunctionType(types.float64(VECTOR, types.intp, VECTOR))
POINTWISE = types.FunctionType(types.void(VECTOR, types.intp, VECTOR))


def compile_entry(function, *argument_types):
    """Compile a kernel for exactly these types; loaded from disk where it is there.

    It runs without the GIL, so that chains can share a process. The kernels it calls are compiled into it.
    """
    if jit_is_disabled():
        return function
    return _with_types(_entry(function, argument_types), argument_types)


def entry_is_stored(function, *argument_types):
    """Whether another process need not compile the kernel: it is on disk, or nothing is compiled at all."""
    return jit_is_disabled() or cache.is_stored(_entry(function, argument_types), argument_types)


@functools.cache
def entry_key(function, *argument_types):
    """The hash of all that the kernel reaches."""
    return fingerprint(function, *_tuple_classes(argument_types))


@functools.cache
def _entry(function, argument_types):
    dispatcher = numba.njit(error_model="numpy", nogil=True, _nrt=False)(function)
    cache.enable(dispatcher, entry_key(function, *argument_types))
    return dispatcher


def compile_author_function(function, data_type, function_type):
    """An author's `function(position, data, out)` as a pointer of `function_type`, which takes the data's address.

    Kept on disk under the fingerprint of all that it reaches; where that cannot be known, compiled in memory.
    """
    if jit_is_disabled():
        return function
    adapter = _adapter(function, data_type, function_type)
    if not adapter.signatures:
        with _without_their_caches(reached_dispatchers(function)):
            _with_types(adapter, function_type.signature.args)
    return adapter


def author_function_is_stored(function, data_type, function_type):
    """Whether another process need not compile the function: it is on disk, or nothing is compiled at all."""
    if jit_is_disabled():
        return True
    return cache.is_stored(_adapter(function, data_type, function_type), function_type.signature.args)


def author_function_key(function, data_type):
    """The hash of all that an author's function reaches; UndeterminableError where that cannot be known."""
    return fingerprint(function, str(data_type), *_tuple_classes([data_type]))


_compiling = threading.RLock()


def _with_types(dispatcher, argument_types):
    """The dispatcher, compiled for these types and no others; by one thread, while the others wait."""
    with _compiling:
        if not dispatcher.signatures:
            dispatcher.compile(argument_types)
            dispatcher.disable_compile()
    return dispatcher


@contextlib.contextmanager
def _without_their_caches(dispatchers):
    """Compile an author's `@njit(cache=True)` helpers anew: Numba's own cache looks at their own file only."""
    with _compiling:
        caches = [(dispatcher, dispatcher._cache) for dispatcher in dispatchers]
        for dispatcher, _ in caches:
            dispatcher._cache = NullCache()
        try:
            yield
        finally:
            for dispatcher, kept in caches:
                dispatcher._cache = kept


# The compiled author's function is called by its adapter alone, so it is inlined there and needs no wrappers.
_AUTHOR_OPTIONS = {
    "error_model": "numpy",
    "forceinline": True,
    "no_cpython_wrapper": True,
    "no_cfunc_wrapper": True,
}


@functools.lru_cache(maxsize=256)
def _adapter(function, data_type, function_type):
    """The function that reads the data back and calls the author's, not compiled yet."""
    author_function = function if hasattr(function, "py_func") else numba.njit(**_AUTHOR_OPTIONS)(function)
    load = loader(data_type)

    def density_adapter(position, address, gradient):
        return float(author_function(position, load(address), gradient))

    def pointwise_adapter(position, address, out):
        author_function(position, load(address), out)

    adapter = density_adapter if function_type == DENSITY else pointwise_adapter
    adapter.__name__ = author_function.py_func.__name__
    dispatcher = numba.njit(error_model="numpy", nogil=True)(adapter)  # one that never returns blocks its thread alone
    with contextlib.suppress(UndeterminableError):  # if so, another process must compile it itself
        cache.enable(dispatcher, author_function_key(function, data_type))
    return dispatcher


def _tuple_classes(numba_types):
    """The NamedTuple classes in these types, whose fields' order shapes the code without showing in a type's name."""
    for numba_type in numba_types:
        if isinstance(numba_type, types.BaseTuple):
            yield getattr(numba_type, "instance_class", tuple)
            yield from _tuple_classes(numba_type)
