"""Rhat: how much wider the chains are together than each alone.

Near 1 when all chains draw from the same distribution. Vehtari et al. (2021), sections 3 and 4; the numbers
are those of R's posterior 1.7.1.
"""

import numpy as np
from numpy.typing import ArrayLike

from .arrays import finite_and_varied, in_safe_range, per_parameter, variance, where_finite
from .protocols import Floats
from .rank import Views, halves, views


def rhat(x: ArrayLike) -> Floats:
    """Rank-normalised split-Rhat of draws `x`, shape (chains, draws, ...): the larger of bulk and tail Rhat.

    Bulk compares the locations of the half-chains, tail (of the folded draws) their scales. Converged
    chains give under 1.01. One chain is compared with itself, half against half. NaN where a draw is NaN,
    all draws are equal, or a chain has fewer than 4 draws. Huge or inf where every chain is constant at a
    value of its own. Whether the two middle draws tie in their distance from the median is decided by rounding, as
    in R: another unit may move Rhat by 1e-6 of 4000 draws, by 1e-2 of 6.
    """
    return per_parameter(_rhat, x)


def rhat_basic(x: ArrayLike, split: bool = True) -> Floats:
    """Split-Rhat of the draws themselves, shape (chains, draws, ...), without ranks.

    `split=False` compares whole chains, and needs two. NaN where a draw is not finite, all draws are equal,
    or a chain is too short; inf where every chain is constant at a value of its own.
    """
    return per_parameter(_rhat_basic, x, split)


def _rhat(x: Floats) -> Floats:
    return larger_rhat(views(x))


def larger_rhat(views: Views) -> Floats:
    """The Rhat of the bulk or that of the tails, whichever is larger, from the `Views` of the draws."""
    return np.maximum(potential_scale_reduction(views.ranked), potential_scale_reduction(views.folded_ranked))


def _rhat_basic(x: Floats, split: bool) -> Floats:
    scaled, _ = in_safe_range(x)
    return where_finite(x, potential_scale_reduction(halves(scaled) if split else scaled))


def potential_scale_reduction(x: Floats) -> Floats:
    """sqrt of total over within-chain variance, per parameter of (chains, draws, n)."""
    draws = x.shape[1]
    within = variance(x, axis=1).mean(axis=0)
    between = variance(x.mean(axis=1), axis=0)
    total = (draws - 1) / draws * within + between
    return np.where(finite_and_varied(x), np.sqrt(total / within), np.nan)
