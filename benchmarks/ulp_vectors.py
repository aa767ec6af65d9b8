"""Transforms and densities of vectors and matrices whose errors `benchmarks.ulps` counts, beside mpmath's formulas.

All numbers of the vectors are arguments of a case, and all elements of the results are its results. A transform has
three rows: values with the log Jacobian; the pullback, with a gradient as further arguments; and the inverse, of the
values that the transform gives.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import mpmath
import numpy as np
from mpmath import mpf

from benchmarks.ulp_cases import CANCELS, Case, gradient
from hmc import correlations, numerics, transforms
from models import densities, multivariate

FREE = 4  # unconstrained numbers of a vector
SIZE = 3  # of matrices
LOWER = [(i, j) for i in range(SIZE) for j in range(i + 1)]  # their elements on and below the diagonal
CROSSES = "crosses 0, where the error stays"


class Transform(NamedTuple):
    """A transform of ours, and the same for mpmath."""

    name: str
    free: int
    size: int  # how many values
    module: Any
    exact: Callable[[list[Any]], tuple[list[Any], Any]]  # x -> (values, log Jacobian)
    inverse: Callable[[list[Any]], list[Any]] | None  # of values; None: it computes nothing

    def ours(self, part: str) -> Callable[..., Any]:
        return getattr(self.module, part.format(self.name))


def expit(x: Any) -> Any:
    return 1 / (1 + mpmath.exp(-x))


def ordered(x: list[Any]) -> tuple[list[Any], Any]:
    return list(itertools.accumulate([x[0], *map(mpmath.exp, x[1:])])), mpmath.fsum(x[1:])


def ordered_inverse(v: list[Any]) -> list[Any]:
    return [v[0], *(mpmath.log(high - low) for low, high in itertools.pairwise(v))]


def positive_ordered(x: list[Any]) -> tuple[list[Any], Any]:
    return list(itertools.accumulate(map(mpmath.exp, x))), mpmath.fsum(x)


def positive_ordered_inverse(v: list[Any]) -> list[Any]:
    return [mpmath.log(v[0]), *ordered_inverse(v)[1:]]


def unit_vector(x: list[Any]) -> tuple[list[Any], Any]:
    square = mpmath.fsum(a * a for a in x)
    return [a / mpmath.sqrt(square) for a in x], -square / 2


def simplex(x: list[Any]) -> tuple[list[Any], Any]:
    values, left, log_jacobian = [], mpf(1), mpf(0)
    for k, a in enumerate(x):
        share = expit(a - mpmath.log(len(x) - k))
        values.append(left * share)
        log_jacobian += mpmath.log(share * (1 - share) * left)
        left *= 1 - share
    return [*values, left], log_jacobian


def simplex_inverse(v: list[Any]) -> list[Any]:
    n = len(v) - 1
    return [mpmath.log(v[k] / mpmath.fsum(v[k + 1 :])) + mpmath.log(n - k) for k in range(n)]


def cholesky_corr(x: list[Any]) -> tuple[list[Any], Any]:
    """The elements of the factor row by row, those above the diagonal 0; the Jacobian is of the elements below it."""
    values, numbers, log_jacobian = [], iter(x), mpf(0)
    for i in range(SIZE):
        left = mpf(1)
        for _ in range(i):
            z = mpmath.tanh(next(numbers))
            values.append(z * left)
            log_jacobian += mpmath.log((1 - z * z) * left)
            left *= mpmath.sqrt(1 - z * z)
        values += [left, *[mpf(0)] * (SIZE - 1 - i)]
    return values, log_jacobian


def cholesky_corr_inverse(v: list[Any]) -> list[Any]:
    """Of each element its share of what is left of its row: of it, and of those behind it."""
    found = []
    for i in range(SIZE):
        row = v[i * SIZE : i * SIZE + i + 1]
        found += [
            mpmath.asinh(row[j] / mpmath.sqrt(mpmath.fsum(a * a for a in row[j + 1 :]))) for j in range(len(row) - 1)
        ]
    return found


TRANSFORMS = (
    Transform("ordered", FREE, FREE, transforms, ordered, ordered_inverse),
    Transform("positive_ordered", FREE, FREE, transforms, positive_ordered, positive_ordered_inverse),
    Transform("unit_vector", FREE, FREE, transforms, unit_vector, None),
    Transform("simplex", FREE, FREE + 1, transforms, simplex, simplex_inverse),
    Transform("cholesky_corr", 3, SIZE * SIZE, correlations, cholesky_corr, cholesky_corr_inverse),
)


def constrained(of: Transform, x: tuple[float, ...]) -> np.ndarray:
    values = np.empty(of.size)
    of.ours("constrain_{}")(np.array(x), values)
    return values


def forwards(of: Transform) -> Case:
    """The values, without zeros that are none of them, and the log Jacobian."""
    places = [i for i in range(of.size) if of.name != "cholesky_corr" or (i // SIZE, i % SIZE) in LOWER]

    def ours(*x: float) -> list[float]:
        return [*constrained(of, x)[places].tolist(), of.ours("{}_log_jacobian")(np.array(x))]

    def exact(*x: Any) -> list[Any]:
        values, log_jacobian = of.exact(list(x))
        return [*(values[i] for i in places), log_jacobian]

    return Case(f"constrain_{of.name}, log Jacobian", ours, exact, (("x", -5.0, 5.0),) * of.free, CANCELS)


def pullback(of: Transform) -> Case:
    takes_values = of.name in ("unit_vector", "simplex", "cholesky_corr")

    def ours(*numbers: float) -> list[float]:
        x, given = numbers[: of.free], np.array(numbers[of.free :])
        out, values = np.empty(of.free), [constrained(of, x)] if takes_values else []
        of.ours("{}_pullback")(np.array(x), *values, given, out)
        return out.tolist()

    def exact(*numbers: Any) -> list[Any]:
        given = numbers[of.free :]

        def function(*x: Any) -> Any:
            values, log_jacobian = of.exact(list(x))
            return mpmath.fsum(a * b for a, b in zip(values, given, strict=True)) + log_jacobian

        return gradient(function, list(numbers[: of.free]))

    ranges = (*(("x", -5.0, 5.0),) * of.free, *(("gradient", -3.0, 3.0),) * of.size)
    return Case(f"{of.name}_pullback", ours, exact, ranges, CANCELS)


def backwards(of: Transform) -> Case:
    """Of the values that ours gives for x: both take the same numbers."""

    def ours(*x: float) -> list[float]:
        out = np.empty(of.free)
        of.ours("unconstrain_{}")(constrained(of, x), out)
        return out.tolist()

    def exact(*x: Any) -> list[Any]:
        assert of.inverse is not None
        return of.inverse([mpf(v) for v in constrained(of, tuple(map(float, x))).tolist()])

    return Case(f"unconstrain_{of.name}", ours, exact, (("x", -5.0, 5.0),) * of.free, CROSSES)


def triangle(numbers: Any) -> np.ndarray:
    """A lower triangular matrix of these elements."""
    matrix = np.zeros((SIZE, SIZE))
    for (i, j), value in zip(LOWER, numbers, strict=True):
        matrix[i, j] = value
    return matrix


def elements(matrix: np.ndarray) -> list[float]:
    return [matrix[place] for place in LOWER]


def normal_value(*numbers: Any) -> Any:
    """Of a multivariate normal: x, mean, and the elements of the factor."""
    x, mean, factor = numbers[:SIZE], numbers[SIZE : 2 * SIZE], dict(zip(LOWER, numbers[2 * SIZE :], strict=True))
    z, value = [], -mpmath.log(2 * mpmath.pi) * SIZE / 2
    for i in range(SIZE):
        z.append((x[i] - mean[i] - mpmath.fsum(factor[i, j] * z[j] for j in range(i))) / factor[i, i])
        value -= z[i] ** 2 / 2 + mpmath.log(factor[i, i])
    return value


def normal_ours(*numbers: float) -> list[float]:
    x, mean = np.array(numbers[:SIZE]), np.array(numbers[SIZE : 2 * SIZE])
    d_x, d_factor = np.empty(SIZE), np.zeros((SIZE, SIZE))
    value = multivariate.multivariate_normal_cholesky(x, mean, triangle(numbers[2 * SIZE :]), d_x, d_factor)
    return [value, *d_x.tolist(), *elements(d_factor)]


def normal_exact(*numbers: Any) -> list[Any]:
    derivatives = gradient(normal_value, list(numbers))
    return [normal_value(*numbers), *derivatives[:SIZE], *derivatives[2 * SIZE :]]


def lkj_value(eta: Any, *diagonal: Any) -> Any:
    """`diagonal`: of all rows but the first."""
    n = len(diagonal) + 1
    value = (n - 1) * mpmath.loggamma(eta + mpf(n - 1) / 2)
    for k, element in enumerate(diagonal, start=1):
        value += (n - 1 - k + 2 * (eta - 1)) * mpmath.log(element) - mpf(k) / 2 * mpmath.log(mpmath.pi)
        value -= mpmath.loggamma(eta + mpf(n - 1 - k) / 2)
    return value


def lkj_ours(eta: float, *diagonal: float) -> tuple[float, ...]:
    n = len(diagonal) + 1
    d_factor = np.empty((n, n))
    value, d_eta = multivariate.lkj_cholesky(np.diag([1.0, *diagonal]), eta, d_factor)
    return (value, d_eta, *np.diag(d_factor)[1:].tolist())


def categorical_ours(*logits: float) -> tuple[float, ...]:
    d_logits = np.empty(len(logits))
    return (multivariate.categorical_logit(1, np.array(logits), d_logits), *d_logits.tolist())


def categorical_value(*logits: Any) -> Any:
    return logits[1] - mpmath.log(mpmath.fsum(map(mpmath.exp, logits)))


def dirichlet_ours(*x: float) -> tuple[float, ...]:
    d_x = np.empty(len(x))
    return (densities.dirichlet(np.array(x), 2.5, 1.25, d_x), *d_x.tolist())


def dirichlet_value(*x: Any) -> Any:
    """Of the concentration 2.5; its constant is given to the density, here 1.25."""
    return mpf(1.25) + mpf(1.5) * mpmath.fsum(map(mpmath.log, x))


def normal_group_ours(mean: float, sd: float, *x: float) -> list[float]:
    d_x = np.empty(len(x))
    value, d_mean, d_sd = densities.normal_group(np.array(x), mean, sd, d_x)
    return [value, d_mean, d_sd, *d_x.tolist()]


def normal_group_value(mean: Any, sd: Any, *x: Any) -> Any:
    squares = mpmath.fsum(((a - mean) / sd) ** 2 for a in x)
    return -squares / 2 - len(x) * (mpmath.log(sd) + mpmath.log(2 * mpmath.pi) / 2)


def squared(numbers: Any) -> np.ndarray:
    """The matrix L L' of a factor, rounded."""
    factor = triangle(numbers)
    return factor @ factor.T


def factor_exact(matrix: dict[tuple[int, int], Any]) -> dict[tuple[int, int], Any]:
    """The Cholesky factor of a symmetric matrix, of which the lower triangle is given."""
    factor: dict[tuple[int, int], Any] = {}
    for i, j in LOWER:
        value = matrix[i, j] - mpmath.fsum(factor[i, k] * factor[j, k] for k in range(j))
        factor[i, j] = mpmath.sqrt(value) if i == j else value / factor[j, j]
    return factor


def cholesky_ours(*numbers: float) -> list[float]:
    factor = np.empty((SIZE, SIZE))
    assert numerics.cholesky(squared(numbers), factor)
    return elements(factor)


def cholesky_exact(*numbers: Any) -> list[Any]:
    matrix = squared(map(float, numbers))
    return list(factor_exact({place: mpf(float(matrix[place])) for place in LOWER}).values())


def cholesky_pullback_ours(*numbers: float) -> list[float]:
    out = np.empty((SIZE, SIZE))
    numerics.cholesky_pullback(triangle(numbers[: len(LOWER)]), triangle(numbers[len(LOWER) :]), out)
    return elements(out)


def cholesky_pullback_exact(*numbers: Any) -> list[Any]:
    """Half of the derivative by an element below the diagonal, which stands in the matrix twice."""
    factor, given = dict(zip(LOWER, numbers, strict=False)), numbers[len(LOWER) :]

    def function(*matrix: Any) -> Any:
        found = factor_exact(dict(zip(LOWER, matrix, strict=True)))
        return mpmath.fsum(a * b for a, b in zip(found.values(), given, strict=True))

    at = [mpmath.fsum(factor[i, k] * factor[j, k] for k in range(j + 1)) for i, j in LOWER]
    return [d if i == j else d / 2 for d, (i, j) in zip(gradient(function, at), LOWER, strict=True)]


def cases_of_vectors() -> Iterator[Case]:
    """The rows of vectors and matrices."""
    for of in TRANSFORMS:
        yield forwards(of)
        yield pullback(of)
        if of.inverse is not None:
            yield backwards(of)
    factor = tuple(("log diagonal", 0.1, 10.0) if i == j else ("below", -2.0, 2.0) for i, j in LOWER)
    given = (("gradient", -3.0, 3.0),) * len(LOWER)
    amplified = "the matrix is near singular: its rounding errors grow by the condition"
    yield Case("numerics.cholesky", cholesky_ours, cholesky_exact, factor, amplified)
    yield Case("numerics.cholesky_pullback", cholesky_pullback_ours, cholesky_pullback_exact, factor + given, CANCELS)
    room = np.empty(2)
    yield Case(
        "numerics.log_of_product", lambda *x: numerics.log_of_product(np.array(x), room),
        lambda *x: mpmath.fsum(map(mpmath.log, x)), (("log x", 1e-3, 1e3),) * 9, CROSSES,
    )  # fmt: skip
    places = (("x", -5.0, 5.0),) * SIZE + (("mean", -5.0, 5.0),) * SIZE
    yield Case("multivariate.multivariate_normal_cholesky", normal_ours, normal_exact, places + factor, CANCELS)
    diagonal = (("diagonal", 0.05, 1.0),) * 3
    yield Case("multivariate.lkj_cholesky", lkj_ours, lkj_value, (("log eta", 0.1, 100.0), *diagonal), CANCELS)
    logits = (("logit", -30.0, 30.0),) * 4
    yield Case("multivariate.categorical_logit", categorical_ours, categorical_value, logits, CANCELS)
    yield Case("densities.dirichlet", dirichlet_ours, dirichlet_value, (("log x", 1e-3, 1.0),) * 4, CANCELS)
    group = (("mean", -5.0, 5.0), ("log sd", 0.01, 100.0), *(("x", -5.0, 5.0),) * 4)
    yield Case("densities.normal_group", normal_group_ours, normal_group_value, group, CANCELS)
