"""Are ranks uniform? Bands that hold the whole empirical distribution function of uniform ranks at once.

Of N uniform ranks 0..L, the number R_i that are at most i is Binomial(N, (i + 1) / (L + 1)): each has its interval. One
tail probability serves for all i, so small that all of R_0, ..., R_L-1 are in their intervals together with the
probability that is asked for. Säilynoja, Bürkner & Vehtari (2022), "Graphical test for discrete uniformity and its
applications in goodness-of-fit evaluation and multiple sample comparison", Statistics and Computing 32(2).

That probability is computed, not simulated, by a recursion over i, as they do. Their steps from R_i to R_i+1 are
binomial, each with probabilities of its own. Ours are Poisson and all alike, which is faster: independent Poisson
counts of the ranks 0, 1, ..., L are, given that they sum to N, those of N uniform ranks (Moscovich & Nadler 2017, "Fast
calculation of boundary crossing probabilities for Poisson processes", Statistics & Probability Letters 123).
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from .arrays import is_whole, refuse_mask
from .protocols import Bools, Floats, Ints

_FROM_DIFFERENCE = 1e-9  # p-values down to which 1 - P(within) has digits


class Band(NamedTuple):
    """Bounds, inclusive, for the numbers of ranks that are at most 0, 1, ..., highest - 1: arrays (highest,)."""

    lower: Ints
    upper: Ints
    coverage: float  # the probability that all of N uniform ranks keep within: exact, and at least the level asked for


class Uniformity(NamedTuple):
    """How ranks compare with uniform ones: numbers, or arrays of the trailing shape of the ranks."""

    p_value: Floats  # the probability that uniform ranks stray as far, at any place
    place: Ints  # the rank i at which these stray farthest
    count: Ints  # type: ignore[assignment]  # how many are at most `place`


def ecdf_band(size: int, highest: int, level: float = 0.95) -> Band:
    """The `Band` of `size` ranks 0..highest that holds all counts at once with the probability `level`, or a bit more.

    It is the narrowest of the bands whose intervals have equal tails: counts are whole numbers, so only some
    coverages exist. Compare `rank_counts`. ValueError for no ranks, and for a level outside (0, 1).
    """
    if not 0 < level < 1:
        raise ValueError(f"a level lies between 0 and 1, not at {level}")
    table = _extremeness(*_checked(size, highest))
    candidates = np.unique(table)
    # The first is a band of everything. Narrower ones cover less: bisect for the last that covers enough.
    enough, too_little = 0, len(candidates)
    while too_little - enough > 1:
        middle = (enough + too_little) // 2
        if _probability_within(table >= candidates[middle]) >= level:
            enough = middle
        else:
            too_little = middle
    inside = table >= candidates[enough]
    lower, upper = _bounds(inside)
    return Band(lower, upper, _probability_within(inside))


def uniformity(ranks: ArrayLike, highest: int) -> Uniformity:
    """`Uniformity` of ranks 0..highest, shape (size, ...).

    Ranks leave the band of a level exactly where their p-value is at most 1 - level. For several quantities at once
    compare with (1 - level) / quantities (Bonferroni). p-values above 1e-9 are exact to 1e-12. Smaller ones are the
    probability to stray as far at that one place or its mirror image. ValueError for ranks that are not whole numbers
    from 0 to highest.
    """
    refuse_mask(ranks, "ranks")
    ranks = np.asarray(ranks)
    counts = rank_counts(ranks, highest)
    size, shape = len(ranks), counts.shape[1:]
    counts = counts.reshape(len(counts), -1)
    table = _extremeness(size, int(highest))
    extremeness = np.take_along_axis(table, counts, axis=1)
    place = extremeness.argmin(axis=0)
    quantities = np.arange(counts.shape[1])
    least = extremeness[place, quantities]
    p_value = [_p_value(table, value) for value in least]
    return Uniformity(
        *(np.reshape(values, shape)[()] for values in (np.minimum(p_value, 1), place, counts[place, quantities]))
    )


def _p_value(table: Floats, least: float) -> float:
    """The probability that uniform ranks come to a place of an extremeness of `least` or below."""
    p_value = 1 - _probability_within(table > least)
    # The difference is rounded to 1e-13. `least` is twice a tail, and the place's mirror image is as far out.
    return p_value if p_value > _FROM_DIFFERENCE else least


def rank_counts(ranks: ArrayLike, highest: int) -> Ints:
    """How many of the ranks, shape (size, ...), are at most 0, 1, ..., highest - 1: (highest, ...).

    Over the size: their empirical distribution function, but for its last value, which is 1.
    """
    refuse_mask(ranks, "ranks")
    ranks = np.asarray(ranks)
    size, highest = _checked(len(ranks), highest)
    if ranks.dtype.kind not in "iu" or ranks.min() < 0 or ranks.max() > highest:
        raise ValueError(f"ranks are whole numbers from 0 to {highest}")
    # Sorted, the ranks that are at most i end where i + 1 would stand.
    ordered = np.sort(ranks.reshape(size, -1), axis=0)
    places = np.arange(highest)
    counts = np.stack([np.searchsorted(column, places, side="right") for column in ordered.T], axis=1)
    return counts.reshape(highest, *ranks.shape[1:])


def _checked(size: int, highest: int) -> tuple[int, int]:
    for name, value in (("size", size), ("highest", highest)):
        if not is_whole(value) or value < 1:
            raise ValueError(f"{name} = {value!r} is not a whole number of at least 1")
    return int(size), int(highest)


@lru_cache(maxsize=4)
def _extremeness(size: int, highest: int) -> Floats:
    """Twice the smaller of P(R_i <= k) and P(R_i >= k): the lower, the farther out k is; (highest, size + 1)."""
    share = np.arange(1, highest + 1)[:, None] / (highest + 1)
    k = np.arange(size + 1)
    log_choose = _log_factorials(size)[size] - _log_factorials(size) - _log_factorials(size)[::-1]
    # 1 - share is share in reverse; so each tail is the mirror image of the other, to the last bit.
    at_most = np.cumsum(np.exp(log_choose + k * np.log(share) + k[::-1] * np.log(share[::-1])), axis=1)
    table = 2 * np.minimum(at_most, at_most[::-1, ::-1])
    table.flags.writeable = False
    return table


def _bounds(inside: Bools) -> tuple[Ints, Ints]:
    """The first and last count that is inside, for each i; `inside` is (highest, size + 1)."""
    return inside.argmax(axis=1), inside.shape[1] - 1 - inside[:, ::-1].argmax(axis=1)


def _probability_within(inside: Bools) -> float:
    """The probability that each count R_i of uniform ranks is one of those that are `inside`, (highest, size + 1)."""
    if not inside.any(axis=1).all():
        return 0.0
    highest, size = inside.shape[0], inside.shape[1] - 1
    step = _poisson(size / (highest + 1), size)
    lower, upper = _bounds(inside)
    first, reached = 0, np.ones(1)  # probabilities of the counts first, first + 1, ..., nothing counted yet
    for low, high in zip(lower, upper, strict=True):
        start = max(low, first)  # counts do not fall
        reached = np.convolve(reached, step[: high - first + 1])[start - first : high - first + 1]
        first = start
    last = step[size - first - np.arange(len(reached))]  # all others have the highest rank
    return float(reached @ last / _poisson(size, size)[size])


def _poisson(mean: float, largest: int) -> Floats:
    """Poisson probabilities of 0, 1, ..., largest."""
    return np.exp(np.arange(largest + 1) * np.log(mean) - mean - _log_factorials(largest))


def _log_factorials(largest: int) -> Floats:
    return np.cumsum(np.log(np.maximum(np.arange(largest + 1), 1)))
