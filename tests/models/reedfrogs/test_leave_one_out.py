"""models.reedfrogs.leave_one_out: exact scores of tanks left out, where sigma is given."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy import special, stats

import models
from models.reedfrogs import leave_one_out
from models.reedfrogs.leave_one_out import known_sigma_looic
from tests.helpers.exact_sweep import exact_looic


def table(*tanks):
    """A data frame of tanks (density, survived)."""
    density, surv = zip(*tanks, strict=True)
    return pd.DataFrame({"density": density, "surv": surv, "pred": "no", "size": "big"})


def looic(sigma, *tanks):
    return known_sigma_looic(models.mST_fixed(sigma, table(*tanks)).data)


@pytest.mark.parametrize("sigma", [0.1, 0.6, 1.5, 3.0])
def test_the_lectures_tanks_are_scored_as_by_another_quadrature(sigma):
    assert known_sigma_looic(models.mST_fixed(sigma).data) == pytest.approx(exact_looic(sigma), abs=1e-7)


def by_other_nodes(sigma, *tanks):
    """The same by Gauss and Legendre's nodes, tank by tank, with SciPy's binomial."""
    nodes, weights = np.polynomial.legendre.leggauss(400)
    z, a_bar = 8.0 * nodes, 12.0 * nodes
    logit = a_bar[:, None] + sigma * z
    given = np.array(
        [stats.binom.pmf(k, n, special.expit(logit)) @ (8.0 * weights * stats.norm.pdf(z)) for n, k in tanks]
    )
    prior = 12.0 * weights * stats.norm.pdf(a_bar, 0.0, 1.5)
    whole = given.prod(axis=0) @ prior
    others = [np.delete(given, i, axis=0).prod(axis=0) @ prior for i in range(len(tanks))]
    return -2.0 * sum(math.log(whole / other) for other in others)


@pytest.mark.parametrize("tanks", [((10, 9), (25, 3)), ((5, 5), (5, 5)), ((40, 0), (3, 2)), ((7, 1),)], ids=str)
@pytest.mark.parametrize("sigma", [0.2, 1.0, 4.0])
def test_few_tanks_are_scored_as_by_other_nodes(sigma, tanks):
    assert looic(sigma, *tanks) == pytest.approx(by_other_nodes(sigma, *tanks), abs=1e-7)


@pytest.mark.parametrize("sigma", [0.1, 0.6, 3.0])
def test_twice_as_many_points_change_nothing(sigma, monkeypatch):
    scored = known_sigma_looic(models.mST_fixed(sigma).data)
    leave_one_out._looic.cache_clear()
    monkeypatch.setattr(leave_one_out, "_POINTS", 241)
    assert known_sigma_looic(models.mST_fixed(sigma).data) == pytest.approx(scored, rel=0, abs=1e-10)
    leave_one_out._looic.cache_clear()


def test_a_single_tank_is_predicted_by_the_prior():
    """With tadpoles enough its proportion says the logit itself, which is normal with both variances."""
    n, k, sigma = 1_000_000, 300_000, 0.8
    logit, spread = math.log(k / (n - k)), math.hypot(1.5, sigma)
    density = stats.norm.pdf(logit, 0.0, spread) / (n * (k / n) * (1 - k / n))
    assert looic(sigma, (n, k)) == pytest.approx(-2.0 * math.log(density), abs=1e-4)


def test_many_large_tanks_that_are_nearly_alike():
    """Their mean is then known to 1/1000: a normal, of which one tank more or less hardly tells."""
    tanks = ((10_000, 7_000),) * 500
    narrow = looic(0.01, *tanks)
    a_bar, nodes = math.log(7 / 3), np.linspace(-0.1, 0.1, 4001)
    z = np.linspace(-9.0, 9.0, 181)
    given = special.logsumexp(
        stats.binom.logpmf(7_000, 10_000, special.expit(a_bar + nodes[:, None] + 0.01 * z))
        + stats.norm.logpdf(z)
        + math.log(z[1] - z[0]),
        axis=1,
    )
    prior = stats.norm.logpdf(a_bar + nodes, 0.0, 1.5)
    one = special.logsumexp(500 * given + prior) - special.logsumexp(499 * given + prior)
    assert narrow == pytest.approx(-1000.0 * one, rel=1e-9)


def test_equal_tanks_have_equal_scores_in_any_order():
    tanks = ((10, 9), (25, 3), (10, 9))
    assert looic(1.0, *tanks) == pytest.approx(looic(1.0, *tanks[::-1]), abs=1e-10)


def test_a_tank_without_weight_is_in_no_sum():
    model = models.mST_fixed(1.3)
    rest = pd.read_csv(models.tables.BUNDLED / "reedfrogs.csv").drop(index=4)
    left = known_sigma_looic(model.without(4).data)
    assert left == pytest.approx(known_sigma_looic(models.mST_fixed(1.3, rest).data), abs=1e-10)
    assert abs(left - known_sigma_looic(model.data)) > 1.0  # or nothing was left out


def test_scores_of_the_tanks_seen_are_told_apart():
    """The negative twin: the density of a tank given all tanks, itself included, is far from the right score."""
    tanks = models.mST_fixed(5.0).data
    best = stats.binom.logpmf(tanks.survived, tanks.density, tanks.survived / tanks.density).sum()
    assert abs(known_sigma_looic(tanks) + 2.0 * best) > 100.0
    assert np.isfinite(best)
