"""How many digits the densities and transforms have: errors against 60 decimal digits, in units of the last place.

    python -m benchmarks.ulps [--points N]

writes docs/ulps.md. Arguments are drawn at random over the ranges that the table states, the same ones each time. The
numbers in decimals are by mpmath, and derivatives by its central differences (pip install -e '.[dev]').

An error is |found - exact| in units in the last place of the exact number. Where terms cancel, as those of a log
density near 0 or of a derivative near a mode, the last place of the result is not that of its terms. So errors are also
given relative to the largest of the results of the same call, in its units: "of the largest".
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import mpmath
import numpy as np
from mpmath import mpf

from hmc import correlations, numerics, transforms
from models import densities, gamma_family, gamma_functions, location_scale

DIGITS, POINTS, WORST = 60, 300, 8.0
TARGET = Path(__file__).parents[1] / "docs" / "ulps.md"


class Case(NamedTuple):
    """A function of ours, the same for mpmath, and the ranges of its arguments."""

    name: str
    ours: Callable[..., Any]  # the value, or (value, derivatives by each argument)
    exact: Callable[..., Any]  # the value
    ranges: tuple[tuple[str, float, float], ...]  # (argument, from, to); "log x" is drawn on the scale of logs
    reason: str = ""  # of errors above WORST


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


def cases() -> Iterator[Case]:
    """All rows of the table."""
    scale, place = ("log scale", 1e-6, 1e6), ("location", -50.0, 50.0)
    x = ("x", -50.0, 50.0)
    cancels = "terms cancel: the error is one of the largest term"
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
    yield Case("densities.normal", densities.normal, normal, (x, place, scale), cancels)
    yield Case(
        "densities.exponential", densities.exponential, lambda v, rate: mpmath.log(rate) - rate * v,
        (("log x", 1e-6, 1e3), ("log rate", 1e-3, 1e3)), cancels,
    )  # fmt: skip
    for successes, trials in ((0.0, 10.0), (7.0, 10.0), (34.0, 35.0)):
        ours, exact = binomial_logit(successes, trials)
        yield Case(
            f"densities.binomial_logit ({successes:g} of {trials:g})", ours, exact, (("logit", -30.0, 30.0),), cancels
        )
    yield Case(
        "location_scale.cauchy", location_scale.cauchy,
        lambda v, m, s: -mpmath.log(mpmath.pi * s) - mpmath.log1p(((v - m) / s) ** 2), (x, place, scale), cancels,
    )  # fmt: skip
    yield Case(
        "location_scale.student_t", location_scale.student_t,
        lambda v, nu, m, s: mpmath.loggamma((nu + 1) / 2) - mpmath.loggamma(nu / 2) - mpmath.log(nu * mpmath.pi) / 2
        - mpmath.log(s) - (nu + 1) / 2 * mpmath.log1p(((v - m) / s) ** 2 / nu),
        (x, ("log df", 0.5, 1e3), place, scale), cancels,
    )  # fmt: skip
    yield Case(
        "location_scale.lognormal", location_scale.lognormal, lognormal,
        (("log x", 1e-6, 1e6), place, scale), cancels,
    )  # fmt: skip
    yield Case(
        "location_scale.laplace", location_scale.laplace, lambda v, m, s: -abs(v - m) / s - mpmath.log(2 * s),
        (x, place, scale), cancels,
    )  # fmt: skip
    shape, rate = ("log shape", 1e-2, 1e4), ("log rate", 1e-3, 1e3)
    yield Case(
        "gamma_family.gamma", gamma_family.gamma,
        lambda v, a, b: a * mpmath.log(b) - mpmath.loggamma(a) + (a - 1) * mpmath.log(v) - b * v,
        (("log x", 1e-3, 1e3), shape, rate), cancels,
    )  # fmt: skip
    yield Case(
        "gamma_family.inverse_gamma", gamma_family.inverse_gamma,
        lambda v, a, b: a * mpmath.log(b) - mpmath.loggamma(a) - (a + 1) * mpmath.log(v) - b / v,
        (("log x", 1e-3, 1e3), shape, rate), cancels,
    )  # fmt: skip
    yield Case(
        "gamma_family.beta", gamma_family.beta,
        lambda v, a, b: mpmath.loggamma(a + b) - mpmath.loggamma(a) - mpmath.loggamma(b)
        + (a - 1) * mpmath.log(v) + (b - 1) * mpmath.log1p(-v),
        (("x", 1e-3, 0.999), shape, ("log b", 1e-2, 1e4)), cancels,
    )  # fmt: skip


def drawn(ranges: tuple[tuple[str, float, float], ...], points: int) -> np.ndarray:
    """Arguments (points, arguments), uniform over their ranges."""
    rng = np.random.default_rng(np.random.SeedSequence([len(ranges), points]))
    columns = []
    for name, low, high in ranges:
        is_log = name.startswith("log ")
        ends = np.log([low, high]) if is_log else (low, high)
        values = rng.uniform(*ends, points)
        columns.append(np.exp(values) if is_log else values)
    return np.stack(columns, axis=1)


def errors(case: Case, points: int) -> tuple[np.ndarray, np.ndarray]:
    """Of each point: the largest error of its results in their own ulps, and in ulps of the largest result."""
    own, of_largest = [], []
    with mpmath.workdps(DIGITS):
        for row in drawn(case.ranges, points).tolist():
            found = case.ours(*row)
            found = found if isinstance(found, tuple) else (found,)
            exact = [case.exact(*map(mpf, row))]
            for i in range(len(found) - 1):
                exact.append(derivative(case.exact, row, i))
            off = [float(abs(mpf(a) - b)) for a, b in zip(found, exact, strict=True)]
            sizes = [float(np.spacing(abs(float(b)))) for b in exact]
            own.append(max(o / size for o, size in zip(off, sizes, strict=True)))
            of_largest.append(max(off) / max(sizes))
    return np.array(own), np.array(of_largest)


def derivative(function: Callable[..., Any], row: list[float], i: int) -> Any:
    """d function / d row[i], by central differences of 20 digits fewer than there are."""
    at = [mpf(v) for v in row]
    step = mpf(10) ** (-DIGITS // 3) * max(abs(at[i]), mpf(10) ** -10)
    high, low = ([*at[:i], at[i] + sign * step, *at[i + 1 :]] for sign in (1, -1))
    return (function(*high) - function(*low)) / (2 * step)


def table(points: int) -> list[str]:
    """The rows of the table, in Markdown."""
    rows = ["| function | range | median | largest | of the largest | |", "|---|---|---:|---:|---:|---|"]
    for case in cases():
        own, of_largest = errors(case, points)
        ranges = ", ".join(f"{name.removeprefix('log ')} {low:g} to {high:g}" for name, low, high in case.ranges)
        if own.max() > WORST and not case.reason:
            raise ValueError(f"{case.name} is off by {own.max():.1f} ulps, and nothing says why")
        reason = case.reason if own.max() > WORST else ""
        numbers = f"{np.median(own):.2g} | {own.max():.2g} | {of_largest.max():.2g}"
        rows.append(f"| `{case.name}` | {ranges} | {numbers} | {reason} |")
    return rows


def main() -> None:
    """Write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, default=POINTS, help=f"of each function (default {POINTS})")
    points = parser.parse_args().points
    head = [
        "# Errors in units of the last place",
        "",
        f"Written by `python -m benchmarks.ulps`: {points} points of each function against {DIGITS} decimal digits of",
        "mpmath. The error of a call is that of its value or of a derivative, whichever is the largest, in units in",
        "the last place (ulps) of the exact number. Where terms cancel, the result keeps the error of its terms; so",
        f'"of the largest" has errors in ulps of the largest result of the call. Those over {WORST:g} have a reason.',
        "",
    ]
    TARGET.write_text("\n".join([*head, *table(points)]) + "\n", encoding="utf-8")
    print(TARGET)


if __name__ == "__main__":
    main()
