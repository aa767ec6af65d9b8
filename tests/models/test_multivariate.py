"""Densities of vectors and their derivatives, against 60 decimal digits and SciPy."""

import math
from decimal import Decimal

import numpy as np
import pytest
from scipy import stats

from models.multivariate import categorical_logit, lkj_cholesky, multivariate_normal_cholesky
from tests.models.helpers import decimals
from tests.models.helpers.decimals import PI, value_and_derivatives

HALF = Decimal("0.5")
DIGITS = {"rtol": 1e-12, "atol": 1e-12}


def triangle(numbers, n):
    factor, numbers = [[Decimal(0)] * n for _ in range(n)], iter(numbers)
    for i in range(n):
        for j in range(i + 1):
            factor[i][j] = next(numbers)
    return factor


def normal(n):
    def formula(*numbers):
        x, factor = numbers[:n], triangle(numbers[n:], n)
        z, value = [], -n * HALF * (2 * PI).ln()
        for i in range(n):
            z.append((x[i] - sum(factor[i][j] * z[j] for j in range(i))) / factor[i][i])
            value -= HALF * z[i] ** 2 + factor[i][i].ln()
        return value

    return formula


def lkj(n):
    def formula(eta, *diagonal):
        value = Decimal(0)
        for k, element in enumerate(diagonal, start=1):
            value += (n - 1 - k + 2 * (eta - 1)) * element.ln() - HALF * k * PI.ln()
            value += decimals.lgamma(eta + HALF * (n - 1)) - decimals.lgamma(eta + HALF * (n - 1 - k))
        return value

    return formula


def softmax(choice):
    return lambda *logits: logits[choice] - sum(logit.exp() for logit in logits).ln()


def factors(n):
    rng = np.random.default_rng(n)
    for scale in (1e-3, 1.0, 1e4):
        factor = np.tril(rng.standard_normal((n, n)))
        factor[np.diag_indices(n)] = rng.uniform(0.5, 2.0, n)
        yield scale * factor, scale * rng.standard_normal(n)


@pytest.mark.parametrize("n", [1, 2, 5])
def test_multivariate_normal_has_the_digits(n):
    for factor, x in factors(n):
        d_x, d_factor = np.full(n, 7.0), np.full((n, n), 7.0)
        mean = np.zeros(n)
        value = multivariate_normal_cholesky(x, mean, factor, d_x, d_factor)
        below = np.tril_indices(n)
        exact, *slopes = value_and_derivatives(normal(n), [*x.tolist(), *factor[below].tolist()])
        np.testing.assert_allclose(value, exact, rtol=1e-12)
        size = np.abs(slopes).max()  # elements in which terms cancel have the error of the terms
        np.testing.assert_allclose(d_x, slopes[:n], rtol=1e-12, atol=1e-12 * size)
        np.testing.assert_allclose(d_factor[below], slopes[n:], rtol=1e-12, atol=1e-12 * size)
        assert (d_factor[np.triu_indices(n, 1)] == 7.0).all()  # left alone
        shifted = multivariate_normal_cholesky(x + 0.5, mean + 0.5, factor, d_x, d_factor)
        assert shifted == pytest.approx(stats.multivariate_normal(mean, factor @ factor.T).logpdf(x), rel=1e-8)


@pytest.mark.parametrize("n", [2, 3, 6])
@pytest.mark.parametrize("eta", [0.3, 1.0, 2.0, 50.0])
def test_lkj_has_the_digits(n, eta):
    diagonal = np.random.default_rng(n).uniform(0.05, 1.0, n - 1)
    factor, d_factor = np.diag([1.0, *diagonal]), np.empty((n, n))
    value, d_eta = lkj_cholesky(factor, eta, d_factor)
    exact, *slopes = value_and_derivatives(lkj(n), [eta, *diagonal.tolist()])
    np.testing.assert_allclose([value, d_eta, *np.diag(d_factor)[1:]], [exact, *slopes], **DIGITS)
    assert not (d_factor - np.diag(np.diag(d_factor))).any()


@pytest.mark.parametrize("eta", [0.7, 1.0, 4.0])
def test_lkj_integrates_to_one_and_has_its_known_correlation(eta):
    """For n = 2, r = 2 b - 1 with b ~ Beta(eta, eta)."""
    for r in np.linspace(-0.99, 0.99, 23):
        factor = np.array([[1.0, 0.0], [r, math.sqrt((1.0 - r) * (1.0 + r))]])
        value, _ = lkj_cholesky(factor, eta, np.empty((2, 2)))
        assert value == pytest.approx(
            stats.beta(eta, eta).logpdf(0.5 * (1.0 + r)) - math.log(2.0), rel=1e-11, abs=1e-12
        )


def test_lkj_of_three_integrates_to_one():
    """By the midpoint rule over the three elements below the diagonal."""
    n, total = 40, 0.0
    cut = (np.arange(n) + 0.5) / n * 2.0 - 1.0
    for a in cut:
        for b in cut:
            for c in cut:
                if b * b + c * c < 1.0:
                    factor = np.diag([1.0, math.sqrt(1.0 - a * a), math.sqrt(1.0 - b * b - c * c)])
                    total += math.exp(lkj_cholesky(factor, 3.0, np.empty((3, 3)))[0])
    assert total * (2.0 / n) ** 3 == pytest.approx(1.0, abs=2e-3)  # of the grid


@pytest.mark.parametrize("logits", [[0.0], [0.1, -0.4, 2.0], [700.0, -700.0, 699.0], [1e-9, 0.0, -1e-9, 3.0]])
def test_categorical_has_the_digits(logits):
    for choice in range(len(logits)):
        slopes = np.empty(len(logits))
        value = categorical_logit(choice, np.array(logits), slopes)
        np.testing.assert_allclose([value, *slopes], value_and_derivatives(softmax(choice), logits), **DIGITS)
    assert sum(math.exp(categorical_logit(k, np.array(logits), slopes)) for k in range(len(logits))) == pytest.approx(
        1.0
    )


def test_a_choice_that_is_almost_sure_keeps_its_digits():
    logits, slopes = [30.0, 0.0, -3.0], np.empty(3)
    value = categorical_logit(0, np.array(logits), slopes)
    np.testing.assert_allclose([value, *slopes], value_and_derivatives(softmax(0), logits), rtol=1e-14)


def test_where_there_is_no_density_it_is_0():
    one, room, slopes = np.eye(2), np.empty((2, 2)), np.empty(2)
    for bad in (0.0, -1.0, math.nan, math.inf):
        factor = np.array([[1.0, 0.0], [0.5, bad]])
        assert multivariate_normal_cholesky(np.zeros(2), np.zeros(2), factor, slopes, room) == -math.inf
        assert lkj_cholesky(factor, 1.5, room)[0] == -math.inf
        assert lkj_cholesky(one, bad, room)[0] == -math.inf
    assert categorical_logit(-1, np.zeros(2), slopes) == categorical_logit(2, np.zeros(2), slopes) == -math.inf
    assert multivariate_normal_cholesky(np.full(2, math.nan), np.zeros(2), one, slopes, room) == -math.inf
