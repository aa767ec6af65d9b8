"""Draws from the reedfrog models' priors, and of data given parameters."""

import math

import numba
import numpy as np
import pytest
from scipy import stats
from scipy.special import expit

import models

BUILDERS = {"mST": models.mST, "mSTnomem": models.mSTnomem, "mST_fixed(0.3)": lambda: models.mST_fixed(0.3)}
EVERY_MODEL = pytest.mark.parametrize("build", BUILDERS.values(), ids=BUILDERS)


@EVERY_MODEL
def test_simulated_positions_have_the_moments_of_the_prior(build):
    model = build()
    rng = np.random.default_rng(12)
    draws = np.array([model.simulate(rng, model.data) for _ in range(4000)])
    a_bar = draws[:, 48]
    assert moments_z(a_bar, 0.0, 1.5**2) < 4.0
    sigma = np.exp(draws[:, 49]) if model.name == "mST" else np.full(4000, model.data.sigma)
    for tank in (0, 47):
        assert moments_z((draws[:, tank] - a_bar) / sigma, 0.0, 1.0) < 4.0
    if model.name == "mST":
        assert abs(sigma.mean() - 1.0) < 4.0 / math.sqrt(4000)


def test_a_prior_of_wrong_spread_is_noticed():
    """Negative twin of the moments above."""
    assert moments_z(np.random.default_rng(1).normal(0.0, 1.65, 4000), 0.0, 1.5**2) > 4.0


def moments_z(normals, mean, variance):
    """The larger z-score of mean and variance of independent normal draws."""
    n = len(normals)
    of_mean = (normals.mean() - mean) / math.sqrt(variance / n)
    of_variance = (normals.var() - variance) / (variance * math.sqrt(2.0 / n))
    return max(abs(of_mean), abs(of_variance))


@EVERY_MODEL
def test_simulated_data_follow_the_intercepts_and_keep_the_design(build):
    model = build()
    rng = np.random.default_rng(3)
    position = np.linspace(-2.0, 2.0, model.dimension)
    sets = [model.simulate_data(position, model.data, rng) for _ in range(400)]
    assert all(type(data) is type(model.data) for data in sets)
    density, p = model.data.density, expit(position[:48])
    mean = np.mean([data.survived for data in sets], axis=0)
    z = (mean - density * p) / np.sqrt(density * p * (1.0 - p) / 400)
    assert np.sum(z**2) < stats.chi2.ppf(1.0 - 1e-4, 48)
    np.testing.assert_array_equal(sets[0].density, density)
    np.testing.assert_allclose(
        sets[0].log_coefficient,
        [math.log(math.comb(int(n), int(k))) for n, k in zip(density, sets[0].survived, strict=True)],
        rtol=1e-12,
        atol=1e-13,
    )


@EVERY_MODEL
def test_simulators_compile_and_draw_the_same(build):
    model = build()
    position = model.simulate(np.random.default_rng(4), model.data)
    compiled = numba.njit(model.simulate)(np.random.default_rng(4), model.data)
    np.testing.assert_array_equal(compiled, position)
    survived = model.simulate_data(position, model.data, np.random.default_rng(5)).survived
    compiled = numba.njit(model.simulate_data)(position, model.data, np.random.default_rng(5)).survived
    np.testing.assert_array_equal(compiled, survived)
