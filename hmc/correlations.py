"""Correlation matrices by their Cholesky factors: unconstrained numbers to a factor, its log Jacobian and pullback.

A factor L (K, K) is lower triangular with rows of length 1 and a positive diagonal; L L' is a correlation matrix. Its
K (K - 1) / 2 unconstrained numbers stand row by row: of row 1 one, of row 2 two, ... The definition is Stan's (Stan
reference manual, "Cholesky factors of correlation matrices"): with z = tanh(x), an element takes the share z of the
length that is left of its row. All are kernels; functions of matrices take them flat, as (K * K,) in C order.
"""

import math

from hmc.jit.kernel import inlined
from hmc.numerics import exp, expit, log, log1p_exp, sqrt

LOG_4 = 1.38629436111989061883


@inlined
def sech(x):
    """1 / cosh(x), which does not overflow."""
    e = exp(-abs(x))
    return 2.0 * e / (1.0 + e * e)


@inlined
def log_one_minus_tanh_squared(x):
    """log(1 - tanh(x)^2)."""
    return LOG_4 - log1p_exp(2.0 * x) - log1p_exp(-2.0 * x)


@inlined
def tanh(x):
    """tanh(x), to the last digits at x near 0 too: by expm1's quotient where terms would cancel."""
    if abs(x) < 0.5:
        square = x * x  # continued fraction of tanh; 10 levels are exact below 0.5
        value = 21.0
        for odd in (19.0, 17.0, 15.0, 13.0, 11.0, 9.0, 7.0, 5.0, 3.0, 1.0):
            value = odd + square / value
        return x / value
    return expit(2.0 * x) - expit(-2.0 * x)


@inlined
def constrain_cholesky_corr(x, out):
    """out[i, j] = z[i, j] times the product over k < j of sqrt(1 - z[i, k]^2), z = tanh(x); out is flat."""
    size = int(math.sqrt(float(out.shape[0])) + 0.5)
    place = 0
    for i in range(size):
        left = 1.0
        for j in range(i):
            out[i * size + j] = tanh(x[place]) * left
            left *= sech(x[place])
            place += 1
        out[i * size + i] = left
        for j in range(i + 1, size):
            out[i * size + j] = 0.0


@inlined
def unconstrain_cholesky_corr(value, out):
    """The inverse of `constrain_cholesky_corr`; `value` is flat."""
    size = int(math.sqrt(float(value.shape[0])) + 0.5)
    place = out.shape[0]
    for i in range(size - 1, -1, -1):
        behind = value[i * size + i] * value[i * size + i]  # the squares of what is left of the row
        for j in range(i - 1, -1, -1):
            place -= 1
            element = value[i * size + j]
            ratio = abs(element) / sqrt(behind)
            step = log(ratio + sqrt(1.0 + ratio * ratio)) if ratio > 0.25 else _asinh_near_0(ratio)
            out[place] = step if element >= 0.0 else -step
            behind += element * element


@inlined
def _asinh_near_0(x):
    """asinh(x) for 0 <= x <= 1/4: twice atanh of x / (1 + sqrt(1 + x^2)), as its series."""
    t = x / (1.0 + sqrt(1.0 + x * x))
    square, power, total = t * t, t, 0.0
    for odd in range(1, 27, 2):
        total += power / odd
        power *= square
    return 2.0 * total


@inlined
def cholesky_corr_log_jacobian(x):
    """log of the determinant of d L / d x, of the elements below the diagonal."""
    total, place, row = 0.0, 0, 1
    while place < x.shape[0]:
        for j in range(row):
            total += (1.0 + 0.5 * float(row - 1 - j)) * log_one_minus_tanh_squared(x[place])
            place += 1
        row += 1
    return total


@inlined
def cholesky_corr_pullback(x, value, gradient, out):
    """out = d L / d x . gradient + d log Jacobian / d x; `value` is the factor of `x`, flat as `gradient` is, of which
    the lower triangle with the diagonal is read.
    """
    size = int(math.sqrt(float(value.shape[0])) + 0.5)
    first = 0
    for i in range(1, size):
        later = gradient[i * size + i] * value[i * size + i]  # all elements behind j shrink as |z[j]| grows
        for j in range(i - 1, -1, -1):
            z, s = tanh(x[first + j]), sech(x[first + j])
            left = s * s
            for k in range(j):
                left *= sech(x[first + k])
            out[first + j] = gradient[i * size + j] * left - z * later - z * float(i + 1 - j)
            later += gradient[i * size + j] * value[i * size + j]
        first += i
