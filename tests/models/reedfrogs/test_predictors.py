"""How the tadpole models relate: their parameters, their compiled code, centred and non-centred coordinates."""

import itertools
import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import hmc
from models import reedfrogs

A, Z, A_BAR, SIGMA = (
    ("a", (48,), hmc.real),
    ("z", (48,), hmc.real),
    ("a_bar", (), hmc.real),
    ("sigma", (), hmc.positive),
)
SLOPES = {
    "mST": (),
    "mSTP": ("bP",),
    "mSTD": ("bD",),
    "mSTG": ("bG",),
    "mSTPDG": ("bP", "bD", "bG", "bPG"),
    "mSTnc": (),
    "mSTPnc": ("bP",),
}
PAIRS = pytest.mark.parametrize(("centred", "noncentred"), [("mST", "mSTnc"), ("mSTP", "mSTPnc")])


def build(name, data=None):
    return getattr(reedfrogs, name)(data)


@pytest.mark.parametrize("name", SLOPES)
def test_parameters_are_the_intercepts_their_mean_their_spread_and_the_slopes(name):
    slopes = [(slope, (), hmc.real) for slope in SLOPES[name]]
    model = build(name)
    assert model.name == name
    assert [tuple(p) for p in model.parameters] == [Z if name.endswith("nc") else A, A_BAR, SIGMA, *slopes]


def test_with_sigma_known_there_are_only_the_intercepts_and_their_mean():
    for model in (reedfrogs.mSTnomem(), reedfrogs.mST_fixed(0.3)):
        assert [tuple(p) for p in model.parameters] == [A, A_BAR]


@pytest.mark.parametrize("names", [("mST", "mSTP", "mSTD", "mSTG", "mSTPDG"), ("mSTnc", "mSTPnc")])
def test_models_in_the_same_coordinates_run_on_the_same_compiled_code(names):
    densities = [build(name).density()[0] for name in names]
    assert all(density is densities[0] for density in densities)


def test_every_sigma_runs_on_the_same_compiled_code():
    small = pd.DataFrame({"density": [10, 25], "pred": "no", "size": "big", "surv": [0, 25]})
    one, other = reedfrogs.mST_fixed(0.1), reedfrogs.mST_fixed(5.0, small)
    assert one.density()[0] is other.density()[0]


@PAIRS
def test_centred_and_noncentred_densities_differ_by_the_jacobian_of_the_intercepts(centred, noncentred, positions):
    """a = a_bar + z sigma: the density of z is that of a times sigma^48."""
    centred, noncentred = build(centred), build(noncentred)
    for position in positions(noncentred):
        value = noncentred.evaluate(position)[0]
        at_a = np.concatenate([noncentred.derived(position, noncentred.data)["a"], position[48:]])
        exact = centred.evaluate(at_a)[0] + 48 * position[49]
        # (a - a_bar) / sigma gives z back with an error of 2e-16 a / sigma; a prior sigma may be a hundredth of a.
        assert value == pytest.approx(exact, rel=1e-11)


def test_coordinates_without_their_jacobian_are_noticed(positions):
    """Negative twin of the change of variables."""
    centred, noncentred = build("mST"), build("mSTnc")
    for position in positions(noncentred)[:10]:
        at_a = np.concatenate([noncentred.derived(position, noncentred.data)["a"], position[48:]])
        assert noncentred.evaluate(position)[0] != pytest.approx(centred.evaluate(at_a)[0], rel=1e-6)


@PAIRS
def test_centred_and_noncentred_models_say_the_same_of_each_tank(centred, noncentred, positions):
    centred, noncentred = build(centred), build(noncentred)
    for position in positions(noncentred)[::10]:
        at_a = np.concatenate([noncentred.derived(position, noncentred.data)["a"], position[48:]])
        for role in ("log_likelihood", "link"):
            np.testing.assert_allclose(noncentred.pointwise(role, position), centred.pointwise(role, at_a), rtol=1e-12)


def test_derived_intercepts_are_the_mean_and_so_many_standard_deviations():
    position = np.linspace(-2.0, 2.0, 51)
    a = build("mSTPnc").derived(position, build("mSTPnc").data)["a"]
    np.testing.assert_allclose(a, position[48] + math.exp(position[49]) * position[:48], rtol=1e-14)


@pytest.mark.parametrize("name", [name for name in SLOPES if name not in ("mST", "mSTnc")])
def test_without_slopes_a_model_with_predictors_is_the_one_without(name, positions):
    model, plain = build(name), build("mSTnc" if name.endswith("nc") else "mST")
    n_slopes = len(SLOPES[name])
    prior = n_slopes * stats.norm.logpdf(0.0, 0.0, 0.5)
    for position in positions(plain)[::10]:
        value, gradient = model.evaluate(np.append(position, np.zeros(n_slopes)))
        plain_value, plain_gradient = plain.evaluate(position)
        assert value == pytest.approx(plain_value + prior, rel=1e-13)
        np.testing.assert_array_equal(gradient[:50], plain_gradient)


@pytest.mark.parametrize("name", ["mSTPDG", "mSTPnc"])
def test_a_tank_left_out_takes_its_log_likelihood_with_it(name, positions):
    model = build(name)
    without = model.without([0, 40])
    for position in positions(model)[::10]:
        taken = model.pointwise("log_likelihood", position)[[0, 40]].sum()
        value, gradient = without.evaluate(position)
        assert value == pytest.approx(model.evaluate(position)[0] - taken, rel=1e-12)
        if name == "mSTPDG":  # what remains of the intercept's gradient is its prior's
            variance = math.exp(2.0 * position[49])
            assert gradient[40] == pytest.approx((position[48] - position[40]) / variance, rel=1e-12)


@pytest.mark.parametrize("name", ["mST", "mSTPDG", "mSTPnc"])
def test_a_logit_that_overflows_gives_minus_infinity_even_without_its_tank(name):
    model = build(name).without(0)
    position = np.zeros(model.dimension)
    for a, log_sigma in itertools.product((1e308, -1e308), (0.0, 700.0)):
        position[0], position[49] = a, log_sigma
        assert model.evaluate(position)[0] == -math.inf


def test_simulated_predictors_are_those_of_the_data():
    model = build("mSTPDG")
    data = model.simulate_data(np.zeros(model.dimension), model.data, np.random.default_rng(1))
    assert data.predictors is model.data.predictors
