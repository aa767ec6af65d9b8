"""Densities with gamma functions or heavy tails, and their derivatives, against 60 decimal digits."""

import math
from decimal import Decimal

import numpy as np
import pytest

from models import gamma_family, gamma_functions, location_scale
from models.densities import log_factorial
from tests.models.helpers import decimals
from tests.models.helpers.decimals import PI, value_and_derivatives

HALF = Decimal("0.5")


def cauchy(x, m, s):
    return -(PI * s).ln() - (1 + ((x - m) / s) ** 2).ln()


def student_t(x, nu, m, s):
    norm = decimals.lgamma((nu + 1) / 2) - decimals.lgamma(nu / 2) - (nu * PI).ln() / 2 - s.ln()
    return norm - (nu + 1) / 2 * (1 + ((x - m) / s) ** 2 / nu).ln()


def lognormal(x, m, s):
    return -(((x.ln() - m) / s) ** 2) / 2 - s.ln() - (2 * PI).ln() / 2 - x.ln()


def gamma(x, a, b):
    return a * b.ln() - decimals.lgamma(a) + (a - 1) * x.ln() - b * x


def inverse_gamma(x, a, b):
    return a * b.ln() - decimals.lgamma(a) - (a + 1) * x.ln() - b / x


def beta(x, a, b):
    norm = decimals.lgamma(a + b) - decimals.lgamma(a) - decimals.lgamma(b)
    return norm + (a - 1) * x.ln() + (b - 1) * (1 - x).ln()


def negative_binomial(count):
    def formula(log_mean, phi):
        mean = log_mean.exp()
        norm = decimals.lgamma(phi + count) - decimals.lgamma(phi) - decimals.lgamma(Decimal(count + 1))
        return norm + count * (mean / (mean + phi)).ln() + phi * (phi / (mean + phi)).ln()

    return formula


def ours(count):
    return lambda log_mean, phi: gamma_family.negative_binomial_log(
        float(count), log_factorial(float(count)), log_mean, phi
    )


SCALES = [1e-6, 0.3, 1.0, 40.0, 1e5]
SHAPES = [1e-3, 0.5, 1.0, 2.0, 3.7, 7.9999, 8.0, 30.0, 1e3, 1e6]
CASES = {
    # name: (our density, the formula in decimals, rows of arguments)
    "cauchy": (location_scale.cauchy, cauchy, [(x, 0.5, s) for x in (-3.0, 0.5, 0.51, 1e9) for s in SCALES]),
    "half-cauchy": (
        location_scale.half_cauchy,
        lambda x, s: cauchy(x, Decimal(0), s) + Decimal(2).ln(),
        [(x, s) for x in (1e-9, 0.7, 20.0) for s in SCALES],
    ),
    "student-t": (
        location_scale.student_t,
        student_t,
        [(x, nu, 0.5, s) for x in (-3.0, 0.51, 40.0) for nu in SHAPES for s in (0.3, 5.0)],
    ),
    "laplace": (
        location_scale.laplace,
        lambda x, m, s: -abs(x - m) / s - (2 * s).ln(),
        [(x, 0.25, s) for x in (-3.0, 0.5, 9.0) for s in SCALES],
    ),
    "lognormal": (
        location_scale.lognormal,
        lognormal,
        [(x, m, s) for x in (1e-8, 0.7, 1e6) for m in (-1.0, 2.0) for s in (0.2, 3.0)],
    ),
    "gamma": (
        gamma_family.gamma,
        gamma,
        [(x * a / b, a, b) for x in (0.1, 0.99, 1.0, 1.5, 20.0) for a in SHAPES[:-2] for b in (0.5, 3.0)],
    ),
    "inverse gamma": (
        gamma_family.inverse_gamma,
        inverse_gamma,
        [(x * b / a, a, b) for x in (0.1, 0.99, 1.0, 1.5, 20.0) for a in SHAPES[:-2] for b in (0.5, 3.0)],
    ),
    "beta": (
        gamma_family.beta,
        beta,
        [(x, a, b) for x in (1e-9, 0.3, 0.5, 0.999) for a in SHAPES[:-1:2] for b in SHAPES[:-1]],
    ),
    **{
        f"negative binomial, {count}": (
            ours(count),
            negative_binomial(count),
            [(eta, phi) for eta in (-20.0, -1.0, 0.5, 3.0, 7.0) for phi in SHAPES],
        )
        for count in (0, 1, 12, 300)
    },
}


def largest_error(density, formula, rows):
    """Of values and derivatives, relative to numbers over 1 and absolute below."""
    errors = [0.0]
    for row in rows:
        expected = value_and_derivatives(formula, row)
        errors += [abs(a - b) / max(1.0, abs(b)) for a, b in zip(density(*row), expected, strict=True)]
    return max(errors)


@pytest.mark.parametrize(("density", "formula", "rows"), CASES.values(), ids=CASES)
def test_values_and_derivatives_are_those_of_decimals(density, formula, rows):
    assert largest_error(density, formula, rows) <= 1e-12


@pytest.mark.parametrize(("density", "formula", "rows"), CASES.values(), ids=CASES)
def test_a_derivative_that_is_off_by_a_billionth_is_noticed(density, formula, rows):
    """The negative twin."""

    def wrong(*arguments):
        *right, last = density(*arguments)
        return *right, last * (1 + 1e-9) + 1e-9

    assert largest_error(wrong, formula, rows[:3]) > 1e-12


def relative(found, expected):
    return abs(found - expected) / max(1.0, abs(expected))


POINTS = [1e-300, 1e-10, 0.1, 0.5, 1.0, 1.4616321449683622, 2.0, 3.3, 7.9999, 8.0, 8.001, 55.5, 1e4, 1e10, 1e100]


@pytest.mark.parametrize("x", POINTS)
def test_log_gamma_and_its_derivative_are_those_of_decimals(x):
    value, derivative = value_and_derivatives(decimals.lgamma, [x])
    assert relative(gamma_functions.lgamma(x), value) < 4e-15
    assert relative(gamma_functions.digamma(x), derivative) < 4e-15


@pytest.mark.parametrize("x", [1e-10, 0.3, 2.5, 8.0, 700.0, 1e8, 1e14])
@pytest.mark.parametrize("d", [0.0, 1e-9, 0.5, 7.0, 1e3, 1e9])
def test_differences_keep_their_digits_at_any_size(x, d):
    expected = value_and_derivatives(lambda y: decimals.lgamma(y + Decimal(d)) - decimals.lgamma(y), [x])
    assert relative(gamma_functions.lgamma_ratio(x, d), expected[0]) < 1e-14
    assert relative(gamma_functions.digamma_difference(x, d), expected[1]) < 1e-14


def test_edges_of_the_gamma_functions():
    assert gamma_functions.lgamma(0.0) == gamma_functions.lgamma(-1.0) == gamma_functions.lgamma(1e306) == math.inf
    assert gamma_functions.digamma(0.0) == -math.inf
    assert math.isnan(gamma_functions.lgamma(math.nan))
    assert math.isnan(gamma_functions.digamma(math.nan))


@pytest.mark.parametrize("scale", [0.0, -1.0, math.inf, 5e-324])
def test_parameters_that_are_none_have_no_density(scale):
    assert location_scale.cauchy(0.5, 0.0, scale)[0] == -math.inf
    assert location_scale.student_t(0.5, scale, 0.0, 1.0)[0] == -math.inf
    assert location_scale.student_t(0.5, 3.0, 0.0, scale)[0] == -math.inf
    assert location_scale.laplace(0.5, 0.0, scale)[0] == -math.inf
    assert location_scale.lognormal(0.5, 0.0, scale)[0] == -math.inf
    for density in (gamma_family.gamma, gamma_family.inverse_gamma, gamma_family.beta):
        assert density(0.5, scale, 1.0)[0] == density(0.5, 1.0, scale)[0] == -math.inf
    assert gamma_family.negative_binomial_log(2.0, math.log(2.0), 0.1, scale)[0] == -math.inf


@pytest.mark.parametrize("x", [0.0, -1e-9, math.inf])
def test_outside_its_range_a_density_is_zero(x):
    for density in (gamma_family.gamma, gamma_family.inverse_gamma, gamma_family.beta, location_scale.lognormal):
        assert density(x, 1.5, 1.5)[0] == -math.inf
    assert gamma_family.beta(1.0, 1.5, 1.5)[0] == -math.inf
    assert location_scale.half_cauchy(-1e-9, 1.0)[0] == -math.inf


def test_a_heavy_tail_stays_one_where_squares_overflow():
    for x in (1e200, -1e300):
        for density, formula, df in ((location_scale.cauchy, cauchy, []), (location_scale.student_t, student_t, [3.0])):
            value, d_x, *d_df, d_location, d_scale = density(x, *df, 0.0, 2.0)
            exact = value_and_derivatives(formula, [x, *df, 0.0, 2.0])
            np.testing.assert_allclose([value, d_x, *d_df, d_scale], [*exact[:-2], exact[-1]], rtol=1e-12)
            assert d_location == -d_x  # the decimals do not hold x plus their step


@pytest.mark.parametrize("shape", [1e6, 1e12])
@pytest.mark.parametrize("x", [0.5, 0.999, 1.0, 1.002, 3.0])
def test_a_gamma_of_a_large_shape_keeps_its_digits(shape, x):
    """Its terms are of the size of 1e7 and 3e13, and leave about 10 near the mode."""
    row = (x * shape / 4.0, shape, 4.0)
    value, _, d_shape, _ = gamma_family.gamma(*row)
    exact = value_and_derivatives(gamma, row)
    # Of x itself, a relative rounding of 1e-16 moves the value by shape |x - 1| times that.
    assert abs(value - exact[0]) <= 1e-14 * abs(exact[0]) + 2e-16 * shape * abs(x - 1.0) + 1e-14
    assert abs(d_shape - exact[2]) <= 1e-12 * abs(exact[2]) + 4e-16


def test_many_degrees_of_freedom_are_a_normal_and_much_concentration_a_poisson():
    assert location_scale.student_t(1.3, 1e15, 0.0, 1.0)[0] == pytest.approx(
        -0.5 * 1.3**2 - 0.5 * math.log(2 * math.pi)
    )
    found = gamma_family.negative_binomial_log(3.0, math.log(6.0), 0.7, 1e15)[0]
    assert found == pytest.approx(3 * 0.7 - math.exp(0.7) - math.log(6.0), rel=1e-13)


@pytest.mark.parametrize("count", [10**6, 10**8])
@pytest.mark.parametrize("phi", [1e-290, 1e-8, 0.3, 30.0, 5e3])
def test_a_large_count_of_few_successes_keeps_its_digits(count, phi):
    """log(count!) is up to 2e9, and what is left about 20."""
    value, d_log_mean, _ = ours(count)(3.0, phi)
    exact = value_and_derivatives(negative_binomial(count), (3.0, phi))
    largest = count * math.log1p(phi / math.exp(3.0))  # what the count costs, the largest of the terms that are left
    np.testing.assert_allclose(value, exact[0], rtol=1e-13, atol=4e-16 * largest)
    np.testing.assert_allclose(d_log_mean, exact[1], rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize(("x", "shape", "scale"), [(1e200, 1e120, 1.0), (1e254, 1e97, 1e206), (1e-200, 3.0, 1e-90)])
def test_the_slope_of_an_inverse_gamma_does_not_overflow_on_its_way(x, shape, scale):
    assert gamma_family.inverse_gamma(x, shape, scale)[1] == pytest.approx((scale / x - shape - 1.0) / x, rel=1e-15)
