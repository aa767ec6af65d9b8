"""Cholesky factors and eigenvectors of small symmetric matrices, in explicit loops.

The result of a LAPACK may depend on its number of threads and on the processor; draws must not. So these loops are
plain arithmetic in a fixed order, the same bits compiled or not. Matrices are the leading (m, m) part of arrays that
may be larger: a fit in warm-up has more or fewer directions each time, and nothing is allocated here.

The methods are those of Golub & Van Loan (2013), "Matrix Computations", sections 4.2, 5.2 and 8.3.
"""

import math

from hmc.jit.kernel import kernel
from hmc.numerics import sqrt
from hmc.sampler.rows import add_multiple, inner

ROUNDING = 2.220446049250313e-16  # the distance from 1 to the next number
MOST_STEPS = 60  # of QL for one eigenvalue; two or three are usual


@kernel
def cholesky(a, m):
    """Put the lower factor R of a = R R' in place of the lower triangle; False where `a` is not positive definite."""
    for j in range(m):
        value = a[j, j] - inner(a[j], a[j], j)
        if not 0.0 < value < math.inf:
            return False
        a[j, j] = sqrt(value)
        for i in range(j + 1, m):
            a[i, j] = (a[i, j] - inner(a[i], a[j], j)) / a[j, j]
    return True


@kernel
def orthogonal_part(basis, m, row):
    """Take from `row`, in place, its part along the first m rows of `basis`, which are orthonormal; make it a unit
    vector.

    False where nothing but rounding is left. Gram and Schmidt, twice over: once loses digits where little is left.
    """
    n = row.shape[0]
    before = sqrt(inner(row, row, n))
    for _ in range(2):
        for j in range(m):
            add_multiple(row, -inner(basis[j], row, n), basis[j], n)
    after = sqrt(inner(row, row, n))
    if not after > 1e-6 * before:
        return False
    for i in range(n):
        row[i] /= after
    return True


@kernel
def symmetrise(a, m):
    """Make `a` symmetric again, where rounding spoilt it."""
    for i in range(m):
        for j in range(i):
            a[i, j] = a[j, i] = 0.5 * (a[i, j] + a[j, i])


@kernel
def eigen(a, vectors, values, beside, m):
    """Eigenvalues of the symmetric `a`, in no order, and its eigenvectors as *rows* of `vectors`; `a` is lost.

    beside: (m,) room for what is beside the diagonal of a tridiagonal matrix.
    Returns False where the iteration does not end, as for a matrix with NaN.
    """
    if m == 1:
        values[0], vectors[0, 0] = a[0, 0], 1.0
        return not math.isnan(values[0])
    reduce_to_tridiagonal(a, values, beside, m)
    accumulate_reflections(a, vectors, values, m)
    for i in range(m):
        values[i] = a[i, i]
    for i in range(m - 1):
        beside[i] = beside[i + 1]
    beside[m - 1] = 0.0
    return diagonalise(values, beside, vectors, m)


@kernel
def reduce_to_tridiagonal(a, values, beside, m):
    """a -> H a H for rows k = m - 1 down to 2, H = 1 - beta v v' a reflection that leaves one element beside a[k, k].

    Row k keeps v, values[k] its beta, 0 where there was nothing to do; beside[k] is the element beside the diagonal.
    """
    for k in range(m - 1, 1, -1):
        row = a[k]
        if not inner(row, row, k - 1) > 0.0:  # an element less than 1e-162 is none
            beside[k], values[k] = row[k - 1], 0.0
            continue
        norm = sqrt(inner(row, row, k))
        beside[k] = -norm if row[k - 1] > 0.0 else norm
        row[k - 1] -= beside[k]
        beta = 2.0 / inner(row, row, k)
        for i in range(k):  # `values` before k are free as yet: p = beta a v
            values[i] = beta * inner(a[i], row, k)
        add_multiple(values, -0.5 * beta * inner(values, row, k), row, k)
        for i in range(k):
            add_multiple(a[i], -row[i], values, k)
            add_multiple(a[i], -values[i], row, k)
        values[k] = beta
    beside[1] = a[1, 0]
    values[0] = values[1] = 0.0


@kernel
def accumulate_reflections(a, vectors, values, m):
    """The product V of the reflections that `reduce_to_tridiagonal` left, by rows: V a V' is tridiagonal."""
    for i in range(m):
        for j in range(m):
            vectors[i, j] = 1.0 if i == j else 0.0
    for k in range(2, m):
        if values[k] != 0.0:
            for i in range(k):
                add_multiple(vectors[i], -values[k] * inner(vectors[i], a[k], k), a[k], k)


@kernel
def diagonalise(values, beside, vectors, m):
    """QL with implicit shifts: the matrix of `values` and `beside` becomes diagonal, and the rows turn along."""
    for low in range(m):
        for step in range(MOST_STEPS + 1):
            high = low
            while high < m - 1:
                if abs(beside[high]) <= ROUNDING * (abs(values[high]) + abs(values[high + 1])):
                    break
                high += 1
            if high == low:
                break
            if step == MOST_STEPS:
                return False
            ql_step(values, beside, vectors, m, low, high)
    return True


@kernel
def ql_step(values, beside, vectors, m, low, high):
    """One step on the block from `low` to `high`: a chase of plane rotations from its end to its beginning."""
    g = (values[low + 1] - values[low]) / (2.0 * beside[low])
    r = sqrt(g * g + 1.0)
    g = values[high] - values[low] + beside[low] / (g + (r if g >= 0.0 else -r))
    s = c = 1.0
    p = 0.0
    for i in range(high - 1, low - 1, -1):
        f, b = s * beside[i], c * beside[i]
        r = sqrt(f * f + g * g)
        beside[i + 1] = r
        if r == 0.0:  # the block falls into two
            values[i + 1] -= p
            beside[high] = 0.0
            return
        s, c = f / r, g / r
        g = values[i + 1] - p
        r = (values[i] - g) * s + 2.0 * c * b
        p = s * r
        values[i + 1] = g + p
        g = c * r - b
        rotate_rows(vectors[i], vectors[i + 1], s, c, m)
    values[low] -= p
    beside[low] = g
    beside[high] = 0.0


@kernel
def rotate_rows(lower, upper, s, c, m):
    """Turn two rows in their plane by the angle with sine s and cosine c, in place."""
    for k in range(m):
        x, y = lower[k], upper[k]
        upper[k] = s * x + c * y
        lower[k] = c * x - s * y
