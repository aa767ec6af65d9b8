"""Bands of the ECDF of uniform ranks: their coverage is what they say, by enumeration, by recursion, by simulation."""

import itertools
from collections import Counter

import numpy as np
import pytest
from scipy import stats

from diagnostics import ecdf_band, rank_counts, uniformity


def within(band, counts):
    """Whether counts (highest, ...) keep within a band, (...)."""
    lower, upper = (bound.reshape(-1, *[1] * (counts.ndim - 1)) for bound in (band.lower, band.upper))
    return ((lower <= counts) & (counts <= upper)).all(axis=0)


def binomial_recursion(band, size):
    """The coverage of a band by the recursion of Säilynoja et al. (2022): R_i+1 - R_i given R_i = k is
    Binomial(size - k, (z_i+1 - z_i) / (1 - z_i)) at the evaluation points z_i.
    """
    highest = len(band.lower)
    z = np.arange(1, highest + 1) / (highest + 1)
    probability = {0: 1.0}
    previous = 0.0
    for point, low, high in zip(z, band.lower, band.upper, strict=True):
        share = (point - previous) / (1 - previous)
        reached = Counter()
        for k, mass in probability.items():
            counts = np.arange(max(low, k), high + 1)
            for count, step in zip(counts, stats.binom.pmf(counts - k, size - k, share), strict=True):
                reached[int(count)] += mass * step
        probability, previous = reached, point
    return sum(probability.values())


@pytest.mark.parametrize(("size", "highest"), [(1, 1), (3, 4), (6, 2), (5, 5)])
@pytest.mark.parametrize("level", [0.5, 0.9])
def test_coverage_is_that_of_all_possible_ranks(size, highest, level):
    every = np.array(list(itertools.product(range(highest + 1), repeat=size))).T
    band = ecdf_band(size, highest, level)
    assert within(band, rank_counts(every, highest)).mean() == pytest.approx(band.coverage, abs=1e-12)
    assert band.coverage >= level


@pytest.mark.parametrize(("size", "highest", "level"), [(20, 9, 0.5), (50, 19, 0.95), (100, 30, 0.99), (7, 40, 0.9)])
def test_coverage_is_that_of_the_published_recursion(size, highest, level):
    band = ecdf_band(size, highest, level)
    assert binomial_recursion(band, size) == pytest.approx(band.coverage, abs=1e-12)


@pytest.mark.parametrize(("size", "highest", "level"), [(200, 99, 0.95), (1000, 99, 0.8), (30, 7, 0.5)])
def test_uniform_ranks_keep_within_the_band_as_often_as_it_says(size, highest, level):
    band = ecdf_band(size, highest, level)
    ranks = np.random.default_rng(5).integers(0, highest + 1, size=(size, 10_000))
    kept = within(band, rank_counts(ranks, highest)).sum()
    assert stats.binomtest(int(kept), 10_000, band.coverage).pvalue > 1e-3
    # Discrete: no coverage between this band's and the next narrower one's exists. It is close where ranks are many.
    assert level <= band.coverage < level + (0.01 if size > 100 else 0.05)


def test_ranks_of_wrong_spread_do_not():
    """The negative twin: of 200 draws of a posterior that is 20% too narrow, more than half leave the band."""
    rng = np.random.default_rng(5)
    z = rng.normal(size=(200, 2000))
    ranks = np.floor(100 * stats.norm.cdf(1.2 * z)).astype(int)
    assert within(ecdf_band(200, 99, 0.95), rank_counts(ranks, 99)).mean() < 0.5


def test_a_wider_level_gives_a_wider_band_and_all_ranks_have_one():
    narrow, wide = ecdf_band(100, 19, 0.5), ecdf_band(100, 19, 0.999)
    assert (wide.lower <= narrow.lower).all()
    assert (wide.upper >= narrow.upper).all()
    assert (wide.upper > narrow.upper).any()


def test_the_band_is_the_same_seen_from_above():
    band = ecdf_band(150, 24, 0.9)
    assert band.lower.tolist() == (150 - band.upper[::-1]).tolist()


@pytest.mark.parametrize("level", [0.5, 0.9, 0.99])
def test_ranks_leave_the_band_exactly_where_their_p_value_says(level):
    rng = np.random.default_rng(2)
    ranks = rng.integers(0, 20, size=(60, 500))
    ranks[:, 250:] = rng.binomial(19, 0.45, size=(60, 250))  # far from uniform
    inside = within(ecdf_band(60, 19, level), rank_counts(ranks, 19))
    assert 0 < inside.sum() < 500
    assert (uniformity(ranks, 19).p_value > 1 - level).tolist() == inside.tolist()


def test_p_values_of_uniform_ranks_are_uniform_and_never_too_small():
    ranks = np.random.default_rng(3).integers(0, 100, size=(200, 2000))
    p_value = uniformity(ranks, 99).p_value
    assert stats.kstest(p_value, "uniform").pvalue > 1e-3
    for level in (0.01, 0.1, 0.5):
        assert stats.binomtest(int((p_value <= level).sum()), 2000, level, alternative="greater").pvalue > 1e-3


def test_p_values_are_those_of_all_possible_ranks():
    every = np.array(list(itertools.product(range(4), repeat=5))).T
    p_value = uniformity(every, 3).p_value
    shares = [(p_value <= p + 1e-12).mean() for p in p_value]
    assert shares == pytest.approx(p_value, abs=1e-12)


def test_a_tiny_p_value_is_neither_zero_nor_negative():
    everything_low = np.zeros((400, 1), dtype=int)
    exact = 2 * stats.binom.pmf(400, 400, 0.1) / 2  # all ranks 0: the one-sided tail of R_0
    p_value = uniformity(everything_low, 9).p_value[0]
    assert exact <= p_value * (1 + 1e-9) <= 2 * 9 * exact


@pytest.mark.parametrize("below", [100, 60, 58, 57, 30, 5, 0])
def test_p_values_of_two_ranks_are_those_of_the_binomial_test_however_small(below):
    """Ranks 0 and 1 are tosses of a coin: two tails, from 1 to 1e-60."""
    ranks = (np.arange(200) >= below).astype(int)
    exact = stats.binomtest(below, 200).pvalue
    tolerance = {"rel": 0.0, "abs": 1e-12} if exact > 2e-9 else {"rel": 1e-3, "abs": 0.0}  # 1e-12 of 1e-9
    assert uniformity(ranks, 1).p_value == pytest.approx(exact, **tolerance)


def test_where_ranks_stray_farthest_is_told():
    ranks = np.repeat(np.arange(10), 20)
    ranks[ranks == 4] = 3
    found = uniformity(ranks, 9)
    assert (found.place, found.count) == (3, 100)
    assert np.ndim(found.p_value) == 0


def test_counts_are_those_of_ranks_at_most_each_value():
    ranks = np.array([[0, 2], [3, 2], [1, 0], [3, 2]])
    assert rank_counts(ranks, 3).tolist() == [[1, 1], [2, 1], [2, 4]]
    assert rank_counts(ranks[:, 0], 3).tolist() == [1, 2, 2]


@pytest.mark.parametrize("ranks", [np.array([0, 4]), np.array([-1, 2]), np.array([0.0, 1.0])])
def test_what_are_no_ranks_is_refused(ranks):
    with pytest.raises(ValueError, match="ranks are whole numbers from 0 to 3"):
        uniformity(ranks, 3)


@pytest.mark.parametrize("arguments", [(0, 9), (10, 0), (10, 2.5), (10, 9, 0.0), (10, 9, 1.0)])
def test_what_has_no_band_is_refused(arguments):
    with pytest.raises(ValueError, match=r"size|highest|level"):
        ecdf_band(*arguments)
