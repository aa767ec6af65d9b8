"""The demonstrations are computed right: the quadrature against exact posteriors, and against finer grids."""

import numpy as np
import pytest

import models
from figures.cafes import learning
from figures.tadpoles import superstitions


def test_the_posterior_of_all_tanks_is_the_exact_one():
    exact, quantiles = models.exact_posterior("mST"), models.exact.exact_quantiles("mST")
    tanks = models.mST().data
    found = superstitions.posterior(tanks.survived.astype(int), tanks.density.astype(int))
    np.testing.assert_allclose(found.interval(), quantiles["sigma"], atol=0.01)
    sigma = np.exp(superstitions.LOG_SIGMA)
    assert np.average(sigma, weights=found.density) == pytest.approx(exact["sigma"][0], abs=1e-3)
    assert np.average(sigma, weights=found.density**0.5) != pytest.approx(exact["sigma"][0], abs=1e-3)  # the twin


def test_a_finer_grid_gives_the_same(monkeypatch):
    survived, density = np.array([3, 9, 10, 20]), np.array([10, 10, 25, 25])
    found = superstitions.posterior(survived, density)
    monkeypatch.setattr(superstitions, "A_BAR", np.linspace(-6.0, 8.0, 141))
    monkeypatch.setattr(superstitions, "Z", np.linspace(-8.0, 8.0, 129))
    superstitions._tank.cache_clear()
    finer = superstitions.posterior(survived, density)
    superstitions._tank.cache_clear()
    np.testing.assert_allclose(found.interval(), finer.interval(), rtol=2e-3)
    np.testing.assert_allclose(found.survival, finer.survival, atol=1e-3)


def test_learning_curves_do_not_depend_on_the_grid(monkeypatch):
    found = learning.curves()
    monkeypatch.setattr(learning, "NODES", 21)
    learning.curves.cache_clear()
    finer = learning.curves()
    learning.curves.cache_clear()
    np.testing.assert_allclose(found.memory, finer.memory, rtol=0.02)
    np.testing.assert_allclose(found.amnesia, finer.amnesia, rtol=0.02)
    np.testing.assert_array_equal(found.average, finer.average)
