"""Draws from the prior of the cafes' model, and of waits given parameters."""

import math

import numpy as np
from scipy import stats

from models.cafes import cafes


def test_simulated_positions_have_the_moments_of_the_prior():
    model = cafes()
    rng = np.random.default_rng(12)
    draws = np.array([model.simulate(rng, model.data) for _ in range(4000)])
    assert max(moments_z(z, 0.0, 1.0) for z in draws[:, :5].T) < 4.0
    assert moments_z(draws[:, 5], 2.0, 0.25) < 4.0
    assert abs(np.exp(draws[:, 6]).mean() - 0.1) < 4.0 * 0.1 / math.sqrt(4000)


def test_a_prior_of_wrong_spread_is_noticed():
    """Negative twin of the moments above."""
    assert moments_z(np.random.default_rng(1).normal(2.0, 0.55, 4000), 2.0, 0.25) > 4.0


def moments_z(normals, mean, variance):
    """The larger z-score of mean and variance of independent normal draws."""
    n = len(normals)
    of_mean = (normals.mean() - mean) / math.sqrt(variance / n)
    of_variance = (normals.var() - variance) / (variance * math.sqrt(2.0 / n))
    return max(abs(of_mean), abs(of_variance))


def test_simulated_data_follow_the_parameters_and_keep_the_design():
    model, rng = cafes(), np.random.default_rng(3)
    position = np.array([-1.0, 2.0, 0.0, 0.5, -0.5, 1.5, math.log(0.6)])
    sets = [model.simulate_data(position, model.data, rng) for _ in range(400)]
    assert chi_square_of_waits(sets, rates(position)) < CHI_SQUARE_LIMIT
    quicker = np.where(np.arange(7) == 1, 1.8, position)  # negative twin: cafe 2 is a tenth quicker
    assert chi_square_of_waits(sets, rates(quicker)) > CHI_SQUARE_LIMIT
    for data in sets[:2]:
        assert data.cafe is model.data.cafe
        assert data.weight is model.data.weight
        factorials = [math.log(math.factorial(int(wait))) for wait in data.wait]
        np.testing.assert_allclose(data.log_factorial, factorials, rtol=1e-12, atol=1e-13)


CHI_SQUARE_LIMIT = stats.chi2.ppf(1.0 - 1e-4, 20)  # a false alarm in 10,000


def rates(position):
    """The mean wait of each visit."""
    a = position[5] + position[:5] * math.exp(position[6])
    return np.exp(a[cafes().data.cafe])


def chi_square_of_waits(sets, mean):
    """Sum over visits of the squared z-scores of the mean wait."""
    return np.sum((np.mean([data.wait for data in sets], axis=0) - mean) ** 2 / (mean / len(sets)))
