"""Stacking: the mixture of models that predicts best."""

import numpy as np
from numpy.typing import ArrayLike

from .arrays import as_reals, quietly
from .protocols import Floats


@quietly
def stacking_weights(elpd: ArrayLike, tolerance: float = 1e-9, max_iterations: int = 100_000) -> Floats:
    """Weights of the mixture of models with the largest log score, from elpd (observations, models).

    Maximises sum_i log sum_k w_k exp(elpd_ik) over w >= 0 with sum 1: a concave problem, solved by the EM
    algorithm for the weights of a mixture. Stops where the sum is within `tolerance` times the number of
    observations of the largest, which the gradient bounds. Unlike Akaike weights, models with the same
    predictions share a weight, and a worse model that is right where the better one fails keeps some.

    NaN for all where an elpd is not finite. RuntimeError if `max_iterations` are not enough, ValueError for
    other shapes. Yao, Vehtari, Simpson & Gelman (2018), "Using stacking to average Bayesian predictive
    distributions".
    """
    elpd = as_reals(elpd, "scores")
    if elpd.ndim != 2 or elpd.size == 0:
        raise ValueError(f"pointwise elpd needs the shape (observations, models), not {elpd.shape}")
    models = elpd.shape[1]
    if not np.isfinite(elpd).all():
        return np.full(models, np.nan)
    density = np.exp(elpd - elpd.max(axis=1, keepdims=True))
    weights = np.full(models, 1 / models)
    for _ in range(max_iterations):
        # How much better than the mixture each model is on average; 1 at most at the optimum, and 1 where w
        # > 0.
        gain = (density / (density @ weights)[:, None]).mean(axis=0)
        if gain.max() - 1 <= tolerance:
            return weights
        weights = weights * gain
    raise RuntimeError(f"stacking weights did not settle in {max_iterations} iterations")
