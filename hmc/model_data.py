"""A model's data: checked, and packed as compiled code takes them."""

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
    for place in _places_of_nan(packed.data, "data"):
        raise ValueError(f"{name}: {place} is nan; leave the observation out, or mark it in a field of its own")
    return packed


def copied(data: Any) -> Any:
    """Data whose arrays are copies: for an author's function, which may write into what it is given."""
    if isinstance(data, tuple):
        fields = map(copied, data)
        return type(data)(*fields) if hasattr(data, "_fields") else tuple(fields)
    return data.copy() if isinstance(data, np.ndarray) else data


def _places_of_nan(item: Any, place: str) -> Iterator[str]:
    """Where there is nan in data: "data.x[3]". Infinities may be meant, as bounds of what was censored."""
    if isinstance(item, tuple):
        for name, field in zip(getattr(item, "_fields", range(len(item))), item, strict=True):
            yield from _places_of_nan(field, f"{place}.{name}")
    elif isinstance(item, np.ndarray):
        if np.isnan(item).any():
            yield f"{place}[{', '.join(map(str, np.argwhere(np.isnan(item))[0]))}]"
    elif item != item:
        yield place
