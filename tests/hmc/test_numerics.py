"""hmc.numerics against exact values (decimal arithmetic), at its edges, and compiled against interpreted."""

import math
import os
import platform
import subprocess
import sys
from decimal import Decimal, localcontext

import llvmlite.binding
import numba
import numpy as np
import pytest

from hmc import numerics
from hmc.numerics import (
    divide,
    dot,
    exp,
    exp_decay,
    expit,
    expm1,
    log,
    log1p,
    log1p_exp,
    log1p_unit,
    log_add_exp,
    log_of_product,
    sqrt,
    total,
)

INF, NAN = math.inf, math.nan
TINY, SUBNORMAL, HUGE = 2.2250738585072014e-308, 5e-324, 1.7976931348623157e308


def ulps(value, exact):
    """Distance of a float from an exact value, in units in the last place of that value."""
    return abs(Decimal(value) - exact) / Decimal(math.ulp(float(exact)))


def worst(function, reference, points):
    with localcontext() as context:
        context.prec = 60
        return float(max(ulps(function(x), reference(Decimal(x))) for x in points))


def spread(*scales):
    """Points around 0 at every scale, and their negatives."""
    rng = np.random.default_rng(1)
    return [float(x) for scale in scales for x in rng.normal(scale=scale, size=300)]


def positive(points):
    return [abs(x) for x in points]


def exact_log1p(x):
    return (1 + x).ln() if abs(x) > 1e-25 else x - x * x / 2  # 60 digits do not hold 1 + 1e-300


EVERYWHERE = spread(1e-300, 1e-10, 1e-3, 0.1, 1.0, 10.0, 300.0)
SMALL = spread(1e-12, 1e-3, 0.1, 1.0, 10.0, 100.0)

ACCURACY = [
    # function, exact value, points, largest error in ulp (the bound its docstring gives)
    (exp, lambda x: x.exp(), [x for x in EVERYWHERE if -708.0 < x < 709.0], 1.0),
    (exp, lambda x: x.exp(), list(np.linspace(-745.0, -708.0, 99)), 1.0),  # subnormal results
    (exp_decay, lambda x: (-abs(x)).exp(), [x for x in EVERYWHERE if abs(x) < 707.0], 1.0),
    (expm1, lambda x: x.exp() - 1, [x for x in SMALL if x < 709.0], 2.0),
    (log, lambda x: x.ln(), [*positive(EVERYWHERE), *(1.0 + x for x in spread(1e-6)), 3e-310, 1e300], 1.0),
    (log1p, exact_log1p, [x for x in EVERYWHERE if x > -1.0], 1.0),
    (log1p_unit, exact_log1p, [x for x in positive(SMALL) if x <= 1.0], 2.0),
    (log1p_exp, lambda x: (1 + x.exp()).ln(), [x for x in SMALL if x > -60.0], 3.0),
    (expit, lambda x: 1 / (1 + (-x).exp()), [x for x in EVERYWHERE if x > -700.0], 3.0),
    (sqrt, lambda x: x.sqrt(), positive(EVERYWHERE), 0.5),
]


@pytest.mark.parametrize(("function", "reference", "points", "bound"), ACCURACY)
def test_errors_stay_within_the_documented_ulp(function, reference, points, bound):
    assert worst(function, reference, [x for x in points if x != 0.0]) <= bound


def test_the_accuracy_check_notices_a_wrong_digit():
    """Negative twin: an exp that is wrong in its 14th digit fails."""
    assert worst(lambda x: exp(x) * (1.0 + 1e-14), lambda x: x.exp(), [0.5, 1.5]) > 1.0


EDGES = [
    *[(f, (NAN,), NAN) for f in (exp, exp_decay, expm1, log, log1p, log1p_exp, expit, sqrt)],
    *[(exp, (x,), y) for x, y in [(0.0, 1.0), (-0.0, 1.0), (INF, INF), (-INF, 0.0), (710.0, INF), (-746.0, 0.0)]],
    *[(exp, (x,), y) for x, y in [(HUGE, INF), (-HUGE, 0.0), (SUBNORMAL, 1.0), (-745.13, SUBNORMAL)]],
    *[(exp_decay, (x,), y) for x, y in [(0.0, 1.0), (INF, 0.0), (-INF, 0.0), (708.0, 0.0), (-HUGE, 0.0)]],
    *[(expm1, (x,), y) for x, y in [(0.0, 0.0), (SUBNORMAL, SUBNORMAL), (INF, INF), (-INF, -1.0), (710.0, INF)]],
    *[(log, (x,), y) for x, y in [(1.0, 0.0), (0.0, -INF), (-0.0, -INF), (-1.0, NAN), (-INF, NAN), (INF, INF)]],
    (log, (-SUBNORMAL,), NAN),
    *[(log1p, (x,), y) for x, y in [(0.0, 0.0), (-1.0, -INF), (-1.1, NAN), (-INF, NAN), (INF, INF), (1e-320, 1e-320)]],
    *[(log1p_exp, (x,), y) for x, y in [(INF, INF), (-INF, 0.0), (1e4, 1e4), (-1e4, 0.0), (HUGE, HUGE)]],
    *[(expit, (x,), y) for x, y in [(INF, 1.0), (-INF, 0.0), (0.0, 0.5), (1e4, 1.0), (-1e4, 0.0)]],
    *[(sqrt, (x,), y) for x, y in [(0.0, 0.0), (-1.0, NAN), (INF, INF), (-SUBNORMAL, NAN)]],
    *[(log_add_exp, (INF, y), INF) for y in (INF, -INF, 0.0)],
    *[(log_add_exp, (-INF, y), y) for y in (INF, -INF, 0.0, 3.5)],
    *[(log_add_exp, (x, y), NAN) for x, y in [(NAN, 0.0), (0.0, NAN), (NAN, INF)]],
    (log_add_exp, (1e4, -1e4), 1e4),
    *[(divide, (x, 0.0), y) for x, y in [(1.0, INF), (-1.0, -INF), (0.0, NAN), (INF, INF), (NAN, NAN)]],
    *[(divide, (x, -0.0), y) for x, y in [(1.0, -INF), (-1.0, INF)]],
    *[(divide, (1.0, y), z) for y, z in [(INF, 0.0), (NAN, NAN), (SUBNORMAL, INF), (4.0, 0.25)]],
    (divide, (INF, INF), NAN),
]


@pytest.mark.parametrize(("function", "arguments", "expected"), EDGES)
def test_edges_give_what_ieee_754_recommends(function, arguments, expected):
    value = function(*arguments)
    assert math.isnan(value) if math.isnan(expected) else value == expected
    assert type(value) is float


def test_log_add_exp_is_the_log_of_the_sum():
    for x, y in [(0.0, 0.0), (-1000.0, -1001.0), (700.0, 705.0), (3.0, -40.0)]:
        with localcontext() as context:
            context.prec = 60
            exact = (Decimal(x).exp() + Decimal(y).exp()).ln()
            assert ulps(log_add_exp(x, y), exact) <= 3.0


@pytest.mark.parametrize("n", [0, 1, 3, 7, 8, 9, 48, 1001])
def test_total_and_dot_are_sums_to_rounding(n):
    rng = np.random.default_rng(n)
    x, y = rng.normal(size=n), rng.normal(size=n)
    bound = 1e-16 * (n + 1) * 8  # n roundings of partial sums of standard normals
    assert total(x) == pytest.approx(math.fsum(x), rel=0, abs=bound)
    assert dot(x, y) == pytest.approx(math.fsum(x * y), rel=0, abs=bound)


@pytest.mark.parametrize("n", [0, 1, 3, 7, 8, 9, 48, 1001])
def test_log_of_product_is_the_sum_of_logarithms_up_to_the_widest_range_it_promises(n):
    rng = np.random.default_rng(n)
    for x in (1.0 + rng.random(n), 10.0 ** rng.uniform(-38.0, 38.0, n), np.full(n, 1e38), np.full(n, 1e-38)):
        exact = math.fsum(np.log(x))
        bound = 1e-16 * (n + 1) * 8 * max(1.0, np.abs(np.log(x)).max(initial=0.0))  # roundings, as of `total`
        assert log_of_product(x, np.empty(n // 8 + 1)) == pytest.approx(exact, rel=0, abs=bound)


def test_log_of_product_beyond_its_range_is_noticed():
    """Negative twin: eight numbers of 1e39 overflow."""
    with np.errstate(over="ignore"):
        assert log_of_product(np.full(8, 1e39), np.empty(2)) == INF


UNARY = (exp, exp_decay, expm1, log, log1p, log1p_exp, expit, sqrt)
SPECIAL = [0.0, -0.0, 1.0, -1.0, TINY, SUBNORMAL, -SUBNORMAL, HUGE, -HUGE, INF, -INF, NAN, 709.78, -745.13, 1e-320]


def results_of_every_function():
    """One array of the values of every function at many points, by compiled loops (or not, with the JIT disabled)."""

    def loop(function):
        def evaluate(points, out):
            for i in range(points.size):
                out[i] = function(points[i])

        return numba.njit(error_model="numpy")(evaluate)

    @numba.njit(error_model="numpy")
    def pairs(points, ones_and_more, room, out):
        n = points.size
        for i in range(n):
            out[i] = divide(points[i], points[n - 1 - i])
            out[n + i] = log_add_exp(points[i], points[n - 1 - i])
        out[2 * n] = total(points[15:])
        out[2 * n + 1] = dot(points[15:], points[15:])
        out[2 * n + 2] = log_of_product(ones_and_more, room)

    points = np.array(SPECIAL + SMALL)
    results = np.empty((len(UNARY), points.size))
    for function, row in zip(UNARY, results, strict=True):
        loop(function)(points, row)
    ones_and_more = np.linspace(1.0, 2.0, 1003)
    room = np.empty(ones_and_more.size)
    others = np.empty(2 * points.size + 3)
    pairs(points, ones_and_more, room, others)
    flat = np.concatenate([results.ravel(), others])
    return np.where(np.isnan(flat), NAN, flat)  # one nan: its sign and payload carry no meaning


def test_compiled_and_interpreted_functions_agree_bit_for_bit():
    """The interpreted side runs in a process of its own, in which Numba compiles nothing; warnings are errors."""
    source = os.path.abspath(__file__)
    code = (
        "import sys, importlib.util as u; s = u.spec_from_file_location('t', sys.argv[1]); m = u.module_from_spec(s)\n"
        "s.loader.exec_module(m); sys.stdout.buffer.write(m.results_of_every_function().tobytes())"
    )
    root = os.path.dirname(os.path.dirname(os.path.abspath(numerics.__file__)))
    environment = {**os.environ, "NUMBA_DISABLE_JIT": "1", "PYTHONPATH": root}
    command = [sys.executable, "-W", "error", "-c", code, source]
    interpreted = subprocess.run(command, env=environment, check=True, capture_output=True).stdout
    compiled = results_of_every_function().tobytes()
    assert len(compiled) > 8 * 10_000
    assert compiled == interpreted


@pytest.mark.parametrize("function", [exp, log1p_exp, expit, log])
@pytest.mark.skipif(
    platform.machine() != "x86_64" or not llvmlite.binding.get_host_cpu_features().get("avx2"),
    reason="whether LLVM vectorises is measured for x86 with AVX2",
)
def test_a_loop_of_calls_is_vectorised(function):
    """The reason for all of hmc.numerics: one early return, and the loop runs a number at a time."""
    assert vector_multiplications(function) > 10


def test_a_loop_of_library_calls_is_not_vectorised():
    """Negative twin of the test above."""
    assert vector_multiplications(math.exp) == 0


def vector_multiplications(function):
    @numba.njit("void(float64[::1], float64[::1])", error_model="numpy")
    def loop(points, out):
        for i in range(points.size):
            out[i] = function(points[i])

    (llvm,) = loop.inspect_llvm().values()
    return llvm.count("fmul <")


def spd(n, seed=1):
    """A random symmetric positive definite matrix, of condition number under 100 or so."""
    rows = np.random.default_rng(seed).normal(size=(n, n))
    return rows @ rows.T / n + np.eye(n)


@pytest.mark.parametrize("n", [1, 2, 3, 8, 20])
def test_cholesky_is_that_of_numpy_compiled_or_not_and_in_place(n):
    matrix = spd(n)
    factor, compiled = np.full((n, n), NAN), np.full((n, n), NAN)
    assert numerics.cholesky(np.tril(matrix), factor)  # the upper triangle is not read
    np.testing.assert_allclose(factor, np.linalg.cholesky(matrix), rtol=1e-12, atol=1e-14)
    assert numba.njit(error_model="numpy")(numerics.cholesky)(matrix, compiled)
    assert compiled.tobytes() == factor.tobytes()
    assert numerics.cholesky(matrix, matrix)
    assert matrix.tobytes() == factor.tobytes()


@pytest.mark.parametrize(
    "matrix",
    [[[0.0]], [[-1.0]], [[NAN]], [[INF]], [[1.0, 2.0], [2.0, 1.0]], [[1.0, 1.0], [1.0, 1.0]], [[1.0, NAN], [NAN, 1.0]],
     [[1.0, INF], [INF, 1.0]]],
    ids=str,
)  # fmt: skip
def test_cholesky_of_what_is_not_positive_definite_is_false(matrix):
    assert not numerics.cholesky(np.array(matrix), np.zeros((len(matrix), len(matrix))))


@pytest.mark.parametrize("n", [1, 2, 3, 8])
def test_cholesky_pullback_is_the_gradient(n):
    rng = np.random.default_rng(2)
    matrix, weights = spd(n), rng.normal(size=(n, n))
    direction = rng.normal(size=(n, n))
    direction += direction.T

    def value(t):
        return (np.tril(weights) * np.linalg.cholesky(matrix + t * direction)).sum()

    factor, out = np.zeros((n, n)), np.full((n, n), NAN)
    assert numerics.cholesky(matrix, factor)
    numerics.cholesky_pullback(factor, weights, out)
    assert (out == out.T).all()
    difference = (value(1e-6) - value(-1e-6)) / 2e-6  # of an error of 1e-9 or so, by rounding
    assert abs((out * direction).sum() - difference) < 1e-7 * (1.0 + abs(difference))
    assert abs((1.01 * out * direction).sum() - difference) > 1e-7 * (1.0 + abs(difference))  # negative twin
    numerics.cholesky_pullback(factor, weights, weights)
    assert weights.tobytes() == out.tobytes()
