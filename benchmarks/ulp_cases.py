"""Functions and densities of numbers whose errors `benchmarks.ulps` counts, each beside its formula in mpmath."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import mpmath
from mpmath import mpf

from hmc import correlations, numerics, transforms
from models import densities, gamma_family, gamma_functions, location_scale

DIGITS = 60
CANCELS = "terms cancel: the error is one of the largest term"


class Case(NamedTuple):
    """A function of ours, the same for mpmath, and the ranges of its arguments."""

    name: str
    ours: Callable[..., Any]  # the value, or (value, derivatives by each argument)
    exact: Callable[..., Any]  # the value; or a list of all results
    ranges: tuple[tuple[str, float, float], ...]  # (argument, from, to); "log x" is drawn on the scale of logs
    reason: str = ""  # of errors above ulps.WORST


def normal(x: Any, m: Any, s: Any) -> Any:
    return -(((x - m) / s) ** 2) / 2 - mpmath.log(s) - mpmath.log(2 * mpmath.pi) / 2


def lognormal(x: Any, m: Any, s: Any) -> Any:
    return normal(mpmath.log(x), m, s) - mpmath.log(x)


def binomial_logit(successes: float, trials: float) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """(ours, exact) of a binomial count, of its logit."""
    coefficient = densities.log_choose(trials, successes)
    log_coefficient = mpf(coefficient)  # given to the density as it is

    def exact(eta: Any) -> Any:
        return log_coefficient + successes * eta - trials * mpmath.log1p(mpmath.exp(eta))

    return lambda eta: densities.binomial_logit(successes, trials, coefficient, eta), exact


def negative_binomial(eta: Any, phi: Any) -> Any:
    """Of a count of 12, whose log factorial is given to the density as it is."""
    norm = mpmath.loggamma(phi + 12) - mpmath.loggamma(phi) - mpf(densities.log_factorial(12.0))
    return norm + 12 * (eta - mpmath.log(mpmath.exp(eta) + phi)) - phi * mpmath.log1p(mpmath.exp(eta) / phi)


def ordered_logistic(eta: float, lower: float, width: float) -> Any:
    """(value, d/deta, d/dlower, d/dupper) between the cutpoints `lower` and lower + width, rounded."""
    upper = lower + width
    return densities.ordered_logistic(eta, lower, upper, densities.cutpoint_gap(upper - lower))


def ordered_logistic_exact(eta: Any, lower: Any, width: Any) -> list[Any]:
    """All results; the difference of the cutpoints is exact where they are near each other, and else rounded."""
    upper = float(lower) + float(width)
    low, gap = mpf(float(lower)), mpf(upper - float(lower))

    def value(eta: Any, low: Any, high: Any) -> Any:
        return mpmath.log(1 / (1 + mpmath.exp(eta - high)) - 1 / (1 + mpmath.exp(eta - low)))

    row = [eta, low, low + gap]
    return [value(*row), *gradient(value, row)]


def cases_of_numbers() -> Iterator[Case]:
    """The rows of functions of numbers."""
    scale, place = ("log scale", 1e-6, 1e6), ("location", -50.0, 50.0)
    x = ("x", -50.0, 50.0)
    yield Case("numerics.exp", numerics.exp, mpmath.exp, (("x", -700.0, 700.0),))
    yield Case("numerics.log", numerics.log, mpmath.log, (("log x", 1e-300, 1e300),))
    yield Case("numerics.log1p", numerics.log1p, mpmath.log1p, (("log x", 1e-18, 1e18),))
    yield Case("numerics.expm1", numerics.expm1, mpmath.expm1, (("x", -30.0, 30.0),))
    yield Case("numerics.log1p_exp", numerics.log1p_exp, lambda v: mpmath.log1p(mpmath.exp(v)), (("x", -700.0, 700.0),))
    yield Case("numerics.expit", numerics.expit, lambda v: 1 / (1 + mpmath.exp(-v)), (("x", -700.0, 700.0),))
    yield Case("correlations.tanh", correlations.tanh, mpmath.tanh, (("x", -20.0, 20.0),))
    yield Case("correlations.sech", correlations.sech, mpmath.sech, (("x", -300.0, 300.0),))
    yield Case(
        "transforms.constrain_interval (0, 1)", lambda v: transforms.constrain_interval(v, 0.0, 1.0),
        lambda v: 1 / (1 + mpmath.exp(-v)), (("x", -300.0, 300.0),),
    )  # fmt: skip
    yield Case(
        "transforms.interval_log_jacobian (0, 1)", lambda v: transforms.interval_log_jacobian(v, 0.0, 1.0),
        lambda v: -mpmath.log1p(mpmath.exp(v)) - mpmath.log1p(mpmath.exp(-v)), (("x", -300.0, 300.0),),
    )  # fmt: skip
    above_zero, root = "crosses 0 at 1 and 2, where the error stays", "crosses 0 at 1.46, where the error stays"
    yield Case("gamma_functions.lgamma", gamma_functions.lgamma, mpmath.loggamma, (("log x", 1e-10, 1e10),), above_zero)
    yield Case("gamma_functions.digamma", gamma_functions.digamma, mpmath.digamma, (("log x", 1e-10, 1e10),), root)
    yield Case("densities.normal", densities.normal, normal, (x, place, scale), CANCELS)
    yield Case(
        "densities.exponential", densities.exponential, lambda v, rate: mpmath.log(rate) - rate * v,
        (("log x", 1e-6, 1e3), ("log rate", 1e-3, 1e3)), CANCELS,
    )  # fmt: skip
    for successes, trials in ((0.0, 10.0), (7.0, 10.0), (34.0, 35.0)):
        ours, exact = binomial_logit(successes, trials)
        yield Case(
            f"densities.binomial_logit ({successes:g} of {trials:g})", ours, exact, (("logit", -30.0, 30.0),), CANCELS
        )
    yield Case(
        "location_scale.cauchy", location_scale.cauchy,
        lambda v, m, s: -mpmath.log(mpmath.pi * s) - mpmath.log1p(((v - m) / s) ** 2), (x, place, scale), CANCELS,
    )  # fmt: skip
    yield Case(
        "location_scale.student_t", location_scale.student_t,
        lambda v, nu, m, s: mpmath.loggamma((nu + 1) / 2) - mpmath.loggamma(nu / 2) - mpmath.log(nu * mpmath.pi) / 2
        - mpmath.log(s) - (nu + 1) / 2 * mpmath.log1p(((v - m) / s) ** 2 / nu),
        (x, ("log df", 0.5, 1e3), place, scale), CANCELS,
    )  # fmt: skip
    yield Case(
        "location_scale.lognormal", location_scale.lognormal, lognormal,
        (("log x", 1e-6, 1e6), place, scale), CANCELS,
    )  # fmt: skip
    yield Case(
        "location_scale.laplace", location_scale.laplace, lambda v, m, s: -abs(v - m) / s - mpmath.log(2 * s),
        (x, place, scale), CANCELS,
    )  # fmt: skip
    shape, rate = ("log shape", 1e-2, 1e4), ("log rate", 1e-3, 1e3)
    yield Case(
        "gamma_family.gamma", gamma_family.gamma,
        lambda v, a, b: a * mpmath.log(b) - mpmath.loggamma(a) + (a - 1) * mpmath.log(v) - b * v,
        (("log x", 1e-3, 1e3), shape, rate), CANCELS,
    )  # fmt: skip
    yield Case(
        "gamma_family.inverse_gamma", gamma_family.inverse_gamma,
        lambda v, a, b: a * mpmath.log(b) - mpmath.loggamma(a) - (a + 1) * mpmath.log(v) - b / v,
        (("log x", 1e-3, 1e3), shape, rate), CANCELS,
    )  # fmt: skip
    yield Case(
        "gamma_family.beta", gamma_family.beta,
        lambda v, a, b: mpmath.loggamma(a + b) - mpmath.loggamma(a) - mpmath.loggamma(b)
        + (a - 1) * mpmath.log(v) + (b - 1) * mpmath.log1p(-v),
        (("x", 1e-3, 0.999), shape, ("log b", 1e-2, 1e4)), CANCELS,
    )  # fmt: skip
    yield Case(
        "numerics.log_add_exp", numerics.log_add_exp, lambda v, w: mpmath.log(mpmath.exp(v) + mpmath.exp(w)),
        (("x", -50.0, 50.0), ("y", -50.0, 50.0)), CANCELS,
    )  # fmt: skip
    yield Case(
        "densities.half_normal", densities.half_normal, lambda v, s: normal(v, 0, s) + mpmath.log(2),
        (("log x", 1e-6, 1e3), scale), CANCELS,
    )  # fmt: skip
    yield Case(
        "densities.poisson_log (7)", lambda eta: densities.poisson_log(7.0, densities.log_factorial(7.0), eta),
        lambda eta: 7 * eta - mpmath.exp(eta) - mpf(densities.log_factorial(7.0)), (("eta", -20.0, 20.0),), CANCELS,
    )  # fmt: skip
    yield Case(
        "location_scale.half_cauchy", location_scale.half_cauchy,
        lambda v, s: mpmath.log(2) - mpmath.log(mpmath.pi * s) - mpmath.log1p((v / s) ** 2),
        (("log x", 1e-6, 1e3), scale), CANCELS,
    )  # fmt: skip
    yield Case(
        "gamma_family.negative_binomial_log (12)",
        lambda eta, phi: gamma_family.negative_binomial_log(12.0, densities.log_factorial(12.0), eta, phi),
        negative_binomial, (("eta", -10.0, 10.0), ("log concentration", 1e-2, 1e4)), CANCELS,
    )  # fmt: skip
    near = "of small d, the difference of near numbers; and where the ratio crosses 0"
    yield Case(
        "gamma_functions.lgamma_ratio", gamma_functions.lgamma_ratio,
        lambda v, d: mpmath.loggamma(v + d) - mpmath.loggamma(v), (("log x", 1e-3, 1e6), ("log d", 1e-3, 1e6)), near,
    )  # fmt: skip
    yield Case(
        "gamma_functions.digamma_difference", gamma_functions.digamma_difference,
        lambda v, d: mpmath.digamma(v + d) - mpmath.digamma(v), (("log x", 1e-3, 1e6), ("log d", 1e-3, 1e6)), near,
    )  # fmt: skip
    yield Case(
        "densities.ordered_logistic", ordered_logistic, ordered_logistic_exact,
        (("eta", -10.0, 10.0), ("lower", -5.0, 5.0), ("log width", 1e-2, 10.0)), CANCELS,
    )  # fmt: skip


def gradient(function: Callable[..., Any], row: list[Any], count: int | None = None) -> list[Any]:
    """The derivatives of a function by its first `count` arguments, by default all."""
    return [derivative(function, row, i) for i in range(len(row) if count is None else count)]


def derivative(function: Callable[..., Any], row: list[Any], i: int) -> Any:
    """d function / d row[i], by central differences of 20 digits fewer than there are."""
    at = [mpf(v) for v in row]
    step = mpf(10) ** (-DIGITS // 3) * max(abs(at[i]), mpf(10) ** -10)
    high, low = ([*at[:i], at[i] + sign * step, *at[i + 1 :]] for sign in (1, -1))
    return (function(*high) - function(*low)) / (2 * step)
