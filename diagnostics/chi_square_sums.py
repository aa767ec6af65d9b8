"""Tails of weighted sums of chi-squares: of the sum of squares of correlated normal numbers."""

import numpy as np
from numpy.typing import ArrayLike

from .arrays import as_reals
from .protocols import Floats


def weighted_chi_square_tail(value: float, weights: ArrayLike) -> float:
    """P(w_1 X_1 + ... + w_n X_n > value) of independent chi-squares X of one degree of freedom, weights (n,) >= 0.

    The sum of squares of normal numbers with mean 0 and covariance R is such a sum, weighted by the eigenvalues of R.
    By the saddlepoint: off by at most a tenth of the probability, and less the more weights there are, far into the
    tail. 1 for a value of 0 or less. NaN for a value or weights that are NaN, or without a positive weight.

    Kuonen (1999), "Saddlepoint approximations for distributions of quadratic forms in normal variables", Biometrika 86.
    """
    from scipy.special import ndtr

    every = as_reals(weights, "weights")
    positive = every[every != 0.0]
    if not positive.size or not np.isfinite(positive).all() or np.isnan(value):
        return float("nan")
    # So far out the probability is 0 in doubles, and the saddlepoint is the largest weight's pole to all digits.
    if value <= 0.0 or value > 1e12 * positive.sum():
        return 1.0 if value <= 0.0 else 0.0
    t = _saddlepoint(value, positive)
    shares = positive / (1 - 2 * positive * t)
    second = 2 * (shares**2).sum()
    distance = 2 * (t * value + 0.5 * np.log1p(-2 * positive * t).sum())  # w^2; 0 at the mean, where t is 0
    if distance < 1e-8:
        skewness = 8 * (shares**3).sum() / second**1.5
        return float(0.5 - skewness / (6 * np.sqrt(2 * np.pi)))
    w = np.copysign(np.sqrt(distance), t)
    return float(ndtr(-(w + np.log(t * np.sqrt(second) / w) / w)))


def _saddlepoint(value: float, weights: Floats) -> float:
    """The t at which the derivative of the cumulant generating function, sum of w / (1 - 2 w t), is `value`."""
    from scipy.optimize import brentq

    # At the upper end the largest weight's term alone is `value`; at the lower end, where t < 0, each term is less than
    # 1 / (-2 t). Both lie a little further out, lest rounding leaves the root outside.
    beyond = value * (1 + 1e-9)
    above = (1 - weights.max() / beyond) / (2 * weights.max())
    below = min(above, 0.0) - weights.size / (2 * value)
    return float(brentq(lambda t: (weights / (1 - 2 * weights * t)).sum() - value, below, above, xtol=1e-300))
