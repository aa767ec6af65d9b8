"""The metric against NumPy's matrices."""

import numpy as np
import pytest

from hmc.sampler import metric

METRICS = pytest.mark.parametrize(
    "kind", [metric.DIAGONAL, metric.DENSE, metric.LOW_RANK], ids=["diagonal", "dense", "low_rank"]
)


@METRICS
def test_kick_adds_the_transposed_factor_times_the_gradient(quartic, kind):
    rng = np.random.default_rng(1)
    made = quartic.random_metric(rng, kind)
    momentum, gradient = rng.normal(size=(2, quartic.DIMENSION))
    expected = momentum + 0.7 * quartic.factor(made).T @ gradient
    metric.kick(made, momentum, gradient, 0.7)
    np.testing.assert_allclose(momentum, expected, rtol=0, atol=1e-14)


@METRICS
def test_drift_adds_the_factor_times_the_momentum(quartic, kind):
    rng = np.random.default_rng(2)
    made = quartic.random_metric(rng, kind)
    position, momentum = rng.normal(size=(2, quartic.DIMENSION))
    expected = position - 0.7 * quartic.factor(made) @ momentum
    metric.drift(made, position, momentum, -0.7)
    np.testing.assert_allclose(position, expected, rtol=0, atol=1e-14)


@METRICS
def test_velocities_of_drawn_momenta_have_the_inverse_metric_as_covariance(quartic, kind):
    # The momentum p_usual ~ normal(0, M) has the velocity M^-1 p_usual, whose covariance is M^-1 = L L'.
    rng = np.random.default_rng(3)
    made = quartic.random_metric(rng, kind)
    velocities = np.zeros((2000, quartic.DIMENSION))
    for velocity in velocities:
        metric.drift(made, velocity, rng.standard_normal(quartic.DIMENSION), 1.0)
    observed = np.cov(velocities.T)
    expected = quartic.inverse_metric(made)
    spread = np.sqrt((np.outer(np.diag(expected), np.diag(expected)) + expected**2) / 2000)
    assert np.abs((observed - expected) / spread).max() < 5  # 10 z-scores: beyond 5 once in 200,000 runs


@METRICS
def test_kinetic_energy_and_u_turn_criterion_are_the_same_in_both_coordinates(quartic, kind):
    rng = np.random.default_rng(4)
    made = quartic.random_metric(rng, kind)
    inverse_mass, factor = quartic.inverse_metric(made), quartic.factor(made)
    usual = rng.multivariate_normal(np.zeros(quartic.DIMENSION), np.linalg.inv(inverse_mass), size=8)
    whitened = usual @ factor  # p = L' r, a momentum a row
    velocities = usual @ inverse_mass
    np.testing.assert_allclose((whitened**2).sum(axis=1), (usual * velocities).sum(axis=1), rtol=1e-12)
    np.testing.assert_allclose(whitened @ whitened.sum(axis=0), velocities @ usual.sum(axis=0), rtol=1e-10)
    assert np.abs(usual @ usual.sum(axis=0) - whitened @ whitened.sum(axis=0)).max() > 0.1  # but not of momenta alone


@METRICS
def test_identity_leaves_gradients_and_momenta_as_they_are(kind):
    made = metric.identity(3, kind)
    momentum, position = np.zeros(3), np.zeros(3)
    metric.kick(made, momentum, np.array([1.0, 2.0, 3.0]), 2.0)
    metric.drift(made, position, np.array([1.0, 2.0, 3.0]), 2.0)
    assert momentum.tolist() == position.tolist() == [2, 4, 6]


@pytest.mark.parametrize("dimension", [1, 2, 3, 10, 40])
def test_factor_of_a_covariance_is_numpys_cholesky_factor(dimension):
    rng = np.random.default_rng(dimension)
    root = rng.normal(size=(dimension, dimension + 3))
    covariance = root @ root.T
    made = metric.identity(dimension, metric.DENSE)
    metric.set_from_covariance(made, covariance.copy())
    np.testing.assert_allclose(made.factor, np.linalg.cholesky(covariance), rtol=0, atol=1e-10)
    assert (made.factor_transposed == made.factor.T).all()


def test_only_the_lower_triangle_of_the_covariance_is_read():
    covariance = np.array([[4.0, 99.0], [2.0, 3.0]])
    made = metric.identity(2, metric.DENSE)
    metric.set_from_covariance(made, covariance)
    np.testing.assert_allclose(made.factor @ made.factor.T, [[4, 2], [2, 3]], rtol=1e-15)


@pytest.mark.parametrize(
    "covariance",
    [
        [[1.0, 0.0], [2.0, 1.0]],  # indefinite, found at the last pivot
        [[0.0, 0.0], [0.0, 1.0]],
        [[-1.0, 0.0], [0.0, 1.0]],
        [[1.0, 0.0], [np.nan, 1.0]],
        [[1.0, 0.0], [1.0, 1.0]],  # singular
    ],
)
def test_covariance_that_is_not_positive_definite_leaves_the_factor_as_it_was(covariance):
    made = metric.identity(2, metric.DENSE)
    metric.set_from_covariance(made, np.array([[4.0, 2.0], [2.0, 3.0]]))
    before = made.factor.copy()
    metric.set_from_covariance(made, np.array(covariance))
    assert (made.factor == before).all()
    assert (made.factor_transposed == before.T).all()


def test_infinite_covariance_does_not_make_the_factor_infinite():
    made = metric.identity(2, metric.DENSE)
    metric.set_from_covariance(made, np.array([[np.inf, 0.0], [0.0, 1.0]]))
    assert np.isfinite(made.factor).all()


@METRICS
def test_inverse_metric_factor_and_variances_tell_the_whole_truth(quartic, kind):
    made = quartic.random_metric(np.random.default_rng(5), kind)
    told = metric.inverse_metric(made)
    np.testing.assert_allclose(metric.factor(told), quartic.factor(made), rtol=0, atol=1e-14)
    np.testing.assert_allclose(metric.variances(told), np.diag(quartic.inverse_metric(made)), rtol=1e-14)
    if kind == metric.LOW_RANK:
        np.testing.assert_allclose(told.matrix(), quartic.inverse_metric(made), rtol=0, atol=1e-14)


def test_low_rank_metrics_of_several_chains_are_theirs():
    rng = np.random.default_rng(6)
    several = metric.LowRank(rng.uniform(1, 2, (3, 5)), rng.normal(size=(3, 2, 5)), rng.uniform(1, 2, (3, 2)))
    for chain in range(3):
        one = metric.LowRank(*(part[chain] for part in several))
        np.testing.assert_allclose(several.matrix()[chain], one.matrix(), rtol=1e-14)
        np.testing.assert_allclose(several.variances()[chain], np.diag(one.matrix()), rtol=1e-13)
