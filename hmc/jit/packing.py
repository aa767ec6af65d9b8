"""How data reach compiled code: laid out as 8-byte words, read back by code compiled for their type.

A number is a word; an array is its address and its extents. A data set of another length has the same type, so it runs
on the same code. A random generator is lent too (`lent_generator`).
"""

import itertools
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, overload
from numba.np import arrayobj

from hmc.jit.kernel import jit_is_disabled, kernel

_ELEMENTS = {np.dtype(kind) for kind in "?bhilqBHILQfd"}


class PackedData(NamedTuple):
    """Data as compiled code receives them: keep this alive as long as the address is in use."""

    address: Any  # of the words; with the JIT disabled, the data themselves
    type: Any  # the Numba type of the data
    words: np.ndarray
    data: Any  # a NamedTuple
    notes: np.ndarray  # float64, (1 + dimension,), in the words before the address: see `note_exception`


def pack(data: Any, dimension: int = 0) -> PackedData:
    """Lay out a NamedTuple of arrays and numbers for compiled code; the arrays are shared, not copied.

    Fields may be numeric or boolean arrays, ints, floats, bools and tuples of these. TypeError names any other.
    dimension: of the positions of which one is noted where a density raises an exception.
    """
    data = _normalise(data, "data")
    room = 1 + dimension
    of_data = [] if jit_is_disabled() else list(_words(data))
    words = np.concatenate([np.zeros(room, np.int64), np.array(of_data, np.int64)])
    notes = words[:room].view(np.float64)
    if jit_is_disabled():
        return PackedData(data, None, words, data, notes)
    return PackedData(words.ctypes.data + notes.nbytes, numba.typeof(data), words, data, notes)


def with_own_notes(packed: PackedData) -> PackedData:
    """The same data at an address of their own, whose notes are empty: exceptions are counted apart."""
    words = packed.words.copy()
    notes = words[: packed.notes.size].view(np.float64)
    notes[:] = 0.0
    address = packed.address if jit_is_disabled() else words.ctypes.data + notes.nbytes
    return packed._replace(address=address, words=words, notes=notes)


@kernel
def note_exception(notes, position):
    """Note that a density raised an exception, which compiled code cannot keep: how often, and where it was last."""
    notes[0] += 1.0
    for i in range(position.shape[0]):
        notes[1 + i] = position[i]


@intrinsic
def notes_before(typing_context, address, dimension):
    """The notes of `PackedData`, of an address that was packed for this dimension."""
    notes_type = types.Array(types.float64, 1, "C")

    def generate(context, builder, signature, arguments):
        eight = context.get_constant(types.intp, 8)
        room = builder.add(arguments[1], context.get_constant(types.intp, 1))
        array = arrayobj.make_array(notes_type)(context, builder)
        first = builder.sub(arguments[0], builder.mul(eight, room))
        data = builder.inttoptr(first, array.data.type)
        arrayobj.populate_array(array, data, [room], [eight], eight, meminfo=None)
        return array._getvalue()

    return notes_type(types.intp, types.intp), generate


def _normalise(item: Any, name: str) -> Any:
    """`item` with arrays in C order and NumPy's scalars as Python's, so that equal data have equal types."""
    if isinstance(item, tuple):
        names = getattr(item, "_fields", range(len(item)))
        fields = [_normalise(field, f"{name}.{label}") for label, field in zip(names, item, strict=True)]
        return type(item)(*fields) if hasattr(item, "_fields") else tuple(fields)
    if isinstance(item, np.ndarray) and item.ndim > 0 and not isinstance(item, np.ma.MaskedArray):
        if item.dtype not in _ELEMENTS or not item.dtype.isnative:
            raise TypeError(
                f"{name} is an array of {item.dtype.str}, not of 1 to 8 byte numbers or bools of this machine"
            )
        array = np.ascontiguousarray(item, dtype=item.dtype)
        return array if array.flags.writeable else array.copy()  # a read-only array is another type
    for kind, number in ((bool, np.bool_), (int, np.integer), (float, np.floating)):
        if isinstance(item, (kind, number)):
            if kind is int and not -(2**63) <= int(item) < 2**63:
                raise TypeError(f"{name} = {item} does not fit into 64 bits")
            return kind(item)
    if isinstance(item, np.ndarray) and item.ndim == 0:
        raise TypeError(f"{name} is an array of no dimension; give a float or an int")
    hint = "; a column's .to_numpy() is an array" if hasattr(item, "to_numpy") else ""
    kinds = f"data are NumPy arrays of numbers, ints, floats and bools{hint}"
    raise TypeError(f"{name} is a {type(item).__name__}; {kinds}")


def _words(item: Any) -> Iterator[int]:
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


def loader(data_type: types.Type) -> Any:
    """A compiled function address -> data, reading back what `pack` laid out. The arrays are borrowed, not owned."""

    @intrinsic
    def load(typing_context, address):
        def generate(context, builder, signature, arguments):
            words = builder.inttoptr(arguments[0], ir.IntType(64).as_pointer())
            numbers = itertools.count()

            def next_word() -> Any:
                return builder.load(cgutils.gep_inbounds(builder, words, next(numbers)))

            return _build(context, builder, data_type, next_word)

        return data_type(types.intp), generate

    return load


def _build(context: Any, builder: Any, numba_type: types.Type, next_word: Callable[[], Any]) -> Any:
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


def lent_generator(bit_generator: np.random.BitGenerator) -> np.random.Generator:
    """The `numpy.random.Generator` of a bit generator, which its caller keeps alive while it is in use."""
    return np.random.Generator(bit_generator)


lent_generator.is_kernel = True  # type: ignore[attr-defined]


# Where references are not counted, Numba has a Generator that it is handed live for ever; a bit generator it releases.
@overload(lent_generator, jit_options={"_nrt": False, "forceinline": True})
def _lent_generator(bit_generator):
    return lambda bit_generator: _generator(bit_generator)  # noqa: PLW0108 (an overload is a function of Python)


@intrinsic
def _generator(typing_context, bit_generator):
    generator_type = types.NumPyRandomGeneratorType("generator")

    def generate(context, builder, signature, arguments):
        generator = cgutils.create_struct_proxy(generator_type)(context, builder)  # its owner is NULL
        generator.bit_generator = arguments[0]
        return generator._getvalue()

    return generator_type(bit_generator), generate
