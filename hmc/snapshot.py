"""A chain between two transitions, as it is kept, sent and gone on from: all that its future depends on."""

import copy
from typing import NamedTuple

import numpy as np

from hmc.adaptation import make_moments
from hmc.chain import ChainState

_WORD = 2**64


class Snapshot(NamedTuple):
    """What a chain goes on from, with the draws that it would have had without a stop, bit for bit."""

    state: ChainState
    generator: dict  # the state of the random generator's `bit_generator`, a PCG64


def take(state, rng, warmup):
    """The `Snapshot` of a chain that nothing goes on with but a copy. What the warm-up alone needs ends with it."""
    if state.iteration >= warmup:
        state = state._replace(moments=make_moments(0, False))
    return Snapshot(state, rng.bit_generator.state)


def resume(snapshot):
    """(state, generator) to go on with; the snapshot stays what it is."""
    rng = np.random.default_rng(0)
    rng.bit_generator.state = snapshot.generator
    return copy.deepcopy(snapshot.state), rng


def to_arrays(snapshot):
    """{name: array} of a snapshot; names tell the place, as in "point/position"."""
    numbers = snapshot.generator["state"]
    halves = [half for number in (numbers["state"], numbers["inc"]) for half in divmod(number, _WORD)]
    words = [*halves, snapshot.generator["has_uint32"], snapshot.generator["uinteger"]]
    return {"generator": np.array(words, dtype=np.uint64)} | _fields(snapshot.state)


def from_arrays(arrays):
    """The snapshot that `to_arrays` took apart."""
    words = [int(word) for word in arrays["generator"]]
    numbers = {"state": words[0] * _WORD + words[1], "inc": words[2] * _WORD + words[3]}
    generator = {"bit_generator": "PCG64", "state": numbers, "has_uint32": words[4], "uinteger": words[5]}
    return Snapshot(_filled(ChainState, arrays), generator)


def _fields(values, prefix=""):
    """The numbers and arrays in nested NamedTuples, by their places."""
    found = {}
    for name, value in values._asdict().items():
        is_nested = hasattr(value, "_fields")
        found |= _fields(value, f"{prefix}{name}/") if is_nested else {f"{prefix}{name}": np.asarray(value)}
    return found


def _filled(kind, arrays, prefix=""):
    """The NamedTuple of a class whose fields say by their annotations what they are."""
    values = []
    for name, field in kind.__annotations__.items():
        if hasattr(field, "_fields"):
            values.append(_filled(field, arrays, f"{prefix}{name}/"))
        else:
            array = arrays[f"{prefix}{name}"]
            values.append(array if field is np.ndarray else field(array))
    return kind(*values)
