"""hmc.check: constraints that a density obeys and its parameter does not declare, of every kind; and their right twins.

Run in Python: what is found does not depend on the compiler.
"""

import math
from typing import NamedTuple

import numba
import numpy as np
import pytest

import hmc
from hmc.checking.transformed import transform_of
from hmc.correlations import cholesky_corr_log_jacobian, cholesky_corr_pullback, constrain_cholesky_corr
from hmc.numerics import exp, log
from hmc.transforms import (
    constrain_interval,
    constrain_lower,
    constrain_ordered,
    constrain_positive,
    constrain_positive_ordered,
    constrain_simplex,
    constrain_unit_vector,
    constrain_upper,
    interval_log_jacobian,
    interval_pullback,
    ordered_log_jacobian,
    ordered_pullback,
    positive_ordered_log_jacobian,
    positive_ordered_pullback,
    simplex_log_jacobian,
    simplex_pullback,
    unit_vector_log_jacobian,
    unit_vector_pullback,
)


class Nothing(NamedTuple):
    y: float = 0.0


@pytest.fixture(autouse=True)
def in_python(monkeypatch):
    monkeypatch.setattr(numba.config, "DISABLE_JIT", 1)


def found(density, *parameters, **options):
    model = hmc.Model(density, Nothing(), [hmc.Parameter("s", *parameters)], name="small")
    return hmc.check(model, **{"points": 12} | options)


def positive(position, data, gradient):
    s = constrain_positive(position[0])
    gradient[0] = (1.0 - s) * s + 1.0
    return -0.5 * (s - 1.0) ** 2 + position[0]


def lower(position, data, gradient):
    s = constrain_lower(position[0], 2.0)
    gradient[0] = (1.0 - s) * (s - 2.0) + 1.0
    return -0.5 * (s - 1.0) ** 2 + position[0]


def upper(position, data, gradient):
    s = constrain_upper(position[0], 3.0)
    gradient[0] = (1.0 - s) * (s - 3.0) + 1.0
    return -0.5 * (s - 1.0) ** 2 + position[0]


def interval(position, data, gradient):
    s = constrain_interval(position[0], -1.0, 3.0)
    gradient[0] = interval_pullback(position[0], -1.0, 3.0, 1.0 - s)
    return -0.5 * (s - 1.0) ** 2 + interval_log_jacobian(position[0], -1.0, 3.0)


def ordered(position, data, gradient):
    s = np.empty(3)
    constrain_ordered(position, s)
    ordered_pullback(position, -s, gradient)
    return -0.5 * np.sum(s * s) + ordered_log_jacobian(position)


def simplex(position, data, gradient):
    s = np.empty(4)
    constrain_simplex(position, s)
    simplex_pullback(position, s, -s, gradient)
    return -0.5 * np.sum(s * s) + simplex_log_jacobian(position)


def positive_ordered(position, data, gradient):
    s = np.empty(3)
    constrain_positive_ordered(position, s)
    positive_ordered_pullback(position, -s, gradient)
    return -0.5 * np.sum(s * s) + positive_ordered_log_jacobian(position)


def unit_vector(position, data, gradient):
    s = np.empty(3)
    constrain_unit_vector(position, s)
    unit_vector_pullback(position, s, np.array([1.0, 2.0, 3.0]), gradient)
    return s[0] + 2.0 * s[1] + 3.0 * s[2] + unit_vector_log_jacobian(position)


def factor(position, gradient):
    """(a factor of a correlation matrix, flat; the log density of its elements, Normal(0, 1))."""
    size = round((1.0 + math.sqrt(1.0 + 8.0 * position.size)) / 2.0)
    flat = np.empty(size * size)
    constrain_cholesky_corr(position, flat)
    cholesky_corr_pullback(position, flat, -flat, gradient)
    return flat, -0.5 * np.sum(flat * flat) + cholesky_corr_log_jacobian(position)


def flat_factor(position, data, gradient):
    s, value = factor(position, gradient)
    return value + 0.0 * s[0]


def matrix(position, data, gradient):
    flat, value = factor(position, gradient)
    s = flat.reshape(3, 3)
    return value + 0.0 * s[0, 0]


def matrix_of_4(position, data, gradient):
    flat, value = factor(position, gradient)
    s = flat.reshape(4, 4)
    return value + 0.0 * s[0, 0]


def correlation(position, data, gradient):
    flat, value = factor(position, gradient)
    s = float(flat[2])
    return value + 0.0 * s


def last_of_a_factor(position, data, gradient):
    flat, value = factor(position, gradient)
    s = float(flat[7])
    return value + 0.0 * s


def positive_in_a_loop(position, data, gradient):
    total = 0.0
    for k in range(3):
        s = exp(position[k])
        total += position[k] - 0.5 * s * s
        gradient[k] = 1.0 - s * s
    return total


def positive_twice(position, data, gradient):
    once = exp(position[0])
    s = exp(once)
    gradient[0] = (-s * s + 1.0) * once + 1.0
    return -0.5 * s * s + once + position[0]


def elementwise(function, derivative, chosen=slice(None)):
    """Both x and function(x) are Normal(0, 1); elements that are not chosen are used as they are."""

    def density(position, data, gradient):
        s, slope = position.copy(), np.ones(position.size)
        s[chosen], slope[chosen] = function(position[chosen]), derivative(position[chosen])
        gradient[:] = -s * slope - position
        return -0.5 * np.sum(s * s) - 0.5 * np.sum(position * position)

    return density


def logistic(x):
    return 1.0 / (1.0 + np.exp(-x))


TANH = (np.tanh, lambda x: 1.0 - np.tanh(x) ** 2)
SOFTPLUS = (lambda x: np.log1p(np.exp(x)), logistic)
POWER_OF_2 = (lambda x: 2.0**x, lambda x: log(2.0) * 2.0**x)
SHRINKING = (lambda x: np.exp(-3.0 * x), lambda x: -3.0 * np.exp(-3.0 * x))
LOGISTIC = (lambda x: logistic(2.0 * x), lambda x: 2.0 * logistic(2.0 * x) * logistic(-2.0 * x))
EXP = (np.exp, np.exp)

FACTOR = "the Cholesky factor of a correlation matrix"
FREE = {
    "positive": (positive, (), (), hmc.positive, "exp(position[0])"),
    "lower": (lower, (), (), hmc.lower(2.0), "2 + exp(position[0])"),
    "upper": (upper, (), (), hmc.upper(3.0), "3 - exp(position[0])"),
    "interval": (interval, (), (), hmc.interval(-1.0, 3.0), "-1 + 4 / (1 + exp(-position[0]))"),
    "ordered": (ordered, (3,), (3,), hmc.ordered, "the ordered vector of position[0:3]"),
    "simplex": (simplex, (3,), (4,), hmc.simplex, "the simplex of position[0:3]"),
    "of a loop": (positive_in_a_loop, (3,), (3,), hmc.positive, "exp(element 2 of position[0:3])"),
    "positive_ordered": (
        *(positive_ordered, (3,), (3,), hmc.positive_ordered, "the positive ordered vector of position[0:3]"),
    ),
    "unit_vector": (unit_vector, (3,), (3,), hmc.unit_vector, "the unit vector of position[0:3]"),
    "flat factor": (flat_factor, (3,), (3, 3), hmc.cholesky_corr, f"{FACTOR} of position[0:3]"),
    "factor": (matrix, (3,), (3, 3), hmc.cholesky_corr, f"{FACTOR} of position[0:3]"),
    "factor of 4": (matrix_of_4, (6,), (4, 4), hmc.cholesky_corr, f"{FACTOR} of position[0:6]"),
    "correlation": (correlation, (), (2, 2), hmc.cholesky_corr, "tanh(position[0])"),
    "element of a factor": (last_of_a_factor, (3,), (3, 3), hmc.cholesky_corr, f"an element of {FACTOR} of position"),
}


@pytest.mark.parametrize("name", FREE)
def test_every_transform_of_a_parameter_that_is_declared_real_is_found_and_named(name):
    density, shape, declared_shape, constraint, words = FREE[name]
    finding, *others = found(density, shape)
    assert [other.message[:27] for other in others] == ["the log density is nan at 1"] * (name == "unit_vector")  # at 0
    assert (finding.kind, words in finding.message) == ("constraint", True), finding.message
    assert found(density, declared_shape, constraint) == []


@pytest.mark.parametrize(
    ("density", "words"),
    [
        (elementwise(*TANH), "tanh(position[0:3])"),
        (elementwise(*SOFTPLUS), "log(1 + exp(position[0:3]))"),
        (elementwise(*POWER_OF_2), "exp(0.693147 * position[0:3])"),
        (elementwise(*SHRINKING), "exp(-3 * position[0:3])"),
        (elementwise(*LOGISTIC), "1 / (1 + exp(-2 * position[0:3]))"),
        (elementwise(*EXP, chosen=1), "with exp(element 1 of position[0:3])"),
        (elementwise(*EXP, chosen=[0, 2]), "with exp(element 0 of position[0:3])"),
        (elementwise(*TANH, chosen=2), "with tanh(element 2 of position[0:3])"),
    ],
)
def test_a_function_of_all_elements_or_of_some_is_found_and_named(density, words):
    (finding,) = found(density, (3,))
    assert (finding.kind, words in finding.message) == ("constraint", True), finding.message


@pytest.mark.parametrize(
    "function",
    [
        *(lambda x: 3.0 * x, lambda x: x - x.mean(), lambda x: x / x.std(), lambda x: x * x, abs, np.sort, np.sin),
        *(lambda x: np.array([0.0, *x[1:]]), lambda x: 5.0 + 2.0 * np.exp(x), lambda x: np.zeros(3), lambda x: x + 1e9),
        *(lambda x: x[:2], lambda x: np.array([np.inf, 1.0, 2.0]), lambda x: np.full(3, np.nan), lambda x: x.sum()),
        *(lambda x: logistic(x + 0.4), lambda x: np.exp(x) / np.exp(x).sum(), lambda x: 1.0, lambda x: 0.0),
    ],
)
def test_a_name_that_is_used_again_for_something_else_is_not(function):
    def density(position, data, gradient):
        gradient[:] = -position
        s = function(position)
        return -0.5 * np.sum(position * position) + 0.0 * (s is None)

    assert found(density, (3,)) == []


@pytest.mark.parametrize(
    ("density", "shape", "constraint", "words"),
    [
        (positive_twice, (), hmc.positive, "exp(the positive value)"),
        (positive, (), hmc.lower(2.0), "exp(position[0])"),
        (interval, (), hmc.interval(0.0, 1.0), "-1 + 4 / (1 + exp(-position[0]))"),
        (upper, (), hmc.positive, "3 - exp(position[0])"),
        (ordered, (4,), hmc.simplex, "the ordered vector of position[0:3]"),
        (simplex, (3,), hmc.ordered, "the simplex of position[0:3]"),
        (positive_ordered, (3,), hmc.ordered, "the positive ordered vector of position[0:3]"),
        (positive_ordered, (3,), hmc.positive, "the positive ordered vector of position[0:3]"),
        (ordered, (3,), hmc.positive_ordered, "the ordered vector of position[0:3]"),
    ],
)
def test_another_transform_than_declared_is_found_and_named(density, shape, constraint, words):
    (finding,) = found(density, shape, constraint)
    assert (finding.kind, words in finding.message) == ("constraint", True), finding.message


def positive_and_more(position, data, gradient):
    s = constrain_positive(position[0])
    gradient[0] = 1.0 - s
    total = position[0] - s
    s = s + 1.0
    return total + 0.0 * s


def positive_and_more_in_a_loop(position, data, gradient):
    total = 0.0
    for k in range(3):
        s = constrain_positive(position[k])
        gradient[k] = 1.0 - s
        total += position[k] - s
        s = 2.0 + s
    return total + 0.0 * s


def share_and_rest(position, data, gradient):
    s = constrain_interval(position[0], 0.0, 1.0)
    gradient[0] = interval_pullback(position[0], 0.0, 1.0, 1.0)
    total = s + interval_log_jacobian(position[0], 0.0, 1.0)
    s = 1.0 - s
    return total + 0.0 * s


def half_of_a_factor(position, data, gradient):
    flat, value = factor(position, gradient)
    s = 0.5 * flat.reshape(4, 4)
    return value + 0.0 * s[0, 0]


@pytest.mark.parametrize(
    ("density", "shape", "constraint"),
    [
        (positive_and_more, (), hmc.positive),
        (positive_and_more_in_a_loop, (3,), hmc.positive),
        (share_and_rest, (), hmc.interval(0.0, 1.0)),
        (half_of_a_factor, (4, 4), hmc.cholesky_corr),
    ],
)
def test_the_name_of_a_declared_constraint_may_be_used_again(density, shape, constraint):
    assert found(density, shape, constraint) == []


def rest_alone(position, data, gradient):
    s = 1.0 - constrain_interval(position[0], 0.0, 1.0)
    gradient[0] = interval_pullback(position[0], 0.0, 1.0, -1.0)
    return s + interval_log_jacobian(position[0], 0.0, 1.0)


def test_a_variable_that_never_has_the_declared_value_is_found():
    (finding,) = found(rest_alone, (), hmc.interval(0.0, 1.0))
    assert finding.kind == "constraint"


def test_a_parameter_may_be_a_logarithm():
    model = hmc.Model(positive, Nothing(), [hmc.Parameter("log_s")], name="small")
    assert hmc.check(model, points=6) == []


def gamma_above(bound, sign=1.0):
    """A density of Gamma(3) beyond a bound, which vanishes there."""

    def density(position, data, gradient):
        x = sign * (position[0] - bound)
        gradient[0] = sign * (2.0 / x - 1.0) if x > 0.0 else 0.0
        return 2.0 * log(x) - x if x > 0.0 else -math.inf

    return density


def beta(position, data, gradient):
    p = position[0]
    is_inside = 0.0 < p < 1.0
    gradient[0] = 2.0 / p - 2.0 / (1.0 - p) if is_inside else 0.0
    return 2.0 * log(p) + 2.0 * log(1.0 - p) if is_inside else -math.inf


def repelled(position, data, gradient):
    """Two normal numbers in order, which repel each other."""
    gap = position[1] - position[0]
    away = 2.0 / gap if gap > 0.0 else 0.0
    gradient[0], gradient[1] = -position[0] - away, -position[1] + away
    return -0.5 * np.sum(position**2) + 2.0 * log(gap) if gap > 0.0 else -math.inf


def dirichlet(position, data, gradient):
    rest = 1.0 - position[0] - position[1]
    if rest <= 0.0 or position[0] <= 0.0 or position[1] <= 0.0:
        gradient[:] = 0.0
        return -math.inf
    gradient[:] = 2.0 / position - 2.0 / rest
    return 2.0 * (log(position[0]) + log(position[1]) + log(rest))


@pytest.mark.parametrize(
    ("density", "shape", "where", "declare"),
    [
        (gamma_above(0.0), (), "below 0,", "hmc.positive"),
        (gamma_above(0.7), (), "below 0.7,", "hmc.lower(0.7)"),
        (gamma_above(-1.3), (), "below -1.3,", "hmc.lower(-1.3)"),
        (gamma_above(1.5, sign=-1.0), (), "above 1.5,", "hmc.upper(1.5)"),
        (beta, (), "below 0 or above 1,", "hmc.interval(0, 1)"),
        (repelled, (2,), "above its next element,", "hmc.ordered"),
        (dirichlet, (2,), "above 1,", "hmc.simplex"),
    ],
)
def test_a_density_that_vanishes_beyond_bounds_not_declared_is_found(density, shape, where, declare):
    (finding,) = found(density, shape, points=100)  # so many that some are in a simplex
    assert finding.kind == "constraint"
    assert where in finding.message
    assert declare in finding.advice


def normal(centre, scale, constant=0.0):
    def density(position, data, gradient):
        gradient[0] = (centre - position[0]) / scale**2
        return -0.5 * ((position[0] - centre) / scale) ** 2 + constant

    return density


@pytest.mark.parametrize("constant", [1e14, -1e14, 1e16, -1e20, 1e300])
def test_a_density_too_large_for_its_differences_is_found(constant):
    (finding,) = found(normal(1.0, 1.0, constant))
    assert finding.kind == "size"
    assert f"{constant:.3g} at s = " in finding.message


@pytest.mark.parametrize(
    ("centre", "scale", "constant"), [(1.0, 1.0, 1e9), (1e9, 1.0, 0.0), (1.0, 1e-9, 0.0), (-1e12, 1e3, 50.0)]
)
def test_a_density_that_is_only_far_down_where_it_is_looked_at_is_not(centre, scale, constant):
    assert "size" not in {finding.kind for finding in found(normal(centre, scale, constant))}


class Fields(NamedTuple):
    x: np.ndarray
    scale: float
    inner: tuple


def standard(position, data, gradient):
    gradient[0] = -position[0]
    return -0.5 * position[0] ** 2


@pytest.mark.parametrize(("field", "place"), [("x", "data.x[1, 2]"), ("inner", "data.inner.0[3]")])
def test_nan_that_came_into_the_data_afterwards_is_named_by_field_and_index(field, place):
    data = Fields(np.zeros((2, 3)), 1.0, (np.zeros(4),))
    model = hmc.Model(standard, data, [hmc.Parameter("s")], name="small")
    assert hmc.check(model, points=2) == []
    (data.x if field == "x" else data.inner[0])[(1, 2) if field == "x" else 3] = math.nan
    (finding,) = hmc.check(model, points=2)
    assert (finding.kind, finding.message) == ("data", f"{place} is nan")


def test_numbers_that_are_not_transformed_have_no_transform():
    x = list(np.random.default_rng(1).normal(size=(4, 3)))
    with np.errstate(all="ignore"):
        assert transform_of(x, x, "the position", True) == ""
