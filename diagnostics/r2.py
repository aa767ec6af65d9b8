"""Bayesian R2: how much of the variance a model predicts, and how much of it when it has not seen the observation.

Gelman, Goodrich, Gabry & Vehtari (2019), "R-squared for Bayesian regression models", American Statistician 73(3); the
formulas are those of R's rstanarm.
"""

import warnings

import numpy as np
from numpy.typing import ArrayLike

from .arrays import as_draws, as_log_likelihood, beside_log_likelihood, in_safe_range, is_whole, pooled, quietly
from .cautions import bad_cells_caution, cells_of
from .protocols import Floats
from .psis import psis, relative_efficiency


@quietly
def bayes_r2(expected: ArrayLike, residual_variance: ArrayLike) -> Floats:
    """Draws of R2, (chains, draws): variance of what is expected over itself plus the residual variance.

    expected: expected values of the observations in each draw, (chains, draws, observations).
    residual_variance: (chains, draws): sigma^2; of binomial data, the mean over observations of n p (1 - p).

    ValueError for other shapes and for a negative variance; NaN for one observation, and where nothing varies.
    """
    expected, residual = as_log_likelihood(expected), as_draws(residual_variance)
    if residual.shape != expected.shape[:2]:
        raise ValueError(f"residual variances need the shape {expected.shape[:2]}, not {residual.shape}")
    if expected.shape[2] < 2:
        return np.full(residual.shape, np.nan)
    if (residual < 0).any():
        raise ValueError(f"a residual variance is negative: {residual[residual < 0][0]}")
    scaled, exponent = in_safe_range(expected, axis=2)
    explained = (scaled - scaled[:, :, :1]).var(axis=2, ddof=1)  # exactly 0 for equal values
    return explained / (explained + np.ldexp(residual, -2 * exponent))


def loo_r2(y: ArrayLike, expected: ArrayLike, log_lik: ArrayLike, draws: int = 4000, seed: int = 0) -> Floats:
    """Draws of R2 in predicting observations that were left out, (draws,): 1 minus error variance over variance of y.

    y: (observations,). expected: expected values in each draw, (chains, draws, observations), which are averaged with
        the weights of `psis` of `log_lik`, of the same shape.

    The distribution is that of the Bayesian bootstrap over observations, cut off at -1. Negative where the mean of the
    data predicts better. NaN where a number is not finite; for a log likelihood, a warning says which observation it is
    of. ValueError for other shapes.
    """
    expected, y, log_lik = beside_log_likelihood(expected, y, log_lik, "expected values")
    if not is_whole(draws) or draws < 1:
        raise ValueError(f"draws = {draws!r} is not a whole number of at least 1")
    for caution in bad_cells_caution(cells_of(log_lik)):
        warnings.warn(str(caution), stacklevel=2)
    return _loo_r2(y, expected, log_lik, draws, seed)


@quietly
def _loo_r2(y: Floats, expected: Floats, log_lik: Floats, draws: int, seed: int) -> Floats:
    weights = np.exp(psis(-pooled(log_lik), relative_efficiency(log_lik)).log_weights)
    together, _ = in_safe_range(np.concatenate([pooled(expected), y[None]]))
    expected, y = together[:-1], together[-1]
    error = (weights * expected).sum(axis=0) - y
    error = np.where(np.isfinite(pooled(log_lik)).all(axis=0), error, np.nan)
    shares = np.random.default_rng(seed).standard_exponential((draws, len(y)))
    shares /= shares.sum(axis=1, keepdims=True)
    return np.maximum(1 - _weighted_variance(shares, error) / _weighted_variance(shares, y), -1)


def _weighted_variance(shares: Floats, values: Floats) -> Floats:
    """(draws,): variance of values (n,) with shares (draws, n); the factor n / (n - 1) of both cancels in R2."""
    centred = values - values.mean()
    return shares @ centred**2 - (shares @ centred) ** 2
