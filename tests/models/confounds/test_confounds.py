"""The five estimators' densities against independent formulas, and at extreme points."""

import math
from decimal import Decimal, localcontext

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.special import expit

import hmc
from models import confounds
from models.tables import BUNDLED
from tests.models.helpers.broken import WrongSign

STUDY = (pd.read_csv(BUNDLED / "confounds_individuals.csv"), pd.read_csv(BUNDLED / "confounds_groups.csv"))
# Groups out of order, of which the third has no individuals.
SMALL = (
    pd.DataFrame({"g": [2, 4, 1, 2, 2, 4], "X": [0.3, -1.2, 2.5, 1.1, 0.0, 4.0], "Y": [1, 0, 1, 0, 0, 1]}),
    pd.DataFrame({"g": [3, 1, 4, 2], "Z": [0.5, -1.5, 2.0, 0.25]}),
)
NAMES = ("m0", "mf", "mr", "mrx", "mru")
EVERY_MODEL = pytest.mark.parametrize("name", NAMES)
BOTH_STUDIES = pytest.mark.parametrize("study", [STUDY, SMALL], ids=["bundled", "with an empty group"])


def built(name, study=STUDY):
    return getattr(confounds, name)(*(() if study is STUDY else study))


def logits(name, values, study):
    """logit(p) of each individual, in the order of the rows."""
    individuals, groups = study
    g = individuals.g.to_numpy() - 1
    intercept = values["a"] if name in ("m0", "mf") else values["abar"] + values["tau"] * values["z"]
    intercept = np.broadcast_to(intercept, len(groups))[g]
    trait = groups.set_index("g").Z[individuals.g].to_numpy()
    logit = intercept + values["bxy"] * individuals.X + values["bzy"] * trait
    if name == "mrx":
        logit = logit + values["buy"] * individuals.groupby("g").X.transform("mean")
    return (logit + values["buy"] * values["u"][g] if name == "mru" else logit).to_numpy()


def reference_likelihoods(name, values, study):
    # The logistic distribution's log CDF is the log of the inverse logit, without its rounding near 1.
    return stats.logistic.logcdf(np.where(study[0].Y == 1, 1.0, -1.0) * logits(name, values, study))


def reference(model, position, study):
    """The log posterior by scipy.stats."""
    values = model.constrain(position)
    value = reference_likelihoods(model.name, values, study).sum()
    for parameter in model.parameters:
        x = values[parameter.name]
        if parameter.constraint == hmc.positive:
            value += stats.expon.logpdf(x) + np.log(x)
        else:
            value += np.sum(stats.norm.logpdf(x, 0.0, 10.0 if parameter.name == "a" else 1.0))
    if model.name == "mru":
        mean = values["aX"] + values["bux"] * values["u"][study[0].g - 1]
        value += stats.norm.logpdf(study[0].X, mean, values["sigma"]).sum()
    return value


@EVERY_MODEL
@BOTH_STUDIES
def test_log_density_is_that_of_scipy(name, study, positions, relative_error):
    model = built(name, study)
    for position in positions(model):
        value, _ = model.evaluate(position)
        assert relative_error(value, reference(model, position, study)) <= 1e-10


@pytest.mark.parametrize("other", ["mr", "mrx"])
def test_a_density_of_another_predictor_is_noticed(other, positions, relative_error):
    """Negative twin: mru's density against formulas that leave u out of the outcomes, or take Xbar for it."""
    model = built("mru")
    position = positions(model)[0]
    values = model.constrain(position)
    swap = reference_likelihoods(other, values, STUDY).sum() - reference_likelihoods("mru", values, STUDY).sum()
    assert relative_error(model.evaluate(position)[0], reference(model, position, STUDY) + swap) > 1e-10


@pytest.mark.parametrize("name", ["mr", "mrx", "mru"])
def test_a_density_without_a_jacobian_is_noticed(name, positions, relative_error):
    """Negative twin of the comparison with scipy: the last position is the log of a positive parameter."""
    model = built(name)
    position = positions(model)[0]
    assert relative_error(model.evaluate(position)[0] - position[-1], reference(model, position, STUDY)) > 1e-10


@EVERY_MODEL
@BOTH_STUDIES
def test_gradient_is_that_of_the_density(name, study, positions, gradient_error):
    model = built(name, study)
    assert max(gradient_error(model, position) for position in positions(model)) <= 1e-6


@pytest.mark.parametrize("component", [0, 29, 30, 59, *range(60, 68)])
def test_a_gradient_of_wrong_sign_is_noticed(component, positions, gradient_error):
    """Negative twin: one component of mru's turned around, and the check above fails."""
    right = built("mru")
    assert max(gradient_error(WrongSign(right, component), position) for position in positions(right)[::10]) > 1e-3


@EVERY_MODEL
def test_extreme_positions_give_the_exact_density_or_minus_infinity(name, extreme_positions, relative_error):
    model = built(name)
    for position in extreme_positions(model.dimension):
        value, gradient = model.evaluate(position)
        exact = decimal_reference(model, position)
        if math.isfinite(value):
            assert relative_error(value, exact) <= 1e-10
            assert not np.isnan(gradient).any()
        else:
            # sigma itself is no float64 below exp(-708): there the density is given up as -inf.
            assert value == -math.inf
            assert exact == -math.inf or (name == "mru" and position[-1] < -708.0)


@EVERY_MODEL
def test_positions_beyond_all_bounds_give_no_nan(name, extreme_positions):
    model = built(name)
    for position in extreme_positions(model.dimension, sizes=(1e150, 8e307)):
        value, gradient = model.evaluate(position)
        assert value == -math.inf or not np.isnan([value, *gradient]).any()


def decimal_reference(model, position):
    """The log posterior in 50 digits; too large for a float64: -inf."""
    individuals, groups = STUDY
    with localcontext() as context:
        context.prec = 50
        half_log_2pi = (2 * Decimal("3.14159265358979323846264338327950288419716939937510582097494459")).ln() / 2
        values, value, place = {}, Decimal(0), 0
        for parameter in model.parameters:
            q = [Decimal(float(x)) for x in position[place : place + parameter.free]]
            place += parameter.free
            if parameter.constraint == hmc.positive:
                values[parameter.name] = q[0].exp()
                value += q[0] - q[0].exp()
                continue
            values[parameter.name] = q if parameter.shape else q[0]
            sd = Decimal(10 if parameter.name == "a" else 1)
            value -= sum((x / sd) ** 2 / 2 + sd.ln() + half_log_2pi for x in q)
        xs, zs = (list(map(Decimal, column.tolist())) for column in (individuals.X, groups.sort_values("g").Z))
        g = [number - 1 for number in individuals.g.tolist()]
        means = [sum(x for x, h in zip(xs, g, strict=True) if h == k) / max(g.count(k), 1) for k in range(len(groups))]
        for x, k, y in zip(xs, g, individuals.Y.tolist(), strict=True):
            logit = decimal_intercept(model.name, values, k, means) + values["bxy"] * x + values["bzy"] * zs[k]
            distance = -logit if y == 1 else logit
            tail = (-abs(logit)).exp()
            value -= max(distance, Decimal(0)) + ((1 + tail).ln() if abs(logit) < 60 else tail)
            if model.name == "mru":
                residual = (x - values["aX"] - values["bux"] * values["u"][k]) / values["sigma"]
                value -= residual**2 / 2 + values["sigma"].ln() + half_log_2pi
        return float(value)


def decimal_intercept(name, values, k, means):
    if name in ("m0", "mf"):
        return values["a"] if name == "m0" else values["a"][k]
    confound = {"mr": Decimal(0), "mrx": means[k], "mru": values.get("u", means)[k]}[name]
    return values["abar"] + values["tau"] * values["z"][k] + values.get("buy", Decimal(0)) * confound


PARAMETERS = {
    "m0": "a bxy bzy",
    "mf": "a[30] bxy bzy",
    "mr": "z[30] bxy bzy abar tau>0",
    "mrx": "z[30] bxy bzy buy abar tau>0",
    "mru": "z[30] u[30] bxy bzy buy abar tau>0 aX bux>0 sigma>0",
}


@EVERY_MODEL
def test_parameters_stand_in_their_order(name):
    listed = [
        p.name + (f"[{p.shape[0]}]" if p.shape else "") + (">0" if p.constraint == hmc.positive else "")
        for p in built(name).parameters
    ]
    assert " ".join(listed) == PARAMETERS[name]


@EVERY_MODEL
@BOTH_STUDIES
def test_log_likelihood_and_link_are_those_of_each_row(name, study, positions):
    model = built(name, study)
    for position in positions(model)[::10]:
        values = model.constrain(position)
        exact = {
            "log_likelihood": reference_likelihoods(name, values, study),
            "link": expit(logits(name, values, study)),
        }
        for role, expected in exact.items():
            np.testing.assert_allclose(model.pointwise(role, position), expected, rtol=1e-11)


@EVERY_MODEL
def test_rows_in_another_order_are_scored_in_that_order(name, positions):
    order = np.random.default_rng(1).permutation(200)
    model, other = built(name), built(name, (STUDY[0].iloc[order], STUDY[1].iloc[::-1]))
    position = positions(model)[0]
    expected = model.pointwise("log_likelihood", position)
    np.testing.assert_allclose(other.pointwise("log_likelihood", position), expected[order], rtol=1e-11)
    assert not np.allclose(other.pointwise("log_likelihood", position), expected)


@pytest.mark.parametrize("name", ["mr", "mrx", "mru"])
def test_derived_intercepts_are_those_of_the_lecture(name, positions):
    model = built(name)
    for position in positions(model)[::10]:
        values = model.constrain(position)
        derived = model.derived(position, model.data)
        assert list(derived) == ["a"]
        np.testing.assert_allclose(derived["a"], values["abar"] + values["z"] * values["tau"], rtol=1e-13)


@EVERY_MODEL
def test_an_outcome_left_out_takes_its_likelihood_along_and_nothing_else(name, positions):
    model = built(name)
    reduced = model.without([3, 77])
    for position in positions(model)[::10]:
        pointwise = model.pointwise("log_likelihood", position)
        full, left = model.evaluate(position)[0], reduced.evaluate(position)[0]
        assert left == pytest.approx(full - pointwise[3] - pointwise[77], rel=1e-12)
        assert left != pytest.approx(full - pointwise[3], rel=1e-12)  # negative twin: one of them would be noticed
        np.testing.assert_array_equal(reduced.pointwise("log_likelihood", position), pointwise)


def test_the_gradient_follows_weights_of_any_size(positions, gradient_error):
    model = built("mru")
    model.data.weight[:] = np.random.default_rng(2).uniform(0.0, 3.0, 200)
    assert max(gradient_error(model, position) for position in positions(model)[::10]) <= 1e-6


def test_multilevel_is_the_mundlak_machine_that_ignores_the_means(positions):
    mr, mrx = built("mr"), built("mrx")
    for position in positions(mr)[::10]:
        expected = mr.evaluate(position)[0] + stats.norm.logpdf(0.0)  # the prior of buy = 0
        assert mrx.evaluate(np.insert(position, 32, 0.0))[0] == pytest.approx(expected, rel=1e-13)
