"""The reedfrog models against independent formulas, and at extreme points."""

import math
from decimal import Decimal, localcontext

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.special import expit

from models import reedfrogs
from models.tables import BUNDLED
from tests.models.helpers.broken import WrongSign

FROGS = pd.read_csv(BUNDLED / "reedfrogs.csv")
SMALL = pd.DataFrame(
    {
        "density": [10, 25, 35, 9],
        "pred": ["no", "pred", "pred", "pred"],
        "size": ["big", "big", "small", "big"],
        "surv": [0, 25, 3, 4],
    }
)
KNOWN_SPREAD = {"mSTnomem": reedfrogs.mSTnomem, "mST_fixed(0.3)": lambda data=None: reedfrogs.mST_fixed(0.3, data)}
CENTRED = {name: getattr(reedfrogs, name) for name in ("mST", "mSTP", "mSTD", "mSTG", "mSTPDG")}
NONCENTRED = {name: getattr(reedfrogs, name) for name in ("mSTnc", "mSTPnc")}
BUILDERS = {**KNOWN_SPREAD, **CENTRED, **NONCENTRED}
EVERY_MODEL = pytest.mark.parametrize("build", BUILDERS.values(), ids=BUILDERS)


def predictors(model, data):
    """What the model's slopes multiply: a list of arrays."""
    p, big = np.where(data.pred == "pred", 1.0, 0.0), np.where(data["size"] == "big", 1.0, 0.0)
    z = (data.density - data.density.mean()) / data.density.std()  # pandas divides by n - 1
    used = {"mSTP": (p,), "mSTPnc": (p,), "mSTD": (z,), "mSTG": (big,), "mSTPDG": (p, z, big, p * big)}
    return [np.asarray(x) for x in used.get(model.name, ())]


def reference(model, position, data):
    """The log posterior by scipy.stats."""
    n = len(data)
    a, a_bar = position[:n], position[n]
    value = stats.norm.logpdf(a_bar, 0.0, 1.5)
    if model.name in ("mSTnomem", "mST_fixed"):
        sigma = model.data.sigma
    else:
        sigma = math.exp(position[n + 1])
        value += stats.expon.logpdf(sigma) + position[n + 1]
    if model.name in NONCENTRED:
        value += stats.norm.logpdf(a).sum()
        a = a_bar + sigma * a
    else:
        value += stats.norm.logpdf(a, a_bar, sigma).sum()
    value += stats.norm.logpdf(position[n + 2 :], 0.0, 0.5).sum()
    return value + stats.binom.logpmf(data.surv, data.density, expit(logits(model, position, a, data))).sum()


def logits(model, position, a, data):
    slopes = position[len(data) + 2 :]
    return a + sum(b * x for b, x in zip(slopes, predictors(model, data), strict=True))


@EVERY_MODEL
@pytest.mark.parametrize("data", [None, SMALL], ids=["bundled", "four tanks"])
def test_log_density_is_that_of_scipy(build, data, positions, relative_error):
    model = build(data)
    for position in positions(model):
        value, _ = model.evaluate(position)
        assert relative_error(value, reference(model, position, FROGS if data is None else data)) <= 1e-10


@EVERY_MODEL
def test_gradient_is_that_of_the_density(build, positions, gradient_error):
    model = build()
    assert max(gradient_error(model, position) for position in positions(model)) <= 1e-6


@pytest.mark.parametrize(
    ("name", "component"),
    [("mST", 0), ("mST", 47), ("mST", 48), ("mST", 49), ("mSTPDG", 50), ("mSTPDG", 53)]
    + [("mSTPnc", component) for component in (0, 48, 49, 50)],
)
def test_a_gradient_of_wrong_sign_is_noticed(name, component, positions, gradient_error):
    """Negative twin: one component turned around, and the check above fails."""
    right = BUILDERS[name]()
    assert max(gradient_error(WrongSign(right, component), position) for position in positions(right)) > 1e-3


@pytest.mark.parametrize("name", ["mST", "mSTPDG", "mSTnc"])
def test_a_density_without_its_jacobian_is_noticed(name, positions, relative_error):
    """Negative twin of the comparison with scipy."""
    model = BUILDERS[name]()
    position = positions(model)[0]
    value, _ = model.evaluate(position)
    assert relative_error(value - position[49], reference(model, position, FROGS)) > 1e-10


@pytest.mark.parametrize(("name", "other"), [("mSTG", "mSTP"), ("mSTD", "mSTG"), ("mSTPnc", "mSTP")])
def test_the_density_of_another_model_is_noticed(name, other, positions, relative_error):
    """Negative twin of the comparison with scipy: another predictor, other coordinates."""
    model = BUILDERS[name]()
    position = positions(model)[0]
    assert relative_error(model.evaluate(position)[0], reference(BUILDERS[other](), position, FROGS)) > 1e-10


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
            # sigma itself is no float64 below exp(-708): there a density centred on it is given up as -inf.
            assert value == -math.inf
            assert exact == -math.inf or (model.name in CENTRED and position[49] < -708.0)


def decimal_reference(model, position):
    """The log posterior in 60 digits; too large for a float64: -inf."""
    with localcontext() as context:
        context.prec = 60
        q = [Decimal(float(x)) for x in position]
        a_bar, slopes = q[48], q[50:]
        value = decimal_normal(a_bar, Decimal(0), Decimal("1.5"))
        value += sum(decimal_normal(b, Decimal(0), Decimal("0.5")) for b in slopes)
        if model.name in ("mSTnomem", "mST_fixed"):
            sigma = Decimal(model.data.sigma)
        else:
            sigma = q[49].exp()
            value += q[49] - sigma
        rows = [[Decimal(float(x)) for x in row] for row in predictors(model, FROGS)]
        for j, (survived, density) in enumerate(zip(FROGS.surv.tolist(), FROGS.density.tolist(), strict=True)):
            is_noncentred = model.name in NONCENTRED
            value += (
                decimal_normal(q[j], Decimal(0), Decimal(1)) if is_noncentred else decimal_normal(q[j], a_bar, sigma)
            )
            logit = a_bar + sigma * q[j] if is_noncentred else q[j]
            logit += sum(b * row[j] for b, row in zip(slopes, rows, strict=True))
            tail = (-abs(logit)).exp()
            softplus = (1 + tail).ln() if abs(logit) < 60 else tail
            value += Decimal(math.comb(density, survived)).ln() - density * softplus
            value -= (density - survived) * max(logit, Decimal(0)) + survived * max(-logit, Decimal(0))
        return float(value)


def decimal_normal(x, mean, sd):
    pi = Decimal("3.14159265358979323846264338327950288419716939937510582097494459")
    return -(((x - mean) / sd) ** 2) / 2 - sd.ln() - (2 * pi).ln() / 2


def test_without_memory_is_sigma_one(positions):
    nomem, fixed, full = reedfrogs.mSTnomem(), reedfrogs.mST_fixed(1.0), reedfrogs.mST()
    for position in positions(nomem)[:5]:
        value, gradient = nomem.evaluate(position)
        assert fixed.evaluate(position)[0] == value
        with_sigma, its_gradient = full.evaluate(np.append(position, 0.0))
        assert with_sigma == pytest.approx(value - 1.0, rel=1e-13)  # log Exponential(1 | rate 1) = -1
        np.testing.assert_allclose(its_gradient[:-1], gradient, rtol=1e-13)


@EVERY_MODEL
def test_log_likelihood_and_link_are_those_of_each_tank(build):
    model = build()
    position = np.linspace(-2.0, 2.0, model.dimension)
    a = position[:48]
    if model.name in NONCENTRED:
        a = position[48] + math.exp(position[49]) * a
    p = expit(logits(model, position, a, FROGS))
    # In the upper tail, logits up to 14, scipy is given p, whose distance to 1 has lost six digits.
    np.testing.assert_allclose(
        model.pointwise("log_likelihood", position), stats.binom.logpmf(FROGS.surv, FROGS.density, p), rtol=1e-9
    )
    np.testing.assert_allclose(model.pointwise("link", position), p, rtol=1e-13)
    assert model.link.__name__ == "p"
