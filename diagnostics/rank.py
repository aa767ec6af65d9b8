"""Splitting, ranking and folding: the three views of the draws behind Rhat and ESS.

Vehtari, Gelman, Simpson, Carpenter & Bürkner (2021), "Rank-normalization, folding, and localization: an
improved Rhat for assessing convergence of MCMC", Bayesian Analysis 16(2), sections 3 and 4.
"""

from functools import lru_cache
from statistics import NormalDist

import numpy as np

from .arrays import as_draws, draws_adjacent, quantile


def split_chains(x):
    """Each chain's two halves as chains of their own: (chains, draws, ...) to (2 chains, draws // 2, ...).

    A trend within a chain then shows as a difference between chains. The middle draw of an odd number is
    left out. A single draw cannot be split: ValueError.
    """
    x = as_draws(x)
    half = x.shape[1] // 2
    if half == 0:
        raise ValueError("one draw a chain cannot be split into halves")
    return np.concatenate([x[:, :half], x[:, -half:]])


def rank_normalize(x):
    """Normal scores of the ranks of the draws among all chains, shape as `x`, (chains, draws, ...).

    Equal draws share their average rank. Blom's offset: Phi^-1((rank - 3/8) / (S + 1/4)) of S draws. NaN
    stays NaN (and must make the statistic NaN); infinite draws have ranks like any other.
    """
    x = as_draws(x)
    return _lookup_by_rank(x, _normal_scores(x.shape[0] * x.shape[1]))


def average_ranks(x):
    """Ranks 1 to S of the draws among all chains, shape as `x`; ties share their average; NaN of NaN."""
    x = as_draws(x)
    return _lookup_by_rank(x, 1 + np.arange(2 * x.shape[0] * x.shape[1] - 1) / 2)


def rank_histogram(x, bins=20):
    """How many of each chain's draws have ranks in each of `bins` equal bins: (chains, bins, ...).

    The heights of a trank plot (rank histogram): level, at draws / bins, where the chains draw from the
    same distribution. NaN draws are counted nowhere. Vehtari et al. (2021), section 5; ValueError without a
    bin.
    """
    if bins < 1:
        raise ValueError(f"a histogram needs at least one bin, not {bins}")
    ranks = average_ranks(x)
    edges = np.linspace(0.5, ranks.shape[0] * ranks.shape[1] + 0.5, bins + 1)
    which = np.searchsorted(edges, ranks, side="right") - 1
    which[np.isnan(ranks)] = bins
    return np.stack([(which == bin).sum(axis=1) for bin in range(bins)], axis=1)


def fold(x):
    """Distances from the median of all chains' draws, shape as `x`: large in both tails."""
    x = as_draws(x)
    return np.abs(x - quantile(x, 0.5))


def _lookup_by_rank(x, table):
    """For each draw the entry of `table` at its rank, which lists the ranks 1, 1.5, 2, ..., S; NaN of NaN."""
    pool = draws_adjacent(x.reshape(*x.shape[:2], -1)).transpose(2, 0, 1)
    values = pool.reshape(len(pool), -1)
    rows, size = values.shape
    order = values.argsort(axis=1)
    order += size * np.arange(rows)[:, None]  # positions in the flattened array
    result = np.empty_like(values)
    result.ravel()[order] = table.take(_doubled_ranks(values.take(order)))
    result[np.isnan(values)] = np.nan
    return result.reshape(pool.shape).transpose(1, 2, 0).reshape(x.shape)


def _doubled_ranks(ordered):
    """First plus last position (counted from 0) of each value's run of equal values in sorted rows, (n, S).

    Twice the average rank, minus 2: a whole number, so that it can index a table.
    """
    is_first = np.ones(ordered.shape, dtype=bool)
    is_first[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    is_last = np.ones(ordered.shape, dtype=bool)
    is_last[:, :-1] = is_first[:, 1:]
    doubled = np.tile(2 * np.arange(ordered.shape[1]), (len(ordered), 1))
    # Ties are few in continuous draws (folding makes one): only they are touched.
    tied = np.flatnonzero(~(is_first & is_last))
    start = np.flatnonzero(is_first.ravel()[tied])
    length = np.diff(start, append=len(tied))
    first = np.repeat(tied[start], length)
    doubled.ravel()[tied] += np.repeat(length - 1, length) - 2 * (tied - first)
    return doubled


@lru_cache(maxsize=16)
def _normal_scores(size):
    """Normal scores of the ranks 1, 1.5, 2, ..., `size` among `size` draws."""
    # The standard library's inverse (Wichura's AS 241, as R's) saves importing scipy.special, 0.1 s.
    inverse = NormalDist().inv_cdf
    lower = [inverse((1 + i / 2 - 3 / 8) / (size + 1 / 4)) for i in range(size - 1)]
    scores = np.array([*lower, 0.0, *[-score for score in reversed(lower)]])
    scores.flags.writeable = False
    return scores
