"""models.densities against scipy.stats, against decimal arithmetic where that has no digits left, and derivatives."""

import itertools
import math
from decimal import Decimal, localcontext

import numba
import numpy as np
import pytest
from scipy import stats
from scipy.special import expit, gammaln

from hmc.jit.kernel import inlined
from models import gamma_family, location_scale
from models.densities import (
    bernoulli_logit,
    binomial_logit,
    cutpoint_gap,
    dirichlet,
    exponential,
    half_normal,
    log_choose,
    log_factorial,
    normal,
    normal_group,
    ordered_logistic,
    poisson_log,
)

RNG = np.random.default_rng(3)


def group(x0, x1, x2, x3, x4, mean, sd):
    """normal_group of five values, in the convention of the others: all its derivatives returned."""
    d_x = np.empty(5)
    value, d_mean, d_sd = normal_group(np.array([x0, x1, x2, x3, x4]), mean, sd, d_x)
    return value, *d_x, d_mean, d_sd


def simplex(x0, x1, x2):
    """dirichlet(3) of three values, in the convention of the others."""
    d_x = np.empty(3)
    value = dirichlet(np.array([x0, x1, x2]), 3.0, log_factorial(8.0) - 3.0 * log_factorial(2.0), d_x)
    return value, *d_x


def simplex_reference(*x):
    return float(gammaln(9.0) - 3.0 * gammaln(3.0) + 2.0 * np.log(x).sum())


def binomial(successes, trials):
    return lambda logit: binomial_logit(successes, trials, log_choose(trials, successes), logit)


def poisson(count):
    return lambda log_rate: poisson_log(count, float(gammaln(count + 1.0)), log_rate)


def negative_binomial(count):
    log_factorial_of_count = math.log(math.factorial(count))
    return lambda log_mean, phi: gamma_family.negative_binomial_log(float(count), log_factorial_of_count, log_mean, phi)


def ordered(eta, lower, width):
    """Arguments that keep the cutpoints in order; the derivatives of (eta, lower, upper) follow the chain rule."""
    upper = lower + width
    value, d_eta, d_lower, d_upper = ordered_logistic(eta, lower, upper, cutpoint_gap(upper - lower))
    return value, d_eta, d_lower + d_upper, d_upper


def lowest_category(eta, upper):
    value, d_eta, _, d_upper = ordered_logistic(eta, -math.inf, upper, cutpoint_gap(math.inf))
    return value, d_eta, d_upper


def highest_category(eta, lower):
    value, d_eta, d_lower, _ = ordered_logistic(eta, lower, math.inf, cutpoint_gap(math.inf))
    return value, d_eta, d_lower


def ordered_reference(eta, lower, width):
    return math.log(stats.logistic.cdf(lower + width - eta) - stats.logistic.cdf(lower - eta))


ANY, POSITIVE = RNG.normal(scale=2.0, size=(20, 8)), RNG.gamma(2.0, size=(20, 8))
DENSITIES = {
    # name: density and its derivatives, the same by scipy, 20 rows of arguments
    "normal": (normal, stats.norm.logpdf, np.c_[ANY[:, :2], POSITIVE[:, 0]]),
    "normal_group": (
        group,
        lambda *arguments: stats.norm.logpdf(arguments[:5], *arguments[5:]).sum(),
        np.c_[ANY[:, :6], POSITIVE[:, 0]],
    ),
    "half-normal": (half_normal, lambda x, sd: stats.halfnorm.logpdf(x, scale=sd), POSITIVE[:, :2]),
    "dirichlet": (simplex, simplex_reference, POSITIVE[:, :3]),
    "exponential": (exponential, lambda x, rate: stats.expon.logpdf(x, scale=1.0 / rate), POSITIVE[:, :2]),
    "binomial": (binomial(9.0, 10.0), lambda x: stats.binom.logpmf(9, 10, expit(x)), ANY[:, :1]),
    "binomial, none": (binomial(0.0, 35.0), lambda x: stats.binom.logpmf(0, 35, expit(x)), ANY[:, :1]),
    "binomial, all": (binomial(35.0, 35.0), lambda x: stats.binom.logpmf(35, 35, expit(x)), ANY[:, :1]),
    "bernoulli, 1": (lambda x: bernoulli_logit(1.0, x), lambda x: stats.bernoulli.logpmf(1, expit(x)), ANY[:, :1]),
    "bernoulli, 0": (lambda x: bernoulli_logit(0.0, x), lambda x: stats.bernoulli.logpmf(0, expit(x)), ANY[:, :1]),
    "poisson": (poisson(7.0), lambda x: stats.poisson.logpmf(7, np.exp(x)), ANY[:, :1]),
    "poisson, 0": (poisson(0.0), lambda x: stats.poisson.logpmf(0, np.exp(x)), ANY[:, :1]),
    "cauchy": (location_scale.cauchy, stats.cauchy.logpdf, np.c_[ANY[:, :2], POSITIVE[:, 0]]),
    "half-cauchy": (
        location_scale.half_cauchy,
        lambda x, scale: stats.halfcauchy.logpdf(x, scale=scale),
        POSITIVE[:, :2],
    ),
    "student-t": (
        location_scale.student_t,
        stats.t.logpdf,
        np.c_[ANY[:, 0], POSITIVE[:, 0], ANY[:, 1], POSITIVE[:, 1]],
    ),
    "laplace": (location_scale.laplace, stats.laplace.logpdf, np.c_[ANY[:, :2], POSITIVE[:, 0]]),
    "lognormal": (
        location_scale.lognormal,
        lambda x, location, scale: stats.lognorm.logpdf(x, scale, scale=np.exp(location)),
        np.c_[POSITIVE[:, 0], ANY[:, 0], POSITIVE[:, 1]],
    ),
    "gamma": (gamma_family.gamma, lambda x, a, b: stats.gamma.logpdf(x, a, scale=1.0 / b), POSITIVE[:, :3]),
    "inverse gamma": (
        gamma_family.inverse_gamma,
        lambda x, a, b: stats.invgamma.logpdf(x, a, scale=b),
        POSITIVE[:, :3],
    ),
    "beta": (gamma_family.beta, stats.beta.logpdf, np.c_[expit(ANY[:, 0]), POSITIVE[:, :2]]),
    "negative binomial": (
        negative_binomial(7),
        lambda log_mean, phi: stats.nbinom.logpmf(7, phi, phi / (phi + np.exp(log_mean))),
        np.c_[ANY[:, 0], POSITIVE[:, 0]],
    ),
    "ordered": (ordered, ordered_reference, np.c_[ANY[:, :2], POSITIVE[:, 0]]),
    "ordered, lowest": (lowest_category, lambda eta, c: stats.logistic.logcdf(c - eta), ANY[:, :2]),
    "ordered, highest": (highest_category, lambda eta, c: stats.logistic.logsf(c - eta), ANY[:, :2]),
}


@pytest.mark.parametrize(("density", "reference", "rows"), DENSITIES.values(), ids=DENSITIES)
def test_log_density_is_that_of_scipy(density, reference, rows, relative_error):
    for row in rows.tolist():
        assert relative_error(density(*row)[0], float(reference(*row))) <= 1e-10


@pytest.mark.parametrize(("density", "reference", "rows"), DENSITIES.values(), ids=DENSITIES)
def test_derivatives_are_those_of_the_log_density(density, reference, rows):
    assert largest_derivative_error(density, rows) <= 1e-6


@pytest.mark.parametrize(("density", "reference", "rows"), DENSITIES.values(), ids=DENSITIES)
def test_a_derivative_of_wrong_sign_is_noticed(density, reference, rows):
    """Negative twin: with the last derivative's sign turned, the check above fails."""

    def wrong(*arguments):
        *right, last = density(*arguments)
        return *right, -last

    assert largest_derivative_error(wrong, rows) > 1e-3


def largest_derivative_error(density, rows):
    errors = []
    for row in rows.tolist():
        _, *derivatives = density(*row)
        assert len(derivatives) == len(row)
        for i, derivative in enumerate(derivatives):
            h = 1e-6 * (1.0 + abs(row[i]))
            above, below = list(row), list(row)
            above[i] += h
            below[i] -= h
            difference = (density(*above)[0] - density(*below)[0]) / (above[i] - below[i])
            errors.append(abs(derivative - difference) / (1.0 + max(abs(d) for d in derivatives)))
    return max(errors)


EXTREMES = [0.0, 1e-300, 1e-8, 0.5, 30.0, 700.0, 745.2, 1e3, 1e4, 1e154, 1e308]
EXTREMES = EXTREMES + [-x for x in EXTREMES]


@pytest.mark.parametrize(("density", "reference", "rows"), DENSITIES.values(), ids=DENSITIES)
def test_extreme_arguments_give_a_finite_value_or_minus_infinity(density, reference, rows):
    dimension = rows.shape[1]
    rng = np.random.default_rng(5)
    for row in rng.choice(EXTREMES, size=(500, dimension)).tolist():
        with np.errstate(all="ignore"):  # as hmc.Model does; compiled code does not warn
            value = density(*row)[0]
        assert math.isfinite(value) or value == -math.inf, row


def decimal_log1p(x):
    return (1 + x).ln() if abs(x) > Decimal("1e-30") else x - x * x / 2  # 60 digits do not hold 1 + 1e-300


def decimal_binomial(successes, trials, logit):
    with localcontext() as context:
        context.prec = 60
        x = Decimal(logit)
        distance = (trials - successes) * max(x, Decimal(0)) + successes * max(-x, Decimal(0))
        return float(Decimal(math.comb(trials, successes)).ln() - distance - trials * decimal_log1p((-abs(x)).exp()))


@pytest.mark.parametrize("logit", [0.0, 1e-9, 3.0, 30.0, 36.9, 300.0, 1e3, 1e4])
@pytest.mark.parametrize(("successes", "trials"), [(0, 35), (35, 35), (9, 10), (0, 1)])
def test_binomial_keeps_its_digits_at_any_logit(successes, trials, logit, relative_error):
    density = binomial(float(successes), float(trials))
    for x in (logit, -logit):
        assert relative_error(density(x)[0], decimal_binomial(successes, trials, x)) <= 1e-14


def decimal_ordered(eta, lower, upper):
    with localcontext() as context:
        context.prec = 60
        context.Emin, context.Emax = -(10**9), 10**9
        u, l = Decimal(upper) - Decimal(eta), Decimal(lower) - Decimal(eta)  # noqa: E741
        return float(decimal_log1p(-(l - u).exp()) - decimal_log1p((-u).exp()) - decimal_log1p(l.exp()))


@pytest.mark.parametrize("eta", [0.0, 5.0, -40.0, 800.0, -800.0, 1e4, -1e4])
@pytest.mark.parametrize(("lower", "upper"), [(-1.0, 1.0), (0.5, 0.5 + 1e-9), (-30.0, 30.0), (2.0, 1e3), (-1e3, 1e3)])
def test_ordered_logistic_keeps_its_digits_at_any_linear_predictor(eta, lower, upper, relative_error):
    value = ordered_logistic(eta, lower, upper, cutpoint_gap(upper - lower))[0]
    assert relative_error(value, decimal_ordered(eta, lower, upper)) <= 1e-13


def test_probabilities_of_all_categories_sum_to_one():
    cutpoints = [-math.inf, -2.0, -0.3, 0.0, 1.4, 5.0, math.inf]
    for eta in (-3.0, 0.0, 0.7, 20.0):
        pairs = itertools.pairwise(cutpoints)
        terms = [ordered_logistic(eta, lower, upper, cutpoint_gap(upper - lower)) for lower, upper in pairs]
        assert math.fsum(math.exp(term[0]) for term in terms) == pytest.approx(1.0, abs=1e-14)
        assert all(math.isfinite(d) for term in terms for d in term)


@pytest.mark.parametrize("upper", [1.0, 0.5, -1e308])
def test_cutpoints_equal_or_out_of_order_leave_their_category_impossible(upper):
    assert ordered_logistic(0.3, 1.0, upper, cutpoint_gap(upper - 1.0))[0] == -math.inf


def test_dirichlet_on_the_simplex_is_that_of_scipy():
    x = np.array([0.2, 0.5, 0.3])
    assert simplex(*x)[0] == pytest.approx(stats.dirichlet.logpdf(x, [3.0] * 3), rel=1e-12)


def test_half_normal_has_no_density_below_zero():
    assert half_normal(-1e-9, 1.0)[0] == -math.inf


@pytest.mark.parametrize("sd", [0.0, 5e-324, -1.0, math.inf])
def test_a_scale_that_is_none_has_no_density(sd):
    assert normal(0.0, 0.0, sd)[0] == -math.inf
    assert normal_group(np.zeros(3), 0.0, sd, np.empty(3))[0] == -math.inf


def test_exponential_has_no_density_below_zero():
    assert exponential(-1e-9, 1.0)[0] == -math.inf


def test_an_impossible_rate_has_no_density():
    assert poisson_log(3.0, math.log(6.0), 1e4)[0] == -math.inf


def test_log_factorial_is_the_log_of_the_factorial():
    for n in range(300):
        assert log_factorial(n) == pytest.approx(math.log(math.factorial(n)), rel=1e-15, abs=0.0)


@pytest.mark.parametrize(("n", "k"), [(10, 0), (10, 10), (10, 3), (35, 17), (1000, 400)])
def test_log_choose_is_the_log_of_the_binomial_coefficient(n, k):
    assert log_choose(float(n), float(k)) == pytest.approx(math.log(math.comb(n, k)), rel=1e-13, abs=1e-14)


@pytest.mark.parametrize("n", range(10))
def test_normal_group_is_the_sum_over_its_members(n):
    x, d_x = np.random.default_rng(n).normal(size=n), np.empty(n)
    value, d_mean, d_sd = normal_group(x, 0.3, 1.7, d_x)
    terms = np.array([normal(xi, 0.3, 1.7) for xi in x]).reshape(n, 4)
    np.testing.assert_allclose([value, d_mean, d_sd], terms.sum(axis=0)[[0, 2, 3]], rtol=1e-13, atol=1e-13)
    np.testing.assert_allclose(d_x, terms[:, 1], rtol=1e-15)


@inlined
def of_a_middle_category(eta, lower, upper):
    return ordered_logistic(eta, lower, upper, cutpoint_gap(upper - lower))


COMPILED = {
    normal: 3,
    half_normal: 2,
    exponential: 2,
    binomial_logit: 4,
    bernoulli_logit: 2,
    poisson_log: 3,
    of_a_middle_category: 3,
    location_scale.cauchy: 3,
    location_scale.half_cauchy: 2,
    location_scale.student_t: 4,
    location_scale.laplace: 3,
    location_scale.lognormal: 3,
    gamma_family.gamma: 3,
    gamma_family.inverse_gamma: 3,
    gamma_family.beta: 3,
    gamma_family.negative_binomial_log: 4,
    log_choose: 2,
    log_factorial: 1,
}


@pytest.mark.parametrize(("density", "arity"), COMPILED.items())
def test_compiled_densities_agree_with_python_bit_for_bit(density, arity):
    """Called from Python, these functions and all they call run as Python (see hmc.numerics.inlined)."""
    compiled = numba.njit(error_model="numpy")(density)
    arguments = np.random.default_rng(arity).gamma(1.0, 5.0, size=(200, arity))
    if density in (log_choose, log_factorial):
        arguments = np.round(np.c_[arguments.sum(axis=1), arguments[:, 0]])[:, :arity]
    for row in arguments.tolist():
        np.testing.assert_array_equal(compiled(*row), density(*row))
