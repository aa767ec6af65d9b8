"""Is there a centred hierarchy in the draws? Then writing it non-centred may help; elsewhere that advice means nothing.

In a centred hierarchy, a_j ~ Normal(mean, sigma), the spread of a over j follows sigma from draw to draw wherever the
data leave it room: the funnel. In a non-centred one, a_j = mean + sigma z_j, the spread of z does not follow sigma, or
goes against it. Nor does the spread of the coefficients of a regression. Betancourt & Girolami (2015), "Hamiltonian
Monte Carlo for hierarchical models".
"""

import itertools
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from .arrays import BLOCK_ELEMENTS, as_draws, in_safe_range, pooled, quietly
from .protocols import Floats, SampledFit

# Of the models of the lecture: 0.4 to 0.9 where they are centred; at most 0.2 elsewhere, and below 0 where they are
# non-centred. Chains of few effective draws scatter by about 0.1.
FOLLOWS = 0.35

NOT_SCALES = ("real", "ordered", "simplex")
MOST_SCALES = 20  # a parameter with more elements is not a set of scales


class Hierarchy(NamedTuple):
    """A parameter that is centred on a hierarchy, and its scale: their names."""

    varying: str
    scale: str


@quietly
def centred_hierarchy(fit: SampledFit) -> Hierarchy | None:
    """The parameters of `fit` of which the spread of one follows the other most closely; None if none does.

    The correlation, over all draws, of the log of a positive parameter (or an element of one) with the log of the
    standard deviation, within a draw, of another one along an axis of at least 3 elements.
    """
    parameters = {parameter.name: parameter for parameter in getattr(fit, "parameters", ())}
    draws = {name: pooled(as_draws(fit[name])) for name in parameters or fit.keys()}
    scales = [(name, scale) for name in draws for scale in _scales(parameters.get(name), draws[name])]
    spreads = [(name, spread) for name in draws for spread in _spreads(draws[name])]
    found = [
        (_correlation(scale, spread), Hierarchy(varying, name))
        for (name, scale), (varying, spread) in itertools.product(scales, spreads)
        if name != varying
    ]
    follows, hierarchy = max(found, default=(0.0, None))
    return hierarchy if follows > FOLLOWS else None


def _scales(parameter: Any, draws: Floats) -> Iterator[Floats]:
    """Logs of what may be a scale, (S,) each, of draws (S, ...)."""
    elements = draws.reshape(len(draws), -1)
    is_scale = str(getattr(parameter, "constraint", "")) not in NOT_SCALES and elements.shape[1] <= MOST_SCALES
    if is_scale and (elements > 0).all():
        yield from np.log(elements).T


def _spreads(draws: Floats) -> Iterator[Floats]:
    """Logs of the standard deviations within each draw, (S,) each, of draws (S, ...), along each axis in turn."""
    together = max(1, BLOCK_ELEMENTS * len(draws) // max(1, draws.size))
    for axis in range(1, draws.ndim):
        if draws.shape[axis] >= 3:
            parts = (draws[start : start + together] for start in range(0, len(draws), together))
            yield from np.concatenate([_spread(part, axis) for part in parts]).T


def _spread(draws: Floats, axis: int) -> Floats:
    """Logs of the standard deviations along an axis, (S, ...) to (S, n)."""
    scaled, exponent = in_safe_range(draws, axis=tuple(range(1, draws.ndim)))
    return np.log(scaled.std(axis=axis)).reshape(len(draws), -1) + np.log(2) * exponent[:, None]


def _correlation(x: Floats, y: Floats) -> float:
    """Of two logs, (S,) each; 0 where it is undefined."""
    x, y = x - x.mean(), y - y.mean()
    return float(np.nan_to_num((x @ y) / np.sqrt((x @ x) * (y @ y)), nan=0.0))
