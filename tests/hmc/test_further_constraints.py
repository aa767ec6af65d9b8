"""Positive ordered vectors, unit vectors, correlation matrices' factors, and bounds of each element."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import hmc
from hmc import correlations, transforms
from hmc.parameters import Parameter, constrained, unconstrained

NUMBERS = st.floats(-4.0, 4.0)
EXTREME = [-1000.0, -400.0, -40.0, -1e-300, 0.0, 1e-300, 40.0, 400.0, 1000.0]


def factor_of(x):
    size = round((1.0 + math.sqrt(1.0 + 8.0 * len(x))) / 2.0)
    out = np.empty(size * size)
    correlations.constrain_cholesky_corr(np.asarray(x, float), out)
    return out


def positive_ordered(x):
    out = np.empty(len(x))
    transforms.constrain_positive_ordered(np.asarray(x, float), out)
    return out


def unit(x):
    out = np.empty(len(x))
    transforms.constrain_unit_vector(np.asarray(x, float), out)
    return out


def differences(function, x, h=1e-6):
    """The Jacobian by central differences: exact to about 1e-10."""
    steps = h * np.eye(len(x))
    return np.array([(function(x + step) - function(x - step)) / (2.0 * h) for step in steps]).T


def pulled_back(kind, x, gradient):
    out = np.empty(len(x))
    if kind == "positive_ordered":
        transforms.positive_ordered_pullback(x, gradient, out)
    elif kind == "unit":
        transforms.unit_vector_pullback(x, unit(x), gradient, out)
    else:
        correlations.cholesky_corr_pullback(x, factor_of(x), gradient, out)
    return out


KINDS = {
    "positive_ordered": (positive_ordered, transforms.positive_ordered_log_jacobian),
    "unit": (unit, transforms.unit_vector_log_jacobian),
    "cholesky_corr": (factor_of, correlations.cholesky_corr_log_jacobian),
}


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=50, deadline=None)
@given(x=st.sampled_from([3, 6]).flatmap(lambda n: st.lists(NUMBERS, min_size=n, max_size=n)), seed=st.integers(0, 9))
def test_pullback_is_the_derivative(kind, x, seed):
    constrain, log_jacobian = KINDS[kind]
    x = np.array(x)
    if kind == "unit" and np.abs(x).max() < 0.1:
        x = x + 1.0  # near 0, differences are of no use
    gradient = np.random.default_rng(seed).standard_normal(constrain(x).size)

    def target(x):
        return np.array([gradient @ constrain(x) + log_jacobian(x)])

    np.testing.assert_allclose(pulled_back(kind, x, gradient), differences(target, x)[0], rtol=1e-6, atol=1e-6)


@settings(max_examples=50, deadline=None)
@given(x=st.lists(NUMBERS, min_size=3, max_size=3))
def test_log_jacobians_are_numerical_determinants(x):
    x = np.array(x)
    below = [3, 6, 7]  # elements of a (3, 3) factor below the diagonal
    for function, log_jacobian in (
        (positive_ordered, transforms.positive_ordered_log_jacobian),
        (lambda x: factor_of(x)[below], correlations.cholesky_corr_log_jacobian),
    ):
        determinant = np.linalg.det(differences(function, x))
        assert math.exp(log_jacobian(x)) == pytest.approx(determinant, rel=1e-4, abs=1e-9)


def test_log_jacobian_counts_what_is_left_of_a_row():
    """The negative twin: the slopes of tanh alone are another determinant."""
    x = np.array([0.3, -1.2, 0.8])
    determinant = np.linalg.det(differences(lambda x: factor_of(x)[[3, 6, 7]], x))
    slopes = sum(correlations.log_one_minus_tanh_squared(v) for v in x)
    assert math.exp(slopes) != pytest.approx(determinant, rel=0.1)


@settings(max_examples=100, deadline=None)
@given(x=st.sampled_from([1, 3, 10]).flatmap(lambda n: st.lists(NUMBERS, min_size=n, max_size=n)))
def test_factors_are_of_correlation_matrices_and_return(x):
    value = factor_of(x)
    size = math.isqrt(value.size)
    factor = value.reshape(size, size)
    np.testing.assert_allclose(np.linalg.norm(factor, axis=1), 1.0, rtol=4e-16 * size)
    assert (np.diag(factor) > 0.0).all()
    assert not np.triu(factor, 1).any()
    again = np.empty(len(x))
    correlations.unconstrain_cholesky_corr(value, again)
    np.testing.assert_allclose(again, x, rtol=1e-12, atol=1e-14)


def test_a_factor_is_stans():
    """Stan's reference manual, by its formula in tanh."""
    z = np.tanh([0.3, -1.2, 0.8])
    second = [z[1], z[2] * math.sqrt(1.0 - z[1] ** 2)]
    expected = [[1.0, 0.0, 0.0], [z[0], math.sqrt(1.0 - z[0] ** 2), 0.0]]
    expected.append([*second, math.sqrt(1.0 - second[0] ** 2 - second[1] ** 2)])
    np.testing.assert_allclose(factor_of([0.3, -1.2, 0.8]).reshape(3, 3), expected, rtol=1e-15)


def test_tanh_has_the_digits_near_zero():
    for x in (1e-300, 1e-9, 0.01, 0.3, 0.4999, 0.5, 0.7, 3.0, 40.0):
        assert correlations.tanh(x) == pytest.approx(math.tanh(x), rel=4e-16)
        assert correlations.tanh(-x) == -correlations.tanh(x)
        assert correlations.sech(x) == pytest.approx(1.0 / math.cosh(x), rel=4e-16)


@pytest.mark.parametrize("far", EXTREME)
@pytest.mark.parametrize("place", range(3))
def test_far_out_there_is_no_nan(far, place):
    x = np.array([0.5, -0.2, 0.1])
    x[place] = far
    with np.errstate(all="ignore"):
        for kind, (constrain, log_jacobian) in KINDS.items():
            assert not np.isnan(constrain(x)).any()
            assert not math.isnan(log_jacobian(x))
            assert not np.isnan(pulled_back(kind, x, np.ones(constrain(x).size))).any()


@settings(max_examples=50, deadline=None)
@given(x=st.lists(NUMBERS, min_size=4, max_size=4))
def test_vectors_return(x):
    value, again = positive_ordered(x), np.empty(4)
    assert (np.diff(value, prepend=0.0) > 0.0).all()
    transforms.unconstrain_positive_ordered(value, again)
    np.testing.assert_allclose(again, x, atol=1e-10)  # differences of values up to exp(4) keep 1e-16 exp(8)
    if np.abs(x).max() > 0.0:
        assert np.linalg.norm(unit(x)) == pytest.approx(1.0, rel=1e-15)


SHAPES = [
    (hmc.positive_ordered, (2, 3), (2, 3)),
    (hmc.unit_vector, (2, 3), (2, 3)),
    (hmc.cholesky_corr, (2, 3, 3), (2, 3)),
    (hmc.simplex, (2, 3), (2, 2)),
    (hmc.lower([[0.0, 1.0, 2.0], [-1.0, -2.0, -3.0]]), (2, 3), (2, 3)),
    (hmc.upper(np.arange(6.0)), (2, 3), (2, 3)),
    (hmc.interval(np.zeros(6), np.arange(1.0, 7.0)), (2, 3), (2, 3)),
]


@pytest.mark.parametrize(("constraint", "shape", "free_shape"), SHAPES)
def test_parameters_constrain_and_unconstrain(constraint, shape, free_shape):
    parameter = Parameter("x", shape, constraint)
    assert constraint.free_shape(shape) == free_shape
    assert parameter.free == math.prod(free_shape)
    free = np.random.default_rng(1).standard_normal((5, 7, parameter.free))
    values = constrained(parameter, free)
    assert values.shape == (5, 7, *shape)
    again = unconstrained("toy", parameter, values[2, 3])
    np.testing.assert_allclose(constrained(parameter, again), values[2, 3], rtol=1e-12, atol=1e-14)
    many = np.tile(free, (1, 400, 1))  # by compiled code
    assert np.array_equal(constrained(parameter, many)[:, :7], values)


def test_bounds_are_those_of_each_element():
    values = constrained(Parameter("x", (3,), hmc.lower([0.0, 10.0, 20.0])), np.zeros(3))
    np.testing.assert_array_equal(values, [1.0, 11.0, 21.0])
    values = constrained(Parameter("x", (2,), hmc.interval([0.0, 1.0], [1.0, 5.0])), np.zeros(2))
    np.testing.assert_array_equal(values, [0.5, 3.0])
    assert str(hmc.lower(np.arange(5.0))) == "lower([0, 1, 2, ...])"
    assert str(hmc.interval(0.0, [1.0, 2.0])) == "interval(0, [1, 2])"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: model_of(Parameter("x", (2,), hmc.lower([1.0, 2.0, 3.0]))), "toy: x has 2 elements, but 3 bounds"),
        (lambda: hmc.interval([0.0, 1.0], [1.0, 2.0, 3.0]), "interval: there are 2 lower bounds and 3 upper ones"),
        (lambda: hmc.interval([0.0, 3.0], [1.0, 2.0]), "is not below the upper bound"),
        (lambda: hmc.lower([0.0, math.nan]), "a bound must be a finite number"),
        (lambda: model_of(Parameter("x", (3,), hmc.cholesky_corr)), r"needs the shape \(K, K\) of a matrix"),
        (lambda: model_of(Parameter("x", (3, 2), hmc.cholesky_corr)), r"needs the shape \(K, K\) of a matrix"),
        (lambda: model_of(Parameter("x", (), hmc.unit_vector)), "needs a vector's shape"),
        (lambda: unconstrained("toy", Parameter("x", (2,), hmc.unit_vector), [1.0, 1.0]), "is not unit_vector"),
        (lambda: unconstrained("toy", Parameter("x", (2,), hmc.positive_ordered), [2.0, 1.0]), "is not positive_ord"),
        (lambda: unconstrained("toy", Parameter("x", (2, 2), hmc.cholesky_corr), np.ones((2, 2))), "is not cholesky"),
        (lambda: unconstrained("toy", Parameter("x", (2,), hmc.lower([0.0, 5.0])), [1.0, 4.0]), "is not lower"),
    ],
)
def test_what_does_not_fit_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def flat(position, data, gradient):
    gradient[:] = 0.0
    return 0.0


def model_of(*parameters):
    from tests.hmc.helpers import running

    return hmc.Model(flat, running.grouped_model().data, parameters, name="toy")
