"""Draws from the reedfrog models' priors, and of data given parameters."""

import math

import numpy as np
import pytest
from scipy import stats
from scipy.special import expit

from models import reedfrogs

KNOWN_SPREAD = {"mSTnomem": reedfrogs.mSTnomem, "mST_fixed(0.3)": lambda: reedfrogs.mST_fixed(0.3)}
LEARNED_SPREAD = {
    name: getattr(reedfrogs, name) for name in ("mST", "mSTP", "mSTD", "mSTG", "mSTPDG", "mSTnc", "mSTPnc")
}
EVERY_BUILDER = {**KNOWN_SPREAD, **LEARNED_SPREAD}
EVERY_MODEL = pytest.mark.parametrize("build", EVERY_BUILDER.values(), ids=EVERY_BUILDER)


def intercepts(model, positions):
    """a (..., 48) of positions (..., dimension)."""
    if not model.name.endswith("nc"):
        return positions[..., :48]
    return positions[..., 48:49] + np.exp(positions[..., 49:50]) * positions[..., :48]


@EVERY_MODEL
def test_simulated_positions_have_the_moments_of_the_prior(build):
    model = build()
    rng = np.random.default_rng(12)
    draws = np.array([model.simulate(rng, model.data) for _ in range(4000)])
    assert draws.shape == (4000, model.dimension)
    a, a_bar = intercepts(model, draws), draws[:, 48]
    assert moments_z(a_bar, 0.0, 1.5**2) < 4.0
    is_learned = model.name in LEARNED_SPREAD
    sigma = np.exp(draws[:, 49]) if is_learned else np.full(4000, model.data.sigma)
    for tank in (0, 47):
        assert moments_z((a[:, tank] - a_bar) / sigma, 0.0, 1.0) < 4.0
    if is_learned:
        assert abs(sigma.mean() - 1.0) < 4.0 / math.sqrt(4000)
    for slope in draws[:, 50:].T:
        assert moments_z(slope, 0.0, 0.5**2) < 4.0


@pytest.mark.parametrize("sd", [1.5, 0.5])
def test_a_prior_of_wrong_spread_is_noticed(sd):
    """Negative twin of the moments above: a standard deviation a tenth too large."""
    assert moments_z(np.random.default_rng(1).normal(0.0, 1.1 * sd, 4000), 0.0, sd**2) > 4.0


def moments_z(normals, mean, variance):
    """The larger z-score of mean and variance of independent normal draws."""
    n = len(normals)
    of_mean = (normals.mean() - mean) / math.sqrt(variance / n)
    of_variance = (normals.var() - variance) / (variance * math.sqrt(2.0 / n))
    return max(abs(of_mean), abs(of_variance))


def chi_square_of_survivors(sets, density, p):
    """Sum over tanks of the squared z-scores of mean survivors, of data sets drawn with probabilities p."""
    mean = np.mean([data.survived for data in sets], axis=0)
    return np.sum((mean - density * p) ** 2 / (density * p * (1.0 - p) / len(sets)))


CHI_SQUARE_LIMIT = stats.chi2.ppf(1.0 - 1e-4, 48)  # a false alarm in 10,000


@EVERY_MODEL
def test_simulated_data_follow_the_parameters_and_keep_the_design(build):
    model = build()
    rng = np.random.default_rng(3)
    position = np.linspace(-1.0, 1.0, model.dimension)
    sets = [model.simulate_data(position, model.data, rng) for _ in range(400)]
    assert all(type(data) is type(model.data) for data in sets)
    p = expit(intercepts(model, position) + position[50:] @ model.data.predictors)
    assert chi_square_of_survivors(sets, model.data.density, p) < CHI_SQUARE_LIMIT
    for data in sets[:2]:
        for field in set(model.data._fields) - {"survived", "log_coefficient"}:
            assert getattr(data, field) is getattr(model.data, field)
    np.testing.assert_allclose(
        sets[0].log_coefficient,
        [math.log(math.comb(int(n), int(k))) for n, k in zip(model.data.density, sets[0].survived, strict=True)],
        rtol=1e-12,
        atol=1e-13,
    )


def test_data_simulated_without_their_predictor_are_noticed():
    """Negative twin: survivors drawn as if no predator slope were there."""
    model = reedfrogs.mSTP()
    rng = np.random.default_rng(3)
    position = np.linspace(-1.0, 1.0, model.dimension)
    blind = np.append(position[:-1], 0.0)
    sets = [model.simulate_data(blind, model.data, rng) for _ in range(400)]
    p = expit(position[:48] + position[50] * model.data.predictors[0])
    assert chi_square_of_survivors(sets, model.data.density, p) > CHI_SQUARE_LIMIT
