"""Names of parameters in draws of other programs, and quantities that follow from the parameters."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from hmc.cli.draws_file import Draws

if TYPE_CHECKING:
    from hmc.model import Model

_ELEMENT = re.compile(r"(.+?)(?:\[([\d, ]+)\]|((?:\.\d+)+))")


def labelled(draws: Draws, renames: dict[str, str], from_zero: bool) -> Draws:
    """The draws (chains, draws) of every scalar by our names, which count elements from 1: `a.1` and `a[1]` are `a[1]`.

    ValueError for names that are the same afterwards, for an element 0 without `from_zero`, for `from_zero` where no
    name has an element 0, and for a name in `renames` that no draws have.
    """
    from hmc.parameters import element_names

    if from_zero and draws and not any(0 in _split(name)[1] for name in draws):
        raise ValueError(f"--from-zero: no name in the draws has an element 0; they have {listed(draws)}")

    found: Draws = {}
    unused = dict(renames)
    for name, values in draws.items():
        base, index = _parsed_name(name, from_zero)
        for theirs in (name, base):
            unused.pop(theirs, None)
        whole = renames.get(name, renames.get(base, base) + index)
        elements = np.moveaxis(values.reshape(*values.shape[:2], -1), 2, 0)
        for label, element in zip(element_names(whole, values.shape[2:]), elements, strict=True):
            if label in found:
                raise ValueError(f"two columns of the draws are called {label}; one of them is {name}")
            found[label] = element
    if unused:
        raise ValueError(f"--rename {next(iter(unused))}: the draws have no such name; they have {listed(draws)}")
    return found


def refuse_unknown(renames: Mapping[str, str], model: Model, exact: Iterable[str]) -> None:
    """ValueError where a name in `renames` becomes one that neither the model nor its exact posterior has."""
    from hmc.parameters import element_names

    known = {*exact, *(p.name for p in model.parameters)}
    known |= {label for p in model.parameters for label in element_names(p.name, p.shape)}
    known |= {name.partition("[")[0] for name in known}
    for theirs, ours in renames.items():
        if ours not in known:
            names = sorted(name for name in known if "[" not in name)
            raise ValueError(f"--rename {theirs}={ours}: {model.name} has no {ours}; it has {', '.join(names)}")


def listed(names: Iterable[str]) -> str:
    """The first of many names, for a message."""
    few = [*itertools.islice(names, 13)]
    return ", ".join([*few[:12], "..."] if len(few) > 12 else few)


def _parsed_name(name: str, from_zero: bool) -> tuple[str, str]:
    """(name, index) of an element's name, the index as we write it: of `a.1` ("a", "[1]"), of `a` ("a", "")."""
    base, indices = _split(name)
    numbers = [number + from_zero for number in indices]
    if not numbers:
        return name, ""
    if 0 in numbers:
        raise ValueError(f"{name} in the draws: elements are counted from 1; give --from-zero if they count from 0")
    return base, f"[{','.join(map(str, numbers))}]"


def _split(name: str) -> tuple[str, list[int]]:
    """An element's name without its index, and the numbers of the index; none for the name of a whole quantity."""
    match = _ELEMENT.fullmatch(name)
    return (name, []) if match is None else (match[1], [int(n) for n in re.findall(r"\d+", match[2] or match[3])])


def with_derived(model: Model, draws: Draws) -> Draws:
    """The draws, with the model's derived quantities where they lack some and have all of its parameters.

    A non-centred model's a, say, from draws of a_bar, sigma and z. ValueError, with the draw and its chain, where a
    parameter has a value that it cannot have.
    """
    from hmc.parameters import element_names
    from hmc.results.derived import derived_draws

    labels = {p.name: element_names(p.name, p.shape) for p in model.parameters}
    if model.derived is None or not all(label in draws for names in labels.values() for label in names):
        return draws
    needed = {label: draws[label] for names in labels.values() for label in names}
    _check_usable(needed)
    stacked = {name: np.stack([draws[label] for label in of], axis=-1) for name, of in labels.items()}
    chains, size = next(iter(needed.values())).shape
    positions = np.empty((chains, size, model.dimension))
    for chain, draw in np.ndindex(chains, size):
        values = {p.name: stacked[p.name][chain, draw].reshape(p.shape) for p in model.parameters}
        try:
            positions[chain, draw] = model.unconstrain(values)
        except ValueError as error:
            raise ValueError(f"{error}, in draw {draw + 1} of chain {chain + 1}") from None
    return labelled(derived_draws(model, positions), {}, False) | draws


def _check_usable(draws: Draws) -> None:
    """ValueError for draws (chains, draws) of different shapes, and for those that are not finite."""
    first = next(iter(draws))
    for name, values in draws.items():
        if values.shape != draws[first].shape:
            shapes = f"{draws[first].shape} of {first} and {values.shape} of {name}"
            raise ValueError(f"draws have one number of chains and draws, not {shapes}")
        if not np.isfinite(values).all():
            chain, draw = np.argwhere(~np.isfinite(values))[0]
            raise ValueError(f"{name} is {values[chain, draw]} in draw {draw + 1} of chain {chain + 1}")
