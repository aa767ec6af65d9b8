"""Monte Carlo standard errors: how far an estimate may be off because the draws are few and correlated.

Vehtari et al. (2021), section 4; the numbers are those of R's posterior 1.7.1. NaN wherever the ESS is.
"""

import numpy as np
from numpy.typing import ArrayLike

from .arrays import as_probability, in_safe_range, per_parameter, pooled, standard_deviation
from .ess import effective_size, ess_mean, ess_quantile, squared_distance
from .protocols import Floats
from .rank import halves

# Phi(-1) and Phi(1), with the seven digits that R's posterior uses.
ONE_SD = (0.1586553, 0.8413447)


def mcse_mean(x: ArrayLike) -> Floats:
    """Standard error of the mean of draws `x`, shape (chains, draws, ...): sd / sqrt(ESS)."""
    return per_parameter(lambda draws: standard_deviation(draws) / np.sqrt(ess_mean(draws)), x)


def mcse_sd(x: ArrayLike) -> Floats:
    """Standard error of the standard deviation, without assuming normal draws.

    The variance of the variance from the fourth moment, carried to the sd by one Taylor term. Kenney &
    Keeping (1951), p. 141.
    """
    return per_parameter(_mcse_sd, x)


def mcse_median(x: ArrayLike) -> Floats:
    """Standard error of the median."""
    return mcse_quantile(x, 0.5)


def mcse_quantile(x: ArrayLike, prob: float) -> Floats:
    """Standard error of the quantile at `prob`: half the width of its central 68% interval.

    The share of draws below the true quantile is Beta distributed with the ESS as its sample size; the
    interval's ends are the draws at those shares. 0 where they coincide (discrete draws). ValueError for
    `prob` outside [0, 1].
    """
    prob = as_probability(prob)
    return per_parameter(lambda draws: _mcse_quantile(draws, prob), x)


def _mcse_sd(x: Floats) -> Floats:
    scaled, exponent = in_safe_range(x)
    squared = squared_distance(scaled)
    ess = effective_size(halves(squared))
    variance = squared.mean(axis=(0, 1))
    variance_of_variance = ((squared**2).mean(axis=(0, 1)) - variance**2) / ess
    return np.ldexp(np.sqrt(variance_of_variance / variance / 4), exponent)


def _mcse_quantile(x: Floats, prob: float) -> Floats:
    from scipy.special import betaincinv  # 0.1 s to import, and needed nowhere else

    scaled, exponent = in_safe_range(x)
    ordered = np.sort(pooled(scaled), axis=0)
    size = len(ordered)
    ess = ess_quantile(x, prob)
    low, high = (betaincinv(ess * prob + 1, ess * (1 - prob) + 1, p) for p in ONE_SD)
    known = np.isfinite(ess)
    first = np.where(known, np.maximum(np.floor(low * size), 1), 1).astype(int) - 1
    last = np.where(known, np.minimum(np.ceil(high * size), size), 1).astype(int) - 1
    width = np.take_along_axis(ordered, last[None], axis=0)[0] - np.take_along_axis(ordered, first[None], axis=0)[0]
    return np.where(known, np.ldexp(width / 2, exponent), np.nan)
