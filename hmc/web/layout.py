"""The contents of a module's memory: a model's data, and a description of the arguments of a chain.

The description names each field by its place, as "state.point.position", with its type and extents; extents are names
of sizes, as "dimension", that whoever runs a chain puts numbers to. They are read off the arrays that the sampler's own
functions make for an example whose sizes all differ.
"""

import functools
from collections.abc import Iterator
from typing import Any

import numpy as np

from hmc.jit.packing import PackedData
from hmc.sampler.adaptation import make_moments
from hmc.sampler.chain import ChainState, MacroOrders, Orders, make_buffers, make_record
from hmc.sampler.metric import LOW_RANK, identity
from hmc.sampler.phase_space import PhasePoint
from hmc.sampler.step_size import restart
from hmc.web.driver import TOLD, Arguments, Own

# Of the example: no two the same, and none an extent that an array has whatever the sizes.
SIZES = {
    "dimension": 101,
    "levels": 11,  # max_depth + 1
    "directions": 13,  # rows of the metric's factor
    "covariances": 17,  # the dimension where covariances of draws are kept, else 0
    "capacity": 19,  # draws that a window holds
    "warmup": 23,
    "kept": 29,  # rows of positions
    "iterations": 31,
    "own_momentum": 37,
}


@functools.cache
def example() -> Arguments:
    """Arguments of the sizes SIZES."""
    dimension, levels, directions, covariances, capacity, warmup, kept, iterations, own_momentum = SIZES.values()
    point = PhasePoint(*(np.zeros(dimension) for _ in PhasePoint._fields))
    dense = make_moments(covariances, True)
    moments = make_moments(dimension, False, capacity)
    moments = moments._replace(draw_products=dense.draw_products, covariance=dense.covariance)
    state = ChainState(0, 0.0, restart(1.0), point, identity(dimension, LOW_RANK, directions), moments)
    plan, stop, progress = (np.zeros(length, np.int64) for length in (warmup, 1, 1))
    orders = Orders(0, 1, 1.0, 0.8, 0, plan, 0, 1, stop, progress, MacroOrders(1.0, 0))
    buffers = make_buffers(state, levels - 1, "walnuts")
    record = make_record(kept, iterations, dimension, "walnuts")
    own = Own(0, 1.0, np.zeros(own_momentum))
    return Arguments(0, own, state, buffers, orders, record, np.zeros(len(TOLD)))


def described() -> list[list[Any]]:
    """[name, NumPy's type, extents] of each field of the arguments, in the order of their words; numbers have None."""
    names = {size: name for name, size in SIZES.items()}
    return [
        [*field, None if extents is None else [names.get(extent, extent) for extent in extents]]
        for *field, extents in fields_of(example())
    ]


def fields_of(item: Any) -> list[list[Any]]:
    """[name, NumPy's type, extents] of each field of nested tuples, in the order of their words; numbers have None."""
    fields: list[list[Any]] = []
    for name, value in leaves(item):
        if isinstance(value, np.ndarray):
            fields.append([name, value.dtype.str, list(value.shape)])
        else:
            fields.append([name, "<f8" if isinstance(value, float) else "<i8", None])
    return fields


def leaves(item: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    """(place, number or array) of all that nested tuples hold, in the order of their words; fields without names have
    their numbers.
    """
    for name, value in zip(getattr(item, "_fields", map(str, range(len(item)))), item, strict=True):
        if isinstance(value, tuple):
            yield from leaves(value, f"{place}{name}.")
        else:
            yield place + name, value


def data_image(packed: PackedData, base: int) -> tuple[int, int, dict[int, bytes]]:
    """(address of the words, first address beyond, {address: bytes}) of a model's data in memory from `base` on.

    As `hmc.jit.packing.pack` lays them out, room for notes before the words included.
    """
    words = packed.words[packed.notes.size :].copy()
    address = _aligned(base + packed.notes.nbytes)
    top, image = _aligned(address + words.nbytes), {}
    for place, array in _arrays(packed.data, 0):
        words[place] = top
        image[top] = array.tobytes()
        top = _aligned(top + array.nbytes)
    image[address] = words.tobytes()
    return address, top, {at: raw for at, raw in sorted(image.items()) if raw}


def _arrays(item: Any, first: int) -> Iterator[tuple[int, np.ndarray]]:
    """(place of the word with its address, array) of each array in normalised data; `first` is that of the item."""
    for field in item:
        if isinstance(field, tuple):
            yield from _arrays(field, first)
        elif isinstance(field, np.ndarray):
            yield first, field
        first += _n_words(field)


def _n_words(item: Any) -> int:
    if isinstance(item, tuple):
        return sum(map(_n_words, item))
    return 1 + item.ndim if isinstance(item, np.ndarray) else 1


def _aligned(address: int) -> int:
    return -(-address // 16) * 16
