"""Densities of draws, smoothed by a normal kernel: what figures show of a posterior that has no formula."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

REACH = 8.5  # standard deviations beyond which a normal density is under 1e-15 of its height


def kernel_density(draws: ArrayLike, at: NDArray[np.float64]) -> NDArray[np.float64]:
    """The density at each point of `at`, of `draws` of any shape: the mean of normal densities about the draws.

    Their standard deviation is `bandwidth(draws)`. Draws that are all the same have no density: it is then nan.
    """
    width = bandwidth(draws)
    if width == 0.0:
        return np.full(np.shape(at), np.nan)
    ordered, points = np.sort(np.ravel(draws)) / width, np.asarray(at) / width
    first, last = np.searchsorted(ordered, points - REACH), np.searchsorted(ordered, points + REACH)
    heights = [np.exp(-0.5 * (x - ordered[a:b]) ** 2).sum() for x, a, b in zip(points, first, last, strict=True)]
    return np.array(heights) / (ordered.size * width * np.sqrt(2.0 * np.pi))


def bandwidth(draws: ArrayLike) -> float:
    """The rule of thumb 1.06 min(sd, interquartile range / 1.34) n^(-1/5) for draws that are nearly normal; 0 for
    draws that are all the same. Silverman (1986), section 3.4.
    """
    pooled = np.ravel(draws)
    lower, upper = np.quantile(pooled, [0.25, 0.75])
    spread = min(pooled.std(ddof=1), (upper - lower) / 1.34) if upper > lower else pooled.std(ddof=1)
    return 1.06 * spread * pooled.size**-0.2


def normal_mixture(mean: ArrayLike, sd: ArrayLike, at: NDArray[np.float64]) -> NDArray[np.float64]:
    """The mean over `mean` and `sd` (draws, each of one dimension or a number) of normal densities at `at`."""
    mean, precision = np.broadcast_arrays(np.atleast_1d(mean), 1.0 / np.asarray(sd))
    scaled, factor = mean * precision, np.sqrt(0.5)
    density = []
    for x in at:  # no array of draws by points
        z = factor * (x * precision - scaled)
        density.append(np.exp(-z * z) @ precision)
    return np.array(density) / (mean.size * np.sqrt(2.0 * np.pi))
