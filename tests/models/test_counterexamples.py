"""Models that fail on purpose are right in their densities, gradients and simulations; only sampling is hard."""

import numpy as np
import pytest
from scipy import integrate, stats

import hmc
import models
from figures.sampler import schools as pictures
from models.schools import EFFECTS, ERRORS

EVERY = pytest.mark.parametrize("name", models.counterexamples())


def test_they_are_listed_apart_and_built_under_their_names():
    assert models.counterexamples() == ["schools", "schools_nc", "mru_normal"]
    assert not set(models.counterexamples()) & set(models.names())
    for name in models.counterexamples():
        assert models.build(name).name == name
        assert len(models.describe(name).formula.splitlines()) > 3
        assert name in models.__all__


@EVERY
def test_gradients_are_those_of_central_differences(name):
    model, rng = models.build(name), np.random.default_rng(5)
    for _ in range(20):
        at = rng.normal(size=model.dimension)
        _, gradient = model.evaluate(at)
        steps = 1e-6 * np.eye(at.size)
        differences = [(model.evaluate(at + step)[0] - model.evaluate(at - step)[0]) / 2e-6 for step in steps]
        np.testing.assert_allclose(gradient, differences, rtol=1e-5, atol=2e-5)


def _log_density_of_schools(theta, mu, tau):
    """Without the Jacobian."""
    return (
        stats.norm.logpdf(EFFECTS, theta, ERRORS).sum()
        + stats.norm.logpdf(mu, 0.0, 5.0)
        + stats.halfcauchy.logpdf(tau, scale=5.0)
    )


@pytest.mark.parametrize("log_tau", [-3.0, 0.2, 4.0])
def test_densities_of_the_schools_are_their_formulas(log_tau):
    rng = np.random.default_rng(2)
    tau, mu, z = np.exp(log_tau), rng.normal(0.0, 5.0), rng.normal(size=8)
    theta = mu + tau * z
    common = _log_density_of_schools(theta, mu, tau) + log_tau
    centred = models.schools().evaluate(np.array([*theta, mu, log_tau]))[0]
    assert centred == pytest.approx(common + stats.norm.logpdf(theta, mu, tau).sum(), rel=1e-12)
    noncentred = models.schools_nc().evaluate(np.array([*z, mu, log_tau]))[0]
    assert noncentred == pytest.approx(common + stats.norm.logpdf(z).sum(), rel=1e-12)


def test_the_density_of_mru_normal_is_that_of_mru_but_for_the_prior_of_bux():
    single, twofold = models.mru(), models.mru_normal()
    at = np.random.default_rng(3).normal(size=single.dimension)
    place = at.size - 2
    bux = np.exp(at[place])
    other = at.copy()
    other[place] = bux
    without_prior = single.evaluate(at)[0] - stats.expon.logpdf(bux) - at[place]
    assert twofold.evaluate(other)[0] == pytest.approx(without_prior + stats.norm.logpdf(bux), rel=1e-12)


def test_mru_normal_is_the_same_in_the_mirror_and_mru_is_not():
    twofold = models.mru_normal()
    n = twofold.data.Z.size
    at = np.random.default_rng(4).normal(size=twofold.dimension)
    mirrored = at.copy()
    for places in (slice(n, 2 * n), 2 * n + 2, 2 * n + 6):  # u, buy, bux
        mirrored[places] *= -1.0
    assert twofold.evaluate(mirrored)[0] == pytest.approx(twofold.evaluate(at)[0], abs=1e-10)
    assert models.mru().evaluate(mirrored)[0] != pytest.approx(models.mru().evaluate(at)[0], abs=1.0)


def _density_of_log_tau(log_tau):
    """By integrating over mu numerically; theta is integrated out, not normalised."""
    tau = np.exp(log_tau)

    def over_mu(mu):
        likelihood = stats.norm.pdf(EFFECTS, mu, np.hypot(ERRORS, tau)).prod()
        return likelihood * stats.norm.pdf(mu, 0.0, 5.0)

    return integrate.quad(over_mu, -40.0, 60.0)[0] * stats.halfcauchy.pdf(tau, scale=5.0) * tau


def test_the_exact_density_of_log_tau_is_the_integral():
    density = pictures.exact_density()
    at = [np.argmin(abs(pictures.LOG_TAU - value)) for value in (-4.0, -1.0, 1.0, 2.5)]
    found = np.array([_density_of_log_tau(pictures.LOG_TAU[i]) for i in at])
    np.testing.assert_allclose(found / found[0], density[at] / density[at[0]], rtol=1e-6)


def test_the_noncentred_schools_agree_with_the_exact_density_and_the_centred_do_not():
    fits = {
        name: hmc.sample(models.build(name), seed=3, workers=1, progress=False, **models.sampling(name))
        for name in ("schools", "schools_nc")
    }
    exact = pictures.exact_share()
    assert abs(pictures.share(fits["schools_nc"]) - exact) < 0.03
    assert pictures.share(fits["schools"]) < exact - 0.04


@EVERY
def test_simulated_data_are_fitted_by_the_same_model(name):
    model, rng = models.build(name), np.random.default_rng(6)
    position = model.simulate(rng, model.data)
    assert position.shape == (model.dimension,)
    data = model.simulate_data(position, model.data, rng)
    assert type(data) is type(model.data)
    assert np.isfinite(model.evaluate(position)[0])


def test_settings_of_sampling_are_those_that_a_model_needs():
    assert models.sampling("cafes") == {"target_accept": 0.95}
    assert models.sampling("mST") == models.sampling("own.py:model") == {}
    models.sampling("cafes")["target_accept"] = 0.5
    assert models.sampling("cafes") == {"target_accept": 0.95}  # a copy
