"""Pareto k-hat of draws against an independent transcription of R's formulas, and against known tails."""

import math
from decimal import Decimal, localcontext

import numpy as np
import pytest
from scipy import stats

import diagnostics as d


def r_khat(draws, tail):
    """posterior's pareto_khat for draws without ties, one draw at a time."""
    values = sorted((-draws if tail == "left" else draws).ravel().tolist())
    size = len(values)
    efficiency = float(d.ess_tail(draws)) / size
    length = math.floor(3 * math.sqrt(size / efficiency) if size * efficiency > 225 else size / 5)
    if tail == "both":
        length = min(length, size // 2)
        return max(fitted(sorted((sign * draws).ravel().tolist()), length) for sign in (1, -1))
    return fitted(values, max(length, 5))


def fitted(values, length):
    """gpdfit with the weakly informative prior: Zhang and Stephens (2009), in loops."""
    x = [value - values[-length - 1] for value in values[-length:]]
    points = 30 + math.floor(math.sqrt(length))
    quartile = x[math.floor(length / 4 + 0.5) - 1]
    thetas = [1 / x[-1] + (1 - math.sqrt(points / (j - 0.5))) / 3 / quartile for j in range(1, points + 1)]
    logs = []
    for theta in thetas:
        k = math.fsum(math.log1p(-theta * value) for value in x) / length
        logs.append(length * (math.log(-theta / k) - k - 1))
    weights = [1 / math.fsum(math.exp(other - log) for other in logs) for log in logs]
    theta = math.fsum(t * w for t, w in zip(thetas, weights, strict=True))
    k = math.fsum(math.log1p(-theta * value) for value in x) / length
    return (k * length + 5) / (length + 10)


@pytest.mark.parametrize("tail", ["left", "right", "both"])
@pytest.mark.parametrize("name", ["iid_normal", "ar1_p09", "cauchy", "odd_draws", "one_chain"])
def test_k_hat_is_that_of_posterior(name, tail, r_draws):
    assert d.pareto_khat(r_draws[name], tail) == pytest.approx(r_khat(r_draws[name], tail), rel=1e-9)


@pytest.mark.parametrize("shape", [0.2, 0.5, 0.9, 1.5])
def test_k_hat_is_the_shape_of_the_tail(shape):
    x = stats.genpareto.rvs(shape, size=(4, 25_000), random_state=np.random.default_rng(3))
    # Its standard error is about (1 + k) / sqrt(950), of 950 draws in the tail; the prior moves it by 1% of the
    # way to 1/2.
    assert d.pareto_khat(x, "right") == pytest.approx(shape, abs=3 * (1 + shape) / math.sqrt(950))
    assert d.pareto_khat(-x, "left") == d.pareto_khat(x, "right")
    assert d.pareto_khat(x) == d.pareto_khat(x, "right")


def test_the_unit_does_not_matter():
    x = stats.t.rvs(3, size=(4, 500), random_state=np.random.default_rng(4))
    for unit in (2.0**-1000, 2.0**1000):
        assert d.pareto_khat(unit * x) == pytest.approx(d.pareto_khat(x), rel=1e-12)


def test_parameters_are_independent_and_edge_cases_are_nan():
    rng = np.random.default_rng(5)
    x = rng.normal(size=(4, 200, 4))
    x[1, 3, 1] = np.nan
    x[1, 3, 2] = np.inf
    x[:, :, 3] = 2.0
    found = d.pareto_khat(x)
    assert found[0] == d.pareto_khat(x[:, :, 0])
    assert np.isnan(found[1:]).all()
    assert np.isnan(d.pareto_khat(rng.normal(size=(1, 5))))
    assert np.isnan(d.pareto_khat(np.repeat([[0.0, 1.0]], 100, axis=1).reshape(2, 100)))  # both tails constant
    with pytest.raises(ValueError, match="tails both, left, right, not 'upper'"):
        d.pareto_khat(x, "upper")


def test_draws_needed():
    np.testing.assert_allclose(
        d.min_ss([-0.3, 0.0, 0.5, 0.7, 1.0, 2.0]), [10, 10, 100, 10 ** (1 / 0.3), np.inf, np.inf]
    )
    assert np.isnan(d.min_ss(np.nan))
    assert d.min_ss(0.5) == pytest.approx(100.0)


def decimal_rate(k, draws):
    """The formula of Appendix B in 60 digits."""
    with localcontext() as context:
        context.prec = 60
        k, size = Decimal(k), Decimal(draws)
        log = size.ln()
        b = 2 - 2 * k
        return float((b * (size - 1) - ((b * log).exp() - 1)) / ((size - 1) * -(((b - 1) * log).exp() - 1)))


@pytest.mark.parametrize("k", [0.01, 0.3, 0.49999, 0.5 + 1e-9, 0.7, 0.75, 0.9, 0.999999])
def test_the_rate_keeps_its_digits(k):
    for draws in (100, 4000, 10**6):
        assert d.convergence_rate(k, draws) == pytest.approx(decimal_rate(k, draws), rel=1e-7, abs=1e-9)


def test_the_rate_falls_from_1_to_0():
    rates = d.convergence_rate(np.linspace(-0.5, 1.5, 401), 4000)
    assert (np.diff(rates) <= 1e-12).all()
    assert rates[0] == d.convergence_rate(0.0, 4000) == 1.0
    assert rates[-1] == d.convergence_rate(1.0, 4000) == 0.0
    assert d.convergence_rate(0.5, 4000) == pytest.approx(4000 / 3999 - 1 / math.log(4000))
    assert d.convergence_rate(0.5 + 1e-7, 4000) == pytest.approx(d.convergence_rate(0.5, 4000), rel=1e-5)


@pytest.mark.parametrize("draws", [1, 0, -3, 1.5, np.inf, "many"])
def test_a_rate_needs_a_number_of_draws(draws):
    assert d.convergence_rate(0.5, 2) > 0
    with pytest.raises(ValueError, match="is not a whole number of at least 2"):
        d.convergence_rate(0.5, draws)
