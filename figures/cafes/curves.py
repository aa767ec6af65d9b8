"""A robot's beliefs about waits: densities of the mean wait at each cafe, and at one that it has never visited."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from figures.drawing.density import bandwidth, kernel_density, normal_mixture

if TYPE_CHECKING:
    from figures.drawing.protocols import NamedFit

STYLES = ("posterior", "lecture")


class Belief(NamedTuple):
    """Densities per minute of the mean wait, at each of `grid(longest)`."""

    population: np.ndarray  # (points,) of a new cafe
    cafes: np.ndarray  # (cafes, points)


def grid(longest: float, points: int = 400) -> np.ndarray:
    """Waits from just above 0 to `longest`, minutes, evenly spaced."""
    return np.arange(1, points + 1) * (longest / points)


def belief(
    fit: NamedFit, wait: np.ndarray, style: str = "posterior", visited: NDArray[np.bool_] | None = None
) -> Belief:
    """The `Belief` of a fit of `models.cafes` at `wait` (points,), minutes, all above 0.

    `visited`: for each cafe, whether anybody has been there (None: all). Nothing sets a cafe without a visit apart from
    a new one, so it has the density of a new one, which wobbles less than that of its own draws.

    `style="posterior"`: from the draws. For a new cafe, the mean over draws of the density of exp(a_bar + sigma z),
    z ~ Normal(0, 1), which is lognormal in each draw; for cafe j, the draws of exp(a[j]), smoothed on the scale of a.
    `style="lecture"`: lognormals at posterior means, as in the lecture's animation: for a new cafe with the means of
    a_bar and sigma, for cafe j with mean and standard deviation of a[j].
    """
    a_bar, sigma = np.ravel(fit["a_bar"]), np.ravel(fit["sigma"])
    a = np.asarray(fit["a"]).reshape(a_bar.size, -1)
    log_wait = np.log(wait)
    if style == "lecture":
        population = normal_mixture(a_bar.mean(), sigma.mean(), log_wait)
        cafes = [normal_mixture(draws.mean(), draws.std(ddof=1), log_wait) for draws in a.T]
    else:
        # A draw with sigma near 0 is a spike, so none may be narrower than the kernel that smooths the other curves.
        population = normal_mixture(a_bar, np.maximum(sigma, bandwidth(a_bar)), log_wait)
        seen = np.ones(len(a.T), bool) if visited is None else visited
        cafes = [kernel_density(d, log_wait) if been else population for d, been in zip(a.T, seen, strict=True)]
    return Belief(population / wait, np.array(cafes) / wait)  # density of exp(x) at w: that of x at log w, over w
