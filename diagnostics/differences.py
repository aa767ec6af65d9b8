"""How far differences between models can be trusted: what R's loo 2.10 says beside them.

Sivula, Magnusson, Matamoros & Vehtari (2025), "Uncertainty in Bayesian leave-one-out cross-validation based model
comparison", Bayesian Analysis; McLatchie & Vehtari (2024), "Efficient estimation and correction of selection-induced
bias with order statistics", Statistics and Computing 34(132). Differences are those of elpd: negative for worse models.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from .arrays import as_reals

# With fewer observations, or a smaller difference, the error of a difference is far from normal.
FEW_OBSERVATIONS = 100
SMALL_DIFFERENCE = 4.0
# The largest of fewer candidates (and one baseline) says nothing about chance.
MOST_MODELS = 11


def p_worse(elpd_difference: float, se: float) -> float:
    """Probability that a model is worse than the best one, with a normal error of the difference; NaN for the best.

    Too large where `difference_caution` says anything.
    """
    if elpd_difference == 0 or math.isnan(elpd_difference) or math.isnan(se):
        return math.nan
    if se == 0:
        return float(elpd_difference < 0)
    return 0.5 * math.erfc(elpd_difference / se / math.sqrt(2))


def difference_caution(elpd_difference: float, observations: int) -> str:
    """Why `p_worse` is not calibrated: "N < 100", "|elpd_diff| < 4" (from 100 observations on), or ""."""
    if elpd_difference == 0 or math.isnan(elpd_difference):
        return ""
    if observations < FEW_OBSERVATIONS:
        return f"N < {FEW_OBSERVATIONS}"
    return f"|elpd_diff| < {SMALL_DIFFERENCE:g}" if abs(elpd_difference) < SMALL_DIFFERENCE else ""


def elpd_caution(high: int, threshold: float) -> str:
    """Of `high` observations whose k-hat is over the threshold: "3 k_psis > 0.7"; "" where there is none."""
    return f"{high} k_psis > {round(threshold, 2):g}" if high else ""


def is_likely_chance(elpds: ArrayLike) -> bool:
    """Whether the best of many models, of these elpd (models,), may be the best by chance; False for up to 11 models.

    Under the hypothesis that none is better than the middle one, differences to it are normal; their sd is taken from
    the better half, and the best is expected at the 1 - 1 / (2 K) quantile for K = models - 1.
    """
    from scipy.special import ndtri

    ordered = np.sort(as_reals(elpds, "elpds"))[::-1]
    if len(ordered) <= MOST_MODELS:
        return False
    difference = ordered - ordered[len(ordered) // 2 - 1]
    better = difference[difference >= np.median(difference)]
    expected = np.sqrt((better**2).mean()) * ndtri(1 - 1 / (2 * (len(ordered) - 1)))
    return bool(difference[0] <= expected)
