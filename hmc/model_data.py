"""A model's data: their fields; checked, and packed as compiled code takes them."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from hmc.jit.packing import PackedData, pack


def checked_and_packed(name: str, data: Any, dimension: int) -> PackedData:
    """The data of the model `name` as compiled code takes them; ValueError if they are not data, or hold nan."""
    if not (isinstance(data, tuple) and hasattr(data, "_fields")):
        given = f"the class {data.__name__}" if isinstance(data, type) else f"a {type(data).__name__}"
        raise ValueError(f"{name}: data is {given}, not a NamedTuple of arrays (docs/models.md has examples)")
    try:
        packed = pack(data, dimension)
    except TypeError as error:
        raise ValueError(f"{name}: {error}") from None
    except MemoryError:
        raise ValueError(f"{name}: its parameters have {dimension} numbers, which do not fit into memory") from None
    for _, place, _ in nan_in(packed.data):
        raise ValueError(f"{name}: {place} is nan; leave the observation out, or mark it in a field of its own")
    return packed


def copied(data: Any) -> Any:
    """Data whose arrays are copies: for an author's function, which may write into what it is given."""
    if isinstance(data, tuple):
        copies = map(copied, data)
        return type(data)(*copies) if hasattr(data, "_fields") else tuple(copies)
    return data.copy() if isinstance(data, np.ndarray) else data


def fields(data: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    """(field, value) of every array and number in a model's data; "outer.inner" is a field of a tuple within them."""
    for name, value in zip(getattr(data, "_fields", range(len(data))), data, strict=True):
        if isinstance(value, tuple):
            yield from fields(value, f"{place}{name}.")
        else:
            yield f"{place}{name}", value


def nan_in(data: Any) -> Iterator[tuple[str, str, int]]:
    """(field, place of its first nan, how many it has) of each field that holds nan: ("data.x", "data.x[3]", 2).

    Infinities may be meant, as bounds of what was censored.
    """
    for name, value in fields(data, "data."):
        places = np.argwhere(np.isnan(value))
        if len(places):
            yield name, f"{name}[{', '.join(map(str, places[0]))}]" if places[0].size else name, len(places)
