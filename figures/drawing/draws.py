"""Draws that are shown: their intervals, and checks of a fit: they exist, are finite, of this shape and these data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from hmc.results.identity import contents

if TYPE_CHECKING:
    from figures.drawing.protocols import NamedFit


PROBABILITY = 0.89  # in the intervals, as in the lecture


def interval_of(draws: NDArray[np.float64], axis: int | tuple[int, ...] | None = 0) -> NDArray[np.float64]:
    """The ends of the central interval of draws along an axis, or several: (2, ...)."""
    tail = (1.0 - PROBABILITY) / 2.0
    return np.quantile(draws, [tail, 1.0 - tail], axis=axis)


def summary_of(draws: NDArray[np.float64]) -> NDArray[np.float64]:
    """The mean of draws over the first axis, and the ends of their interval: (3, ...)."""
    return np.stack([draws.mean(axis=0), *interval_of(draws)])


def require_names(figure: str, fit: NamedFit, names: Iterable[str]) -> None:
    """ValueError, which begins with the figure's name, unless the fit has draws of all these names."""
    for name in names:
        if name not in fit.keys():  # noqa: SIM118 (keys are the contract)
            raise ValueError(f"{figure}: {fit.name} has no {name}; it has {', '.join(fit.keys())}")


def draws_of(figure: str, fit: NamedFit, name: str, shape: tuple[int, ...] = ()) -> NDArray[np.float64]:
    """The draws of `name`, pooled: (draws, *shape). ValueError, which begins with the figure's name, unless there are
    at least two, all finite, and of this shape.
    """
    title = getattr(fit, "name", "") or "a model"
    if name not in fit.keys():  # noqa: SIM118 (keys are the contract)
        raise ValueError(f"{figure}: the fit of {title} has no {name}; it has {', '.join(fit.keys())}")
    values = np.asarray(fit[name])
    if values.ndim != 2 + len(shape) or values.shape[2:] != shape or values.shape[0] * values.shape[1] < 2:
        expected = ", ".join(["chains", "draws", *map(str, shape)])
        raise ValueError(f"{figure}: {name} of {title} is of shape {values.shape}, not ({expected})")
    if not np.isfinite(values).all():
        raise ValueError(f"{figure}: some draws of {name} of {title} are not finite")
    return values.reshape(-1, *shape)


def require_data(figure: str, fit: NamedFit, columns: Mapping[str, NDArray[np.generic]]) -> None:
    """ValueError if the fit knows its data, and an array in `columns`, a dict by the name of the model's field, differs
    from its own.
    """
    fitted = getattr(getattr(fit, "identity", None), "data", {})
    for name, values in columns.items():
        if name in fitted and fitted[name].hash != contents(values).hash:
            raise ValueError(f"{figure}: the fit of {fit.name} was made from other data: {name} is not the same")
