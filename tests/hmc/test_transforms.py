"""Constraints: round trips, Jacobians against numerical determinants, gradients against differences, extreme values."""

import math

import numpy as np
import pytest
from scipy import special

from hmc import transforms

SIZES = pytest.mark.parametrize("size", [2, 3, 7])
EXTREME = [-1000.0, -746.0, -700.0, -40.0, -1e-300, 0.0, 1e-300, 40.0, 700.0, 1000.0]
BELOW, ABOVE = -1.5, 4.0

# name: (constrain, unconstrain, log Jacobian), of one number.
SCALARS = {
    "positive": (transforms.constrain_positive, transforms.unconstrain_positive, lambda x: x),
    "lower": (
        lambda x: transforms.constrain_lower(x, BELOW),
        lambda v: transforms.unconstrain_lower(v, BELOW),
        lambda x: x,
    ),
    "upper": (
        lambda x: transforms.constrain_upper(x, ABOVE),
        lambda v: transforms.unconstrain_upper(v, ABOVE),
        lambda x: x,
    ),
    "interval": (
        lambda x: transforms.constrain_interval(x, BELOW, ABOVE),
        lambda v: transforms.unconstrain_interval(v, BELOW, ABOVE),
        lambda x: transforms.interval_log_jacobian(x, BELOW, ABOVE),
    ),
}


def ordered(x):
    out = np.empty(len(x))
    transforms.constrain_ordered(np.asarray(x, float), out)
    return out


def simplex(x):
    out = np.empty(len(x) + 1)
    transforms.constrain_simplex(np.asarray(x, float), out)
    return out


def back(unconstrain, value, size):
    out = np.empty(size)
    unconstrain(value, out)
    return out


def jacobian(function, x, h=1e-6):
    """Central differences: exact to about h^2 = 1e-12 and rounding / h = 1e-10."""
    steps = h * np.eye(len(x))
    return np.array([(function(x + step) - function(x - step)) / (2 * h) for step in steps]).T


# Single numbers.


@pytest.mark.parametrize("name", SCALARS)
def test_round_trip_of_numbers(name):
    constrain, unconstrain, _ = SCALARS[name]
    for x in np.linspace(-12, 12, 49):
        # Near a bound of size 4 a value keeps 1e-16 * 4 of a distance of exp(-12): 1e-10 relative.
        assert unconstrain(constrain(x)) == pytest.approx(x, abs=1e-9)


@pytest.mark.parametrize("name", SCALARS)
def test_log_jacobian_of_numbers_is_the_log_of_the_slope(name):
    constrain, _, log_jacobian = SCALARS[name]
    for x in np.linspace(-3, 3, 13):
        slope = (constrain(x + 1e-5) - constrain(x - 1e-5)) / 2e-5
        assert log_jacobian(x) == pytest.approx(math.log(abs(slope)), abs=1e-8)


def test_numbers_are_the_formulas_of_scipy():
    for x in np.linspace(-30, 30, 61):
        assert transforms.constrain_positive(x) == pytest.approx(np.exp(x), rel=1e-15)
        assert transforms.constrain_lower(x, BELOW) == pytest.approx(BELOW + np.exp(x), rel=1e-14)
        assert transforms.constrain_upper(x, ABOVE) == pytest.approx(ABOVE - np.exp(x), rel=1e-14, abs=1e-15)
        width = ABOVE - BELOW
        assert transforms.constrain_interval(x, 0.0, width) == pytest.approx(width * special.expit(x), rel=1e-14)
        expected = math.log(width) + special.log_expit(x) + special.log_expit(-x)
        assert transforms.interval_log_jacobian(x, BELOW, ABOVE) == pytest.approx(expected, rel=1e-14)


def test_interval_pullback_is_the_derivative():
    def target(x):
        return 0.7 * math.sin(transforms.constrain_interval(x, BELOW, ABOVE)) + transforms.interval_log_jacobian(
            x, BELOW, ABOVE
        )

    for x in np.linspace(-4, 4, 17):
        gradient = 0.7 * math.cos(transforms.constrain_interval(x, BELOW, ABOVE))
        numerical = (target(x + 1e-5) - target(x - 1e-5)) / 2e-5
        assert transforms.interval_pullback(x, BELOW, ABOVE, gradient) == pytest.approx(numerical, abs=1e-8)


@pytest.mark.parametrize("x", EXTREME)
def test_numbers_far_out_stay_on_their_side_of_the_bound_without_nan(x):
    assert transforms.constrain_positive(x) >= 0
    assert transforms.constrain_lower(x, BELOW) >= BELOW
    assert transforms.constrain_upper(x, ABOVE) <= ABOVE
    assert BELOW <= transforms.constrain_interval(x, BELOW, ABOVE) <= ABOVE
    log_jacobian = transforms.interval_log_jacobian(x, BELOW, ABOVE)
    assert log_jacobian == pytest.approx(math.log(ABOVE - BELOW) - abs(x) - 2 * np.log1p(np.exp(-abs(x))), rel=1e-14)
    pullback = transforms.interval_pullback(x, BELOW, ABOVE, 3.0)
    assert pullback == pytest.approx(-math.tanh(x / 2), abs=3 * 5.5 * np.exp(-abs(x)) + 1e-15)


def test_bounds_themselves_are_infinitely_far():
    assert transforms.unconstrain_positive(0.0) == -math.inf
    assert transforms.unconstrain_lower(BELOW, BELOW) == -math.inf
    assert transforms.unconstrain_upper(ABOVE, ABOVE) == -math.inf
    assert transforms.unconstrain_interval(BELOW, BELOW, ABOVE) == -math.inf
    assert transforms.unconstrain_interval(ABOVE, BELOW, ABOVE) == math.inf
    assert math.isnan(transforms.unconstrain_positive(-1.0))
    assert math.isnan(transforms.unconstrain_interval(ABOVE + 1, BELOW, ABOVE))


# Vectors.


@SIZES
def test_ordered_vectors_ascend_and_return(size):
    rng = np.random.default_rng(size)
    for _ in range(20):
        x = rng.normal(scale=2, size=size)
        value = ordered(x)
        assert value[0] == x[0]
        assert (np.diff(value) > 0).all()
        np.testing.assert_allclose(back(transforms.unconstrain_ordered, value, size), x, rtol=0, atol=1e-10)
        np.testing.assert_allclose(value, x[0] + np.cumsum([0, *np.exp(x[1:])]), rtol=1e-13, atol=1e-13)


@SIZES
def test_simplexes_sum_to_one_and_return(size):
    rng = np.random.default_rng(size)
    for _ in range(20):
        x = rng.normal(scale=2, size=size - 1)
        value = simplex(x)
        assert (value > 0).all()
        assert value.sum() == pytest.approx(1.0, abs=1e-15 * size)
        np.testing.assert_allclose(back(transforms.unconstrain_simplex, value, size - 1), x, rtol=0, atol=1e-12)


@pytest.mark.parametrize("size", [2, 3, 7, 100])
def test_simplex_at_zero_is_uniform(size):
    np.testing.assert_allclose(simplex(np.zeros(size - 1)), 1 / size, rtol=1e-13)


def test_simplex_is_stans_stick_breaking():
    # Stan reference manual, "Unit simplex inverse transform": z[k] = logit^-1(y[k] + log(1 / (K - k))).
    y = np.random.default_rng(1).normal(size=4)
    left, expected = 1.0, []
    for k, yk in enumerate(y, start=1):
        expected.append(left * special.expit(yk + math.log(1 / (5 - k))))
        left -= expected[-1]
    np.testing.assert_allclose(simplex(y), [*expected, left], rtol=1e-13)


@SIZES
def test_log_jacobians_of_vectors_are_numerical_determinants(size):
    rng = np.random.default_rng(size)
    for _ in range(10):
        x = rng.normal(size=size)
        numerical = np.log(abs(np.linalg.det(jacobian(ordered, x))))
        assert transforms.ordered_log_jacobian(x) == pytest.approx(numerical, abs=1e-7)
        x = x[1:]
        numerical = np.log(abs(np.linalg.det(jacobian(lambda y: simplex(y)[:-1], x))))
        assert transforms.simplex_log_jacobian(x) == pytest.approx(numerical, abs=1e-6)


@SIZES
def test_pullbacks_of_vectors_are_derivatives(size):
    rng = np.random.default_rng(size)
    weights = rng.normal(size=size)
    for _ in range(10):
        x = rng.normal(size=size)
        gradient, out = weights * np.cos(ordered(x)), np.empty(size)
        transforms.ordered_pullback(x, gradient, out)
        numerical = jacobian(lambda y: np.array([weights @ np.sin(ordered(y)) + transforms.ordered_log_jacobian(y)]), x)
        np.testing.assert_allclose(out, numerical[0], rtol=1e-7, atol=1e-7)
        in_place = gradient.copy()
        transforms.ordered_pullback(x, in_place, in_place)
        assert (in_place == out).all()

        x = x[1:].copy()
        value, out = simplex(x), np.empty(size - 1)
        transforms.simplex_pullback(x, value, weights * np.cos(value), out)
        numerical = jacobian(lambda y: np.array([weights @ np.sin(simplex(y)) + transforms.simplex_log_jacobian(y)]), x)
        np.testing.assert_allclose(out, numerical[0], rtol=1e-7, atol=1e-7)


@pytest.mark.parametrize("far", EXTREME)
@pytest.mark.parametrize("place", [0, 1, 2])
def test_vectors_far_out_have_no_nan(far, place):
    x = np.array([0.3, -0.2, 0.5])
    x[place] = far
    value = ordered(x)
    assert (value[1:] >= value[:-1]).all()  # false for nan
    assert transforms.ordered_log_jacobian(x) == pytest.approx(x[1:].sum())
    value = simplex(x)
    assert (value >= 0).all()
    assert value.sum() == pytest.approx(1.0, abs=1e-15)
    assert math.isfinite(transforms.simplex_log_jacobian(x))
    out = np.empty(3)
    transforms.simplex_pullback(x, value, np.ones(4), out)
    assert np.isfinite(out).all()
