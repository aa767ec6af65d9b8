"""The cafes' model against independent formulas, at extreme points, visit by visit; its data."""

import inspect
import math
from decimal import Decimal, localcontext

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import hmc
from models.cafes import cafes
from models.tables import BUNDLED
from tests.models.helpers.broken import WrongSign

VISITS = pd.read_csv(BUNDLED / "cafes.csv")
SMALL = pd.DataFrame({"visit": [1, 2, 3], "cafe": [2, 2, 1], "wait": [0, 30, 7]})
EVERY_CASE = pytest.mark.parametrize(
    ("model", "seen"),
    [(cafes(), VISITS), (cafes(visits=6), VISITS[:6]), (cafes(visits=0), VISITS[:0]), (cafes(SMALL), SMALL)],
    ids=["all visits", "six visits", "no visits", "own data"],
)


def log_rates(position, seen):
    """a of the cafe of each visit."""
    z, a_bar, sigma = position[:-2], position[-2], math.exp(position[-1])
    return a_bar + z[seen.cafe.to_numpy() - 1] * sigma


def reference(position, seen):
    """The log posterior by scipy.stats."""
    value = stats.norm.logpdf(position[:-2]).sum() + stats.norm.logpdf(position[-2], 2.0, 0.5)
    value += stats.expon.logpdf(math.exp(position[-1]), scale=0.1) + position[-1]
    return value + stats.poisson.logpmf(seen.wait, np.exp(log_rates(position, seen))).sum()


@EVERY_CASE
def test_log_density_is_that_of_scipy(model, seen, positions, relative_error):
    for position in positions(model):
        assert relative_error(model.evaluate(position)[0], reference(position, seen)) <= 1e-10


def test_a_density_without_its_jacobian_is_noticed(positions, relative_error):
    """Negative twin of the comparison with scipy."""
    position = positions(cafes())[0]
    value, _ = cafes().evaluate(position)
    assert relative_error(value - position[-1], reference(position, VISITS)) > 1e-10


@EVERY_CASE
def test_gradient_is_that_of_the_density(model, seen, positions, gradient_error):
    assert max(gradient_error(model, position) for position in positions(model)) <= 1e-6


@pytest.mark.parametrize("component", [0, 4, 5, 6])
def test_a_gradient_of_wrong_sign_is_noticed(component, positions, gradient_error):
    """Negative twin: one component turned around, and the check above fails."""
    right = cafes()
    assert max(gradient_error(WrongSign(right, component), position) for position in positions(right)) > 1e-3


@EVERY_CASE
def test_extreme_positions_give_the_exact_density_or_minus_infinity(model, seen, extreme_positions, relative_error):
    for position in extreme_positions(model.dimension):
        value, gradient = model.evaluate(position)
        exact = decimal_reference(position, seen)
        if math.isfinite(value):
            assert relative_error(value, exact) <= 1e-10
            assert not np.isnan(gradient).any()
        else:
            assert value == exact == -math.inf


def decimal_reference(position, seen):
    """The log posterior in 60 digits; too large for a float64: -inf."""
    with localcontext() as context:
        # An exponent of exp(exp(1000)) is beyond Decimal's: it gives infinity, as it should.
        context.prec, context.traps = 60, dict.fromkeys(context.traps, False)
        *z, a_bar, log_sigma = (Decimal(float(x)) for x in position)
        sigma = log_sigma.exp()
        half_log_2pi = (2 * Decimal("3.14159265358979323846264338327950288419716939937510582097494459")).ln() / 2
        value = Decimal(10).ln() - 10 * sigma + log_sigma - 2 * (a_bar - 2) ** 2 - Decimal("0.5").ln() - half_log_2pi
        value -= sum(x * x / 2 + half_log_2pi for x in z)
        for cafe, wait in zip(seen.cafe.tolist(), seen.wait.tolist(), strict=True):
            a = a_bar + z[cafe - 1] * sigma
            value += wait * a - a.exp() - Decimal(math.factorial(wait)).ln()
        return float(value)


@EVERY_CASE
def test_log_likelihood_and_link_are_those_of_each_visit(model, seen):
    position = np.linspace(-1.0, 2.0, model.dimension)
    rates = np.exp(log_rates(position, seen))
    np.testing.assert_allclose(model.pointwise("link", position), rates, rtol=1e-13)
    np.testing.assert_allclose(
        model.pointwise("log_likelihood", position), stats.poisson.logpmf(seen.wait, rates), rtol=1e-12
    )
    assert model.link.__name__ == "lambda_"


def test_derived_log_mean_waits_are_the_mean_and_so_many_standard_deviations():
    position = np.linspace(-1.0, 2.0, 7)
    a = cafes().derived(position, cafes().data)["a"]
    np.testing.assert_allclose(a, position[5] + math.exp(position[6]) * position[:5], rtol=1e-14)


def test_parameters_are_those_of_the_lecture_in_their_order():
    expected = [("z", (5,), hmc.real), ("a_bar", (), hmc.real), ("sigma", (), hmc.positive)]
    for visits in (0, 1, 20):
        assert [tuple(p) for p in cafes(visits=visits).parameters] == expected


def test_every_number_of_visits_and_cafes_runs_on_the_same_compiled_code():
    density = cafes().density()[0]
    assert all(cafes(visits=visits).density()[0] is density for visits in range(21))
    assert cafes(SMALL).density()[0] is density


@pytest.mark.parametrize("visits", range(20))
def test_the_next_visit_adds_its_log_likelihood_and_nothing_else(visits):
    position = np.linspace(-1.0, 2.0, 7)
    before, after = cafes(visits=visits), cafes(visits=visits + 1)
    added = after.pointwise("log_likelihood", position)[visits]
    assert after.evaluate(position)[0] == pytest.approx(before.evaluate(position)[0] + added, rel=1e-13)


def test_a_visit_left_out_takes_its_log_likelihood_with_it():
    position = np.linspace(-1.0, 2.0, 7)
    taken = cafes().pointwise("log_likelihood", position)[[1, 19]].sum()  # both visits to cafe 2
    value, gradient = cafes().without([1, 19]).evaluate(position)
    assert value == pytest.approx(cafes().evaluate(position)[0] - taken, rel=1e-13)
    assert gradient[1] == -position[1]  # its prior's, and no more


def test_the_prior_of_no_visits_is_finite_where_the_rate_is_not():
    position = np.zeros(7)
    position[5] = 1000.0
    assert cafes(visits=0).evaluate(position)[0] == pytest.approx(reference(position, VISITS[:0]), rel=1e-13)
    assert cafes(visits=1).evaluate(position)[0] == -math.inf
    assert math.isfinite(cafes(visits=1).without(0).evaluate(position)[0])


def test_by_default_all_visits_are_seen_twenty_in_the_lecture():
    assert inspect.signature(cafes).parameters["visits"].default == 20
    assert str(inspect.signature(cafes).parameters["visits"]) == "visits: int = 20"  # as help() shows it
    assert cafes().data.wait.tolist() == VISITS.wait.tolist()
    assert cafes(SMALL).data.wait.size == 3
    long = pd.DataFrame({"visit": range(1, 31), "cafe": 1, "wait": 4})
    assert cafes(long).data.wait.size == 30
    assert cafes(long, visits=20).data.wait.size == 20


@pytest.mark.parametrize("visits", [-1, 21, 2.5, True, "7", None, math.nan])
def test_a_number_of_visits_that_the_table_does_not_have_is_refused(visits):
    message = rf"^cafes: visits = {visits} is not a whole number from 0 to 20, the rows of the table$"
    with pytest.raises(ValueError, match=message):
        cafes(visits=visits)
    with pytest.raises(ValueError, match=r"^cafes: visits = 20 is not a whole number from 0 to 3, the rows"):
        cafes(SMALL, visits=20)


def test_any_kind_of_whole_number_of_visits_will_do():
    assert cafes(visits=np.int64(7)).data.wait.size == cafes(visits=7).data.wait.size == 7


def test_a_users_own_data_are_taken(tmp_path):
    SMALL.to_csv(tmp_path / "cafes.csv")
    for data in (SMALL, tmp_path / "cafes.csv", str(tmp_path / "cafes.csv")):
        model = cafes(data, visits=2)
        assert model.data.cafe.tolist() == [1, 1]
        assert model.data.wait.tolist() == [0.0, 30.0]
        assert model.data.cafes == 2


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"visit": [1, 3, 2]}, r"row 2: visit = 3, but visits are numbered 1, 2, \.\.\. in order"),
        ({"visit": [1, 1, 2]}, r"row 2: visit = 1, but visits are numbered 1, 2, \.\.\. in order"),
        ({"visit": [0, 1, 2]}, r"row 1: visit = 0 is less than 1"),
        ({"cafe": [3, 3, 1]}, r"no row has cafe = 2, though one has cafe = 3"),
        ({"cafe": [2, 2, 2]}, r"no row has cafe = 1, though one has cafe = 2"),
        ({"cafe": [0, 1, 1]}, r"row 1: cafe = 0 is less than 1"),
        ({"wait": [1, -4, 1]}, r"row 2: wait = -4 is negative"),
        ({"wait": [1, 4, 1.5]}, r"row 3: wait = 1\.5 is not a whole number"),
        ({"wait": [1, None, 1]}, r"row 2: wait is missing"),
    ],
)
def test_bad_data_are_refused_before_anything_compiles(changes, message):
    with pytest.raises(ValueError, match=rf"^cafes: {message}$"):
        cafes(SMALL.assign(**changes))
