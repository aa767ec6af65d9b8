"""models.reedfrogs.leave_one_out: exact scores of tanks left out, where sigma is given."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, stats

import models
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


def adaptive(sigma, *tanks):
    """The same by nested adaptive integration, tank by tank."""

    def probability(a_bar, density, survived):
        def term(z):
            return stats.norm.pdf(z) * stats.binom.pmf(survived, density, 1.0 / (1.0 + math.exp(-(a_bar + sigma * z))))

        return integrate.quad(term, -8.0, 8.0, points=[-2.0, 0.0, 2.0], epsabs=0, epsrel=1e-8)[0]

    def evidence(of):
        def term(a_bar):
            return stats.norm.pdf(a_bar, 0.0, 1.5) * math.prod(probability(a_bar, *tank) for tank in of)

        return integrate.quad(term, -9.0, 9.0, points=[-1.0, 0.0, 1.0], epsabs=0, epsrel=1e-7)[0]

    whole = evidence(tanks)
    others = (evidence([*tanks[:i], *tanks[i + 1 :]]) for i in range(len(tanks)))
    return -2.0 * sum(math.log(whole / other) for other in others)


@pytest.mark.parametrize(("sigma", "tanks"), [(0.2, ((10, 9), (25, 3))), (4.0, ((40, 0), (3, 2)))], ids=str)
def test_few_tanks_are_scored_as_by_adaptive_integration(sigma, tanks):
    assert looic(sigma, *tanks) == pytest.approx(adaptive(sigma, *tanks), abs=1e-5)


def test_a_single_tank_is_predicted_by_the_prior():
    """Beta-free: with tadpoles enough its proportion says the logit itself, which is Normal(0, 1.5 and sigma)."""
    n, k, sigma = 1_000_000, 300_000, 0.8
    logit, spread = math.log(k / (n - k)), math.hypot(1.5, sigma)
    density = stats.norm.pdf(logit, 0.0, spread) / (n * (k / n) * (1 - k / n))
    assert looic(sigma, (n, k)) == pytest.approx(-2.0 * math.log(density), abs=1e-4)


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
