"""LOO-PIT and R2 of normal data with a known variance, whose leave-one-out predictions are known exactly."""

import numpy as np
import pytest
from scipy import stats

import diagnostics as d

N, SIGMA = 40, 1.5


class Normal:
    """Independent draws of the mean of N normal observations under a flat prior."""

    def __init__(self, count=N, width=1.0):
        rng = np.random.default_rng(1)
        self.y = rng.normal(2.0, SIGMA, size=count)
        self.mean = rng.normal(self.y.mean(), SIGMA / np.sqrt(count), size=(4, 5000, 1)) * np.ones(count)
        self.predicted = rng.normal(self.mean, width * SIGMA)
        self.log_lik = stats.norm.logpdf(self.y, self.mean, SIGMA)
        others = (self.y.sum() - self.y) / (count - 1)
        self.exact_pit = stats.norm.cdf(self.y, others, SIGMA * np.sqrt(1 + 1 / (count - 1)))


# 4 Monte Carlo errors, of weights worth 15,000 draws.
TOLERANCE = 4 * 0.5 / np.sqrt(15_000)


@pytest.mark.parametrize("count", [12, N])
def test_pit_is_the_exact_one(count):
    fit = Normal(count)
    assert np.abs(d.loo_pit(fit.y, fit.predicted, fit.log_lik) - fit.exact_pit).max() < TOLERANCE


def test_the_pit_with_the_observation_in_it_is_another():
    """Negative twin: without weights, as if the log likelihood were the same in all draws."""
    fit = Normal(12)
    assert np.abs(d.loo_pit(fit.y, fit.predicted, 0.0 * fit.log_lik) - fit.exact_pit).max() > TOLERANCE


def test_pit_of_a_right_model_is_uniform():
    fit = Normal()
    ranks = np.minimum(100 * d.loo_pit(fit.y, fit.predicted, fit.log_lik), 99).astype(int)
    assert d.uniformity(ranks, 99).p_value > 0.01


def test_predictions_that_are_too_narrow_are_not_uniform():
    fit = Normal(width=0.3)
    ranks = np.minimum(100 * d.loo_pit(fit.y, fit.predicted, fit.log_lik), 99).astype(int)
    assert d.uniformity(ranks, 99).p_value < 1e-3


def test_of_ties_a_share_is_drawn():
    rng = np.random.default_rng(2)
    y = rng.poisson(3.0, size=200)
    log_lik = np.zeros((2, 500, 200))  # the same in all draws: no weights
    predicted = rng.poisson(3.0, size=log_lik.shape)
    found = d.loo_pit(y, predicted, log_lik, seed=3)
    below, up_to = (predicted < y).mean(axis=(0, 1)), (predicted <= y).mean(axis=(0, 1))
    assert ((below <= found) & (found <= up_to + 1e-12)).all()
    assert stats.kstest(found, "uniform").pvalue > 0.01
    np.testing.assert_array_equal(found, d.loo_pit(y, predicted, log_lik, seed=3))
    assert (found != d.loo_pit(y, predicted, log_lik, seed=4)).any()


def test_what_is_not_finite_is_nan_and_shapes_are_checked():
    fit = Normal()
    fit.log_lik[0, 0, 3] = np.nan
    fit.predicted[0, 0, 4] = np.inf
    found = d.loo_pit(fit.y, fit.predicted, fit.log_lik)
    assert np.flatnonzero(np.isnan(found)).tolist() == [3, 4]
    with pytest.raises(ValueError, match=r"predictions need the shape of the log likelihoods, \(4, 5000, 40\)"):
        d.loo_pit(fit.y, fit.predicted[:, :9], fit.log_lik)
    with pytest.raises(ValueError, match=r"expected values need the shape of the log likelihoods"):
        d.loo_r2(fit.y[:3], fit.predicted, fit.log_lik)
    with pytest.raises(ValueError, match=r"residual variances need the shape \(4, 5000\), not \(4, 9\)"):
        d.bayes_r2(fit.mean, np.ones((4, 9)))


def test_r2_is_explained_over_all_variance():
    expected = np.array([[[1.0, 2.0, 3.0], [0.0, 0.0, 0.0]]])
    np.testing.assert_allclose(d.bayes_r2(expected, [[1.0, 2.0]]), [[0.5, 0.0]])
    assert np.isnan(d.bayes_r2(expected[:, :, :1], [[1.0, 2.0]])).all()


@pytest.mark.parametrize("slope", [0.0, 1.5])
def test_loo_r2_is_that_of_exact_leave_one_out(slope):
    """Regression through the origin with a known variance: what the others predict is known."""
    rng = np.random.default_rng(5)
    x = rng.normal(size=N)
    y = slope * x + rng.normal(size=N)
    posterior = rng.normal(x @ y / (x @ x), 1 / np.sqrt(x @ x), size=(4, 5000, 1))
    found = d.loo_r2(y, posterior * x, stats.norm.logpdf(y, posterior * x, 1.0), seed=1)
    error = (x @ y - x * y) / (x @ x - x * x) * x - y
    shares = rng.dirichlet(np.ones(N), size=4000)
    exact = 1 - weighted_variance(shares, error) / weighted_variance(shares, y)
    assert found.mean() == pytest.approx(exact.mean(), abs=5 * exact.std() / np.sqrt(2000))
    assert found.std() == pytest.approx(exact.std(), rel=0.1)
    assert (found.mean() > 0.3) == (slope > 0)
    with_itself = 1 - np.var(x @ y / (x @ x) * x - y) / np.var(y)
    assert with_itself > found.mean()  # the negative twin: an observation predicts itself too well


@pytest.mark.parametrize(("value", "shown"), [(np.nan, "NaN"), (np.inf, r"\+inf"), (-np.inf, "-inf")])
def test_the_cell_that_leaves_no_loo_r2_is_named(value, shown):
    fit = Normal(12)
    fit.log_lik[1, 7, 4] = value
    with pytest.warns(UserWarning, match=f"^the log likelihood of observation 5 is {shown} in 1 of 20000 draws"):
        assert np.isnan(d.loo_r2(fit.y, fit.mean, fit.log_lik, draws=9)).all()


def weighted_variance(shares, values):
    return np.array([np.cov(values, aweights=row, bias=True) for row in shares])


def test_r2_of_what_does_not_vary():
    """0 of equal expectations, exactly; NaN where the residuals do not vary either; never of a negative variance."""
    expected, one = np.full((1, 2, 30), 0.1), np.ones((1, 2))
    assert d.bayes_r2(expected, one).tolist() == [[0.0, 0.0]]
    assert np.isnan(d.bayes_r2(expected, 0 * one)).all()
    assert d.bayes_r2(expected + np.arange(30.0), 0 * one).tolist() == [[1.0, 1.0]]
    with pytest.raises(ValueError, match=r"a residual variance is negative: -1\.0"):
        d.bayes_r2(expected, -one)


@pytest.mark.parametrize("draws", [0, -1, 1.5, "many", True])
def test_the_draws_of_loo_r2_are_a_whole_number(draws):
    fit = Normal()
    with pytest.raises(ValueError, match="is not a whole number of at least 1"):
        d.loo_r2(fit.y, fit.predicted, fit.log_lik, draws=draws)
