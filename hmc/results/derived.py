"""Derived quantities of draws. The model's `derived` is an author's own code: it runs once per draw, and may fail."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hmc.author_errors import told_with_line
from hmc.unmasked import unmasked

if TYPE_CHECKING:
    from hmc.model import Model


def derived_draws(model: Model, positions: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
    """The model's derived quantities at positions (chains, draws, dimension): {name: (chains, draws, *shape)}.

    The dict is empty if the model has no `derived`. ValueError, which names the model, if `derived` raises, if names or
    shapes differ between draws, or if a name is also that of a parameter.
    """
    derived = model.derived  # once: each look makes sure that nothing that it reaches has changed
    if derived is None:
        return {}
    rows = positions.reshape(-1, positions.shape[-1])
    try:
        draws = [_as_arrays(derived(row, model.data)) for row in rows]
    except (Exception, SystemExit) as error:  # whatever the author's function does wrong
        raise ValueError(f"{model.name}: derived fails: {told_with_line(error, model.derived)}") from None
    first = draws[0]
    for values in draws:
        if values.keys() != first.keys():
            names = ", ".join(map(str, first)), ", ".join(map(str, values))
            raise ValueError(f"{model.name}: derived gives {names[0]} for one draw and {names[1]} for another")
        if odd := [name for name in first if values[name].shape != first[name].shape]:
            shapes = f"{first[odd[0]].shape} for one draw and {values[odd[0]].shape} for another"
            raise ValueError(f"{model.name}: derived gives {odd[0]} of shape {shapes}")
    for name in first:
        if any(parameter.name == name for parameter in model.parameters):
            raise ValueError(f"{model.name}: {name} is both a parameter and a derived quantity")
    stacked = {name: np.array([values[name] for values in draws]) for name in first}
    return {name: values.reshape(*positions.shape[:-1], *values.shape[1:]) for name, values in stacked.items()}


def _as_arrays(values: Mapping[str, ArrayLike]) -> dict[str, NDArray[np.float64]]:
    return {name: np.asarray(unmasked(name, value), dtype=np.float64) for name, value in values.items()}
