"""How a model's functions and data reach the sampler's compiled code.

The sampler is compiled once, for all models. That needs one type for every density, and one for every data set:

* a density is passed as a pointer of the type DENSITY, position and gradient being float64 arrays;
* its data are passed as an address (`hmc/jit/packing.py`), and an adapter, compiled for the type of the data, reads
  them back into the author's NamedTuple before it calls the author's function.

With NUMBA_DISABLE_JIT=1 there are no pointers: functions are called directly and the "address" is the data.
"""

from __future__ import annotations

import functools
import math
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numba

# Compiled code imports it when it is first given a function. That adds to Numba's table of types, which chains in other
# threads may be reading then: "dictionary changed size during iteration".
import numba.experimental.function_type
from numba import types

from hmc.jit import cache
from hmc.jit.copying import python_of
from hmc.jit.fingerprint import UndeterminableError, fingerprint
from hmc.jit.garbage import seldom_collected
from hmc.jit.kernel import jit_is_disabled
from hmc.jit.linking import LinkedCompiler
from hmc.jit.packing import loader, note_exception, notes_before
from hmc.jit.reach import FrozenCodeError, Reached, renewed

if TYPE_CHECKING:
    import numpy as np
    from numba.core.dispatcher import Dispatcher
    from numpy.typing import NDArray

VECTOR = types.Array(types.float64, 1, "C")
MATRIX = types.Array(types.float64, 2, "C")
DENSITY = types.FunctionType(types.float64(VECTOR, types.intp, VECTOR))
POINTWISE = types.FunctionType(types.void(VECTOR, types.intp, VECTOR))


def compile_entry(function: Callable[..., Any], *argument_types: types.Type) -> Callable[..., Any]:
    """Compile a kernel for exactly these types; loaded from disk where it is there.

    It runs without the GIL, so that chains can share a process. The kernels it calls are compiled into it.
    """
    if jit_is_disabled():
        return function
    return _with_types(_entry(function, argument_types), argument_types)


def entry_is_stored(function: Callable[..., Any], *argument_types: types.Type) -> bool:
    """Whether another process need not compile the kernel: it is on disk, or nothing is compiled at all."""
    return jit_is_disabled() or cache.is_stored(function.__name__, entry_key(function, *argument_types), argument_types)


@functools.cache
def entry_key(function: Callable[..., Any], *argument_types: types.Type) -> str:
    """The hash of all that the kernel reaches."""
    return fingerprint(function, *_tuple_classes(argument_types))


@functools.cache
def _entry(function: Callable[..., Any], argument_types: tuple[types.Type, ...]) -> Dispatcher:
    dispatcher = numba.njit(error_model="numpy", nogil=True, _nrt=False)(function)
    cache.enable(dispatcher, entry_key(function, *argument_types), lambda: True)  # nobody changes the sampler
    return dispatcher


def compile_author_function(
    function: Callable[..., Any],
    data_type: types.Type,
    function_type: types.FunctionType,
    notes: NDArray[np.float64] | None = None,
) -> Callable[..., Any]:
    """An author's `function(position, data, out)` as a pointer of `function_type`, which takes the data's address.

    Compiled again where anything that it reaches has changed since: a constant, a helper, an array. Kept on disk under
    the fingerprint of all that it reaches; where that cannot be known, compiled in memory. FrozenCodeError where it
    cannot be compiled anew.
    notes: those of the `PackedData`, of a density that gives nan where it raises an exception; `note_exception` keeps
        where. None: it raises.
    """
    if jit_is_disabled():
        return function if notes is None else _guarded_python(function, notes)
    slot = _slot(function, data_type, function_type, notes is not None)
    if not slot.is_current():
        with _compiling:
            if not slot.is_current():
                slot.compile()
    return slot.dispatcher


def author_function_is_stored(
    function: Callable[..., Any],
    data_type: types.Type,
    function_type: types.FunctionType,
    notes: NDArray[np.float64] | None = None,
) -> bool:
    """Whether another process need not compile the function: it is on disk, or nothing is compiled at all."""
    if jit_is_disabled():
        return True
    try:
        key = _stored_key(author_function_key(function, data_type), function_type, notes is not None)
    except UndeterminableError:
        return False
    return cache.is_stored(python_of(function).__name__, key, function_type.signature.args)


def author_function_key(function: Callable[..., Any], data_type: types.Type) -> str:
    """The hash of all that an author's function reaches; UndeterminableError where that cannot be known."""
    kept = _kept_key(function, data_type, jit_is_disabled())
    if not (kept.reach and kept.reach.is_unchanged()):
        reach = Reached(function)
        kept.key = fingerprint(function, str(data_type), *_tuple_classes([data_type]))
        kept.reach = reach
    return kept.key


class _Store:
    """Something that was made of a function, and what the function reached then."""

    reach: Reached | None = None
    key: str = ""
    function: Any = None


@functools.lru_cache(maxsize=256)
def _kept_key(function: Callable[..., Any], data_type: types.Type, without_jit: bool) -> _Store:
    return _Store()


def called_from_python(function: Callable[..., Any] | None) -> Any:
    """An author's function to be called from Python: a copy that calls all that is jitted as it is now, if it calls
    any. Numba would go on with the constants of the first call.
    """
    if function is None or jit_is_disabled():
        return function
    kept = _kept_function(function)
    with _compiling:
        if not (kept.reach and kept.reach.is_unchanged()):
            reach = Reached(function)
            kept.function = renewed(function, is_compiled=False)
            kept.reach = reach
    return kept.function


@functools.lru_cache(maxsize=256)
def _kept_function(function: Callable[..., Any]) -> _Store:
    return _Store()


_compiling = threading.RLock()
_TRIES = 5


class _Slot:
    """An author's function as it was compiled last, for one type of data, and what it reached then."""

    def __init__(
        self, function: Callable[..., Any], data_type: types.Type, function_type: types.FunctionType, guarded: bool
    ) -> None:
        self._function, self._data_type, self._function_type = function, data_type, function_type
        self._guarded = guarded
        self.dispatcher: Any = None
        self._reach: Reached | None = None
        self._key: str | None = None

    def is_current(self) -> bool:
        """Whether what was compiled is the function as it is now."""
        return self._reach is not None and self._reach.is_unchanged()

    def compile(self) -> None:
        """Compile it, or load it from disk. An interrupt, or a change meanwhile, leaves nothing behind."""
        for _ in range(_TRIES):
            reach, key = Reached(self._function), self._key_now()
            is_the_same = key is not None and key == self._key  # if of new objects
            dispatcher = self.dispatcher if is_the_same else self._compiled(key, reach)
            if reach.is_unchanged():
                self.dispatcher, self._key, self._reach = dispatcher, key, reach
                return
        raise FrozenCodeError("it changes while it is compiled")

    def _key_now(self) -> str | None:
        try:
            return author_function_key(self._function, self._data_type)
        except UndeterminableError:  # another process must compile it itself
            return None

    def _compiled(self, key: str | None, reach: Reached) -> Dispatcher:
        function = renewed(self._function)
        author_function = function if hasattr(function, "py_func") else numba.njit(**_AUTHOR_OPTIONS)(function)
        adapter = _adapter(author_function, loader(self._data_type), self._function_type, self._guarded)
        dispatcher = numba.njit(error_model="numpy", nogil=True)(adapter)  # one that never returns blocks its thread
        if key is not None:
            cache.enable(dispatcher, _stored_key(key, self._function_type, self._guarded), reach.is_unchanged)
        return _with_types(dispatcher, self._function_type.signature.args)


_slot = functools.lru_cache(maxsize=256)(_Slot)


def _stored_key(key: str, function_type: types.FunctionType, guarded: bool) -> str:
    """The key of an adapter on disk: different ones of the same function are different code."""
    return f"{key} {function_type == DENSITY} {guarded}"


def _with_types(dispatcher: Dispatcher, argument_types: Sequence[types.Type]) -> Dispatcher:
    """The dispatcher, compiled for these types and no others; by one thread, while the others wait."""
    with _compiling:
        if not dispatcher.signatures:
            cache.prepare(dispatcher, argument_types)
            with seldom_collected():
                dispatcher.compile(argument_types)
            dispatcher.disable_compile()
    return dispatcher


# The compiled author's function is called by its adapter alone, so it is inlined there and needs no wrappers.
_AUTHOR_OPTIONS = {
    "error_model": "numpy",
    "forceinline": True,
    "no_cpython_wrapper": True,
    "no_cfunc_wrapper": True,
}


def _adapter(author_function: Any, load: Any, function_type: types.FunctionType, guarded: bool) -> Callable[..., Any]:
    """The function that reads the data back and calls the author's, not compiled yet."""

    def density_adapter(position: NDArray[np.float64], address: int, gradient: NDArray[np.float64]) -> float:
        return float(author_function(position, load(address), gradient))

    def guarded_adapter(position: NDArray[np.float64], address: int, gradient: NDArray[np.float64]) -> float:
        try:
            return float(author_function(position, load(address), gradient))
        except Exception:
            note_exception(notes_before(address, position.shape[0]), position)
            return math.nan

    def pointwise_adapter(position: NDArray[np.float64], address: int, out: NDArray[np.float64]) -> None:
        author_function(position, load(address), out)

    density = guarded_adapter if guarded else density_adapter
    adapter = density if function_type == DENSITY else pointwise_adapter
    adapter.__name__ = author_function.py_func.__name__
    return adapter


def guarded_density(function: Callable[..., Any], data_type: types.Type) -> Callable[..., float]:
    """What `compile_author_function` compiles of a log density with notes, for whoever compiles it otherwise."""
    options = {**_AUTHOR_OPTIONS, "pipeline_class": LinkedCompiler}
    author_function = function if hasattr(function, "py_func") else numba.njit(**options)(function)
    return _adapter(author_function, loader(data_type), DENSITY, True)


def _guarded_python(function: Callable[..., Any], notes: NDArray[np.float64]) -> Callable[..., float]:
    """`guarded_adapter`, with the JIT disabled."""

    def density(position: NDArray[np.float64], data: Any, gradient: NDArray[np.float64]) -> float:
        try:
            return float(function(position, data, gradient))
        except Exception:
            note_exception(notes, position)
            return math.nan

    return density


def _tuple_classes(numba_types: Iterable[types.Type]) -> Iterator[type]:
    """The NamedTuple classes in these types, whose fields' order shapes the code without showing in a type's name."""
    for numba_type in numba_types:
        if isinstance(numba_type, types.BaseTuple):
            yield getattr(numba_type, "instance_class", tuple)
            yield from _tuple_classes(numba_type)
