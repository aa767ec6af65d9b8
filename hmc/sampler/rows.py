"""Sums and copies of rows as loops, for speed alone: each does what one line of NumPy says, and gives the same numbers.

Compiled, NumPy's lines allocate, or check shapes and overlap every time; a product of matrices goes to a BLAS, whose
order of summation may depend on its number of threads. These loops allocate nothing and add in the order written.
"""

from hmc.jit.kernel import inlined, kernel
from hmc.numerics import dot


@inlined
def copy_row(source, target):
    """target[:] = source."""
    for i in range(source.shape[0]):
        target[i] = source[i]


@inlined
def add_row(source, target):
    """target += source."""
    for i in range(source.shape[0]):
        target[i] += source[i]


@inlined
def add_scaled(out, row, time, scale):
    """out += time * (scale * row)."""
    for i in range(out.shape[0]):
        out[i] += time * (scale[i] * row[i])


@kernel
def add_multiple(out, factor, row, n):
    """out[:n] += factor * row[:n]."""
    for i in range(n):
        out[i] += factor * row[i]


@kernel
def inner(x, y, n):
    """The inner product of x[:n] and y[:n]."""
    return dot(x[:n], y[:n])


@kernel
def add_rows(out, weights, time, triangle, is_lower):
    """out += time * triangle' weights, in place: rows of a triangular matrix, each times its weight, are added up.

    Four rows at a time: `out`, which has to be read and written for each, is what takes the time. Where the four begin
    or end apart, zeros of the triangle are added, so every element is the same sum, in the same order, as row by row.

    The loops run over views, from 0 to their length: LLVM then sees that no index is negative and vectorises them.
    """
    n = out.shape[0]
    whole = n - n % 4
    for i in range(0, whole, 4):
        first, end = (0, i + 4) if is_lower else (i, n)
        a, b, c, d = time * weights[i], time * weights[i + 1], time * weights[i + 2], time * weights[i + 3]
        p, q = triangle[i, first:end], triangle[i + 1, first:end]
        r, s = triangle[i + 2, first:end], triangle[i + 3, first:end]
        part = out[first:end]
        for j in range(part.shape[0]):
            part[j] = (((part[j] + a * p[j]) + b * q[j]) + c * r[j]) + d * s[j]
    for i in range(whole, n):
        first, end = (0, i + 1) if is_lower else (i, n)
        a, p, part = time * weights[i], triangle[i, first:end], out[first:end]
        for j in range(part.shape[0]):
            part[j] += a * p[j]
