"""Splitting, ranking and folding: the three views of the draws behind Rhat and ESS.

Vehtari, Gelman, Simpson, Carpenter & Bürkner (2021), "Rank-normalization, folding, and localization: an
improved Rhat for assessing convergence of MCMC", Bayesian Analysis 16(2), sections 3 and 4.
"""

from functools import lru_cache
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from .arrays import as_draws, draws_adjacent, pooled, quantile, quietly, sorted_quantile
from .protocols import Floats, Ints

# From here on the distance between two draws may be over the largest double.
LARGE = 2.0**1022


class Views(NamedTuple):
    """Draws (chains, draws, n) as the statistics look at them."""

    ordered: Floats  # (chains * draws, n), ascending
    ranked: Floats  # (2 chains, draws // 2, n), normal scores of the halves: Rhat and ESS of the bulk
    folded_ranked: Floats  # the same of the distances from the median: Rhat of the tails


def views(x: Floats) -> Views:
    """The `Views` of draws, shape (chains, draws, n): for callers that need several; one sort serves two."""
    split = halves(x)
    scores = _normal_scores(split.shape[0] * split.shape[1])
    ranked, ordered = _lookup_by_rank(split, scores)
    # The halves of an odd number of draws lack the middle one.
    ordered = ordered.T if split.size == x.size else np.sort(pooled(x), axis=0)
    # Folded around the median of all draws before splitting, as R does.
    unit = np.where(np.maximum(-ordered[0], ordered[-1]) < LARGE, 1.0, 0.5)
    distances = np.abs(x * unit - sorted_quantile(ordered, 0.5) * unit)
    folded_ranked, _ = _lookup_by_rank(halves(distances), scores)
    return Views(ordered, ranked, folded_ranked)


def halves(x: Floats) -> Floats:
    """The split chains; a chain of one draw stays whole (its statistics are NaN)."""
    return split_chains(x) if x.shape[1] > 1 else x


def split_chains(x: ArrayLike) -> Floats:
    """Each chain's two halves as chains of their own: (chains, draws, ...) to (2 chains, draws // 2, ...).

    A trend within a chain then shows as a difference between chains. The middle draw of an odd number is
    left out. A single draw cannot be split: ValueError.
    """
    x = as_draws(x)
    half = x.shape[1] // 2
    if half == 0:
        raise ValueError("one draw a chain cannot be split into halves")
    return np.concatenate([x[:, :half], x[:, -half:]])


@quietly
def rank_normalize(x: ArrayLike) -> Floats:
    """Normal scores of the ranks of the draws among all chains, shape as `x`, (chains, draws, ...).

    Equal draws share their average rank. Blom's offset: Phi^-1((rank - 3/8) / (S + 1/4)) of S draws. NaN
    stays NaN (and must make the statistic NaN); infinite draws have ranks like any other.
    """
    x = as_draws(x)
    return _lookup_by_rank(x, _normal_scores(x.shape[0] * x.shape[1]))[0]


@quietly
def average_ranks(x: ArrayLike) -> Floats:
    """Ranks 1 to S of the draws among all chains, shape as `x`; ties share their average; NaN where a draw is NaN."""
    x = as_draws(x)
    return _lookup_by_rank(x, 1 + np.arange(2 * x.shape[0] * x.shape[1] - 1) / 2)[0]


@quietly
def rank_histogram(x: ArrayLike, bins: int = 20) -> Ints:
    """How many of each chain's draws have ranks in each of `bins` equal bins: (chains, bins, ...).

    The heights of a trank plot (rank histogram): level, at draws / bins, where the chains draw from the
    same distribution. NaN draws are not counted. Vehtari et al. (2021), section 5; ValueError for fewer
    than one bin.
    """
    if bins < 1:
        raise ValueError(f"a histogram needs at least one bin, not {bins}")
    ranks = average_ranks(x)
    edges = np.linspace(0.5, ranks.shape[0] * ranks.shape[1] + 0.5, bins + 1)
    which = np.searchsorted(edges, ranks, side="right") - 1
    which[np.isnan(ranks)] = bins
    return np.stack([(which == bin).sum(axis=1) for bin in range(bins)], axis=1)


@quietly
def fold(x: ArrayLike) -> Floats:
    """Distances from the median of all chains' draws, shape as `x`: large in both tails."""
    x = as_draws(x)
    return np.abs(x - quantile(x, 0.5))


def _lookup_by_rank(x: Floats, table: Floats) -> tuple[Floats, Floats]:
    """For each draw the entry of `table` at its rank, which lists the ranks 1, 1.5, 2, ..., S; NaN where it is NaN.

    Also the draws of each parameter in ascending order, (n, S).
    """
    pool = draws_adjacent(x.reshape(*x.shape[:2], -1)).transpose(2, 0, 1)
    values = pool.reshape(len(pool), -1)
    order, ordered = _ascending(values)
    result = np.empty_like(values)
    flat = result.ravel()
    flat[order] = table[::2]
    # Ties are few in continuous draws (folding makes one): only they are looked up one by one.
    tied, doubled_ranks = _ties(ordered)
    flat[order.ravel()[tied]] = table[doubled_ranks]
    if np.isnan(ordered[:, -1]).any():
        result[np.isnan(values)] = np.nan
    return result.reshape(pool.shape).transpose(1, 2, 0).reshape(x.shape), ordered


def _ascending(values: Floats) -> tuple[Ints, Floats]:
    """The positions that sort each row of `values`, (n, S), in ascending order, NaN last.

    They count in the flattened array. Also gives the values in that order. Whole numbers are sorted three times
    as fast as positions by value: so the doubles are read as whole numbers of the same order, and the
    position takes the place of the last bits. Rows that these bits would have decided are nearly in order,
    and a merge sort puts them right.
    """
    rows, size = values.shape
    last_bits = (1 << (size - 1).bit_length()) - 1
    bits = values.view(np.int64)
    keys = bits >> 63  # In place from here on: fresh memory costs as much as the arithmetic.
    keys &= np.iinfo(np.int64).max
    keys ^= bits  # of negative doubles, those with larger bits are smaller
    keys &= ~last_bits
    keys |= np.arange(size)
    keys.sort(axis=1)
    keys &= last_bits
    keys += size * np.arange(rows)[:, None]
    ordered = values.take(keys)
    unsure = np.flatnonzero(~(ordered[:, :-1] <= ordered[:, 1:]).all(axis=1))
    if len(unsure) > 0:
        again = ordered[unsure].argsort(axis=1, kind="stable")
        keys[unsure] = np.take_along_axis(keys[unsure], again, axis=1)
        ordered[unsure] = np.take_along_axis(ordered[unsure], again, axis=1)
    return keys, ordered


def _ties(ordered: Floats) -> tuple[Ints, Ints]:
    """Positions of values that equal a neighbour in sorted rows (n, S), flattened; and their ranks, doubled.

    Twice the average rank, minus 2, is the first plus the last position (counted from 0) of the run of equal
    values: a whole number, so that it can index a table.
    """
    is_first = np.ones(ordered.shape, dtype=bool)
    is_first[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    is_alone = is_first.copy()
    is_alone[:, :-1] &= is_first[:, 1:]
    tied = np.flatnonzero(~is_alone)
    start = np.flatnonzero(is_first.ravel()[tied])
    length = np.diff(start, append=len(tied))
    first = tied[start] % ordered.shape[1]
    return tied, np.repeat(2 * first + length - 1, length)


@lru_cache(maxsize=16)
def _normal_scores(size: int) -> Floats:
    """Normal scores of the ranks 1, 1.5, 2, ..., `size` among `size` draws."""
    # The standard library's inverse (Wichura's AS 241, as R's) saves importing scipy.special, 0.1 s.
    inverse = NormalDist().inv_cdf
    lower = [inverse((1 + i / 2 - 3 / 8) / (size + 1 / 4)) for i in range(size - 1)]
    scores = np.array([*lower, 0.0, *[-score for score in reversed(lower)]])
    scores.flags.writeable = False
    return scores
