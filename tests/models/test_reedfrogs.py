"""The reedfrog models against independent formulas, at extreme points, with and without the JIT."""

import math
from decimal import Decimal, localcontext

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.special import expit

import hmc
import models
from models.tables import BUNDLED

FROGS = pd.read_csv(BUNDLED / "reedfrogs.csv")
SMALL = pd.DataFrame({"density": [10, 25, 35], "pred": "no", "size": "big", "surv": [0, 25, 3]})
BUILDERS = {
    "mST": models.mST,
    "mSTnomem": models.mSTnomem,
    "mST_fixed(0.3)": lambda data=None: models.mST_fixed(0.3, data),
}
EVERY_MODEL = pytest.mark.parametrize("build", BUILDERS.values(), ids=BUILDERS)


def sigma_of(model, position):
    return math.exp(position[-1]) if model.name == "mST" else model.data.sigma


def reference(model, position, data):
    """The log posterior by scipy.stats."""
    n = len(data)
    a, a_bar, sigma = position[:n], position[n], sigma_of(model, position)
    value = stats.binom.logpmf(data.surv, data.density, expit(a)).sum()
    value += stats.norm.logpdf(a, a_bar, sigma).sum() + stats.norm.logpdf(a_bar, 0.0, 1.5)
    return value + (stats.expon.logpdf(sigma) + position[-1] if model.name == "mST" else 0.0)


@EVERY_MODEL
@pytest.mark.parametrize("data", [None, SMALL], ids=["bundled", "three tanks"])
def test_log_density_is_that_of_scipy(build, data, positions, relative_error):
    model = build(data)
    for position in positions(model):
        value, _ = model.evaluate(position)
        assert relative_error(value, reference(model, position, FROGS if data is None else data)) <= 1e-10


@EVERY_MODEL
def test_gradient_is_that_of_the_density(build, positions, gradient_error):
    model = build()
    assert max(gradient_error(model, position) for position in positions(model)) <= 1e-6


@pytest.mark.parametrize("component", [0, 47, 48, 49])
def test_a_gradient_of_wrong_sign_is_noticed(component, positions, gradient_error):
    """Negative twin: one component turned around, and the check above fails."""
    right = models.mST()

    class Broken:
        dimension = right.dimension

        def evaluate(self, position):
            value, gradient = right.evaluate(position)
            gradient[component] *= -1.0
            return value, gradient

    assert max(gradient_error(Broken(), position) for position in positions(right)) > 1e-3


def test_a_density_without_its_jacobian_is_noticed(positions, relative_error):
    """Negative twin of the comparison with scipy."""
    model = models.mST()
    position = positions(model)[0]
    value, _ = model.evaluate(position)
    assert relative_error(value - position[-1], reference(model, position, FROGS)) > 1e-10


@EVERY_MODEL
def test_extreme_positions_give_the_exact_density_or_minus_infinity(build, extreme_positions, relative_error):
    model = build()
    for position in extreme_positions(model.dimension):
        value, gradient = model.evaluate(position)
        exact = decimal_reference(model, position)
        if math.isfinite(value):
            assert relative_error(value, exact) <= 1e-10
            assert not np.isnan(gradient).any()
        else:
            # sigma itself is no float64 below exp(-708): there the density is given up as -inf.
            assert value == -math.inf
            assert exact == -math.inf or position[-1] < -708.0


def decimal_reference(model, position):
    """The log posterior in 60 digits; too large for a float64: -inf."""
    with localcontext() as context:
        context.prec = 60
        q = [Decimal(float(x)) for x in position]
        n = len(FROGS)
        log_sigma = q[-1] if model.name == "mST" else Decimal(model.data.sigma).ln()
        half_log_2pi = (2 * decimal_pi()).ln() / 2
        value = -((q[n] / Decimal("1.5")) ** 2) / 2 - Decimal("1.5").ln() - half_log_2pi
        value += log_sigma - log_sigma.exp() if model.name == "mST" else 0
        for x, survived, density in zip(q, FROGS.surv.tolist(), FROGS.density.tolist(), strict=False):
            tail = (-abs(x)).exp()
            softplus = (1 + tail).ln() if abs(x) < 60 else tail
            value += Decimal(math.comb(density, survived)).ln() - density * softplus
            value -= (density - survived) * max(x, Decimal(0)) + survived * max(-x, Decimal(0))
            value -= ((x - q[n]) / log_sigma.exp()) ** 2 / 2 + log_sigma + half_log_2pi
        return float(value)


def decimal_pi():
    return Decimal("3.14159265358979323846264338327950288419716939937510582097494459")


EXPRESSIONS = {"mST": "models.mST()", "mST_fixed": "models.mST_fixed(0.3)"}


@pytest.mark.parametrize("expression", EXPRESSIONS.values(), ids=EXPRESSIONS)
def test_compiled_and_interpreted_density_agree_bit_for_bit(
    expression, positions, extreme_positions, evaluated_without_the_jit
):
    model = eval(expression, {"models": models})
    points = [*positions(model)[::10], *list(extreme_positions(model.dimension))[::3]]
    values, gradients = evaluated_without_the_jit(expression, points)
    for point, value, gradient in zip(points, values, gradients, strict=True):
        compiled, compiled_gradient = model.evaluate(point)
        assert compiled == value
        if math.isfinite(value):  # where it is -inf, the gradient is unspecified
            np.testing.assert_array_equal(compiled_gradient, gradient)


def test_without_memory_is_sigma_one(positions):
    nomem, fixed, full = models.mSTnomem(), models.mST_fixed(1.0), models.mST()
    for position in positions(nomem)[:5]:
        value, gradient = nomem.evaluate(position)
        assert fixed.evaluate(position)[0] == value
        with_sigma, its_gradient = full.evaluate(np.append(position, 0.0))
        assert with_sigma == pytest.approx(value - 1.0, rel=1e-13)  # log Exponential(1 | rate 1) = -1
        np.testing.assert_allclose(its_gradient[:-1], gradient, rtol=1e-13)


def test_every_sigma_runs_on_the_same_compiled_code():
    one, other = models.mST_fixed(0.1), models.mST_fixed(5.0, SMALL)
    assert one.density()[0] is other.density()[0]


@EVERY_MODEL
def test_parameters_are_the_intercepts_their_mean_and_their_spread(build):
    model = build()
    expected = [("a", (48,), hmc.real), ("a_bar", (), hmc.real), ("sigma", (), hmc.positive)]
    assert [tuple(p) for p in model.parameters] == expected[: 3 if model.name == "mST" else 2]


def test_log_likelihood_is_the_binomial_of_each_tank():
    model = models.mST()
    position = np.linspace(-4.0, 4.0, 50)
    exact = stats.binom.logpmf(FROGS.surv, FROGS.density, expit(position[:48]))
    np.testing.assert_allclose(model.pointwise("log_likelihood", position), exact, rtol=1e-12)


def test_link_is_the_probability_of_survival():
    position = np.linspace(-4.0, 4.0, 50)
    np.testing.assert_allclose(models.mST().pointwise("link", position), expit(position[:48]), rtol=1e-14)


def test_a_users_own_data_are_taken(tmp_path):
    path = tmp_path / "frogs.csv"
    SMALL.to_csv(path)
    for data in (SMALL, path, str(path)):
        model = models.mST(data)
        assert model.dimension == 5
        assert model.data.survived.tolist() == [0.0, 25.0, 3.0]


@pytest.mark.parametrize("sigma", [0, -1.0, math.nan, math.inf, "wide", None])
def test_a_sigma_that_is_no_positive_number_is_refused(sigma):
    with pytest.raises(ValueError, match=rf"^mST_fixed: sigma = {sigma} is not a positive number$"):
        models.mST_fixed(sigma)


def test_bad_data_are_refused_before_anything_compiles(tmp_path):
    with pytest.raises(ValueError, match=r"^reedfrogs: row 2: surv = 26 is more than density = 25$"):
        models.mST(SMALL.assign(surv=[0, 26, 3]))
    with pytest.raises(ValueError, match=r"^reedfrogs: row 1: density = 0 is less than 1$"):
        models.mSTnomem(SMALL.assign(density=[0, 25, 35]))
    with pytest.raises(ValueError, match=r"^reedfrogs: row 3: pred = yes is not one of no, pred$"):
        models.mST(SMALL.assign(pred=["no", "no", "yes"]))
    with pytest.raises(ValueError, match=r"^reedfrogs: row 1: size = huge is not one of big, small$"):
        models.mST(SMALL.assign(size=["huge", "big", "big"]))
