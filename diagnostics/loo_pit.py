"""LOO-PIT: where each observation lies in what the others predict for it."""

import numpy as np
from numpy.typing import ArrayLike

from .arrays import beside_log_likelihood, pooled
from .protocols import Floats
from .psis import psis, relative_efficiency


def loo_pit(y: ArrayLike, predicted: ArrayLike, log_lik: ArrayLike, seed: int = 0) -> Floats:
    """Probability integral transform of each observation in its leave-one-out predictive distribution, (observations,).

    y: the observations, (observations,). predicted: a simulated observation for each draw, (chains, draws,
        observations); with `log_lik`, of the same shape, they are weighted by `psis`.
    seed: of discrete data, a uniform number between the probability below y and that up to y.

    Uniform from 0 to 1 if the model predicts well: then
    `uniformity(np.minimum(100 * pit, 99).astype(int), 99)` has no small p-value, but for the weak dependence of the
    numbers. Piled up at both ends: predictions are too narrow; in the middle: too wide. Where k-hat is high
    (`psis_loo`), a number is not reliable. NaN where a log likelihood or a prediction is not finite. ValueError for
    other shapes.

    Gelfand, Dey & Chang (1992); Czado, Gneiting & Held (2009), "Predictive model assessment for count data"; the
    formula is that of R's rstantools.
    """
    predicted, y, log_lik = beside_log_likelihood(predicted, y, log_lik, "predictions")
    weights = np.exp(psis(-pooled(log_lik), relative_efficiency(log_lik)).log_weights)
    simulated = pooled(predicted)
    below = np.where(simulated < y, weights, 0.0).sum(axis=0)
    equal = np.where(simulated == y, weights, 0.0).sum(axis=0)
    pit = np.minimum(below + np.random.default_rng(seed).random(y.shape) * equal, 1.0)
    is_known = np.isfinite(simulated).all(axis=0) & np.isfinite(pooled(log_lik)).all(axis=0) & np.isfinite(y)
    return np.where(is_known, pit, np.nan)
