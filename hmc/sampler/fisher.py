"""The metric fitted to draws and their gradients: of all normal distributions, the one whose gradients are most alike.

The Fisher divergence between the posterior and a normal distribution with mean m and covariance M is the mean squared
distance of their gradients, in the units that M gives. The normal's gradient is -M^-1 (q - m), so with g the
posterior's it is

    E | L' (g + M^-1 (q - m)) |^2,  M = L L'     that is    trace(M B) + trace(M^-1 A) + constants,

where A is the covariance of the draws q and B that of their gradients g. Its derivative by M vanishes where

    B - M^-1 A M^-1 = 0,    or    M B M = A:    M is the geometric mean of A and B^-1.

Of a normal posterior B = C^-1 A C^-1 whatever the draws, C being its covariance, so that M = C, exactly,
as soon as the draws span all directions. (The covariance of the draws alone, Stan's estimate, has the noise of a
sample.) Restricted to diagonal matrices it is nutpie's: M_ii = sqrt(A_ii / B_ii).

With the Cholesky factor B = R R', and T = R' A R, the solution is M = R'^-1 T^(1/2) R^-1: put it in, and both sides
agree. That takes one Cholesky factor and one set of eigenvectors (`geometric_mean`).

In high dimension, or where draws are few, M is found in the subspace that draws and gradients span; beside it a
diagonal has to do. So all is done in coordinates scaled by the diagonal solution, where it is the unit matrix. A
low-rank metric keeps those eigenvectors of M there whose eigenvalue is not about 1.

Seyboldt, Carlson & Carpenter (2026), "Preconditioning Hamiltonian Monte Carlo by minimizing Fisher divergence",
arXiv:2603.18845; the low-rank metric of nuts-rs.
"""

import math
from typing import NamedTuple

import numpy as np

from hmc.jit.kernel import kernel
from hmc.numerics import sqrt
from hmc.sampler.linear_algebra import cholesky, eigen, orthogonal_part, symmetrise
from hmc.sampler.rows import add_multiple, inner

BACKGROUND, END = 0, 1  # marks of a `Window`

# Of A and B, in the scaled coordinates, for as many draws as dimensions; the more draws, the less. It keeps the fit
# finite in directions that few draws hardly span. A larger one blurs strong correlations.
RIDGE = 1e-5
SMALLEST_SCALE, LARGEST_SCALE = 1e-10, 1e10  # a scale beyond is the noise of a few draws, or does not matter

# The Fisher divergence along one direction whose variance is v times what the diagonal says is v + 1/v - 2: 2 is that
# of a direction 1.9 times as long, or as short.
WORTH_A_FIT = 2.0
_POWER_STEPS = 3  # iterations of the power method; too few see too little, and there is a next time


class Window(NamedTuple):
    """The latest draws of a warm-up and their gradients, the oldest first."""

    draws: np.ndarray  # (capacity, dimension)
    gradients: np.ndarray  # (capacity, dimension)
    marks: np.ndarray  # (2,) int64: the first row of the background, and the end


class FitRoom(NamedTuple):
    """FitRoom for a fit; nothing in it lasts. `most` is the number of directions that a fit can have."""

    scale: np.ndarray  # (dimension,) the diagonal solution's sds
    row: np.ndarray  # (dimension,)
    direction: np.ndarray  # (dimension,)
    image: np.ndarray  # (dimension,)
    draws: np.ndarray  # (capacity, dimension) deviations from the mean, in scaled coordinates
    gradients: np.ndarray  # (capacity, dimension)
    basis: np.ndarray  # (most, dimension) orthonormal rows
    coordinates: np.ndarray  # (capacity, most) of rows in the basis
    a: np.ndarray  # (most, most) A; in the end M
    b: np.ndarray  # (most, most) B; in the end room
    t: np.ndarray  # (most, most) T; in the end room
    values: np.ndarray  # (most,)
    beside: np.ndarray  # (most,)


def make_window(dimension: int, capacity: int) -> Window:
    """An empty window for `capacity` draws; of no size at all if that is 0."""
    shape = (capacity, dimension if capacity else 0)
    return Window(np.zeros(shape), np.zeros(shape), np.zeros(2, np.int64))


def make_room(window: Window, most: int) -> FitRoom:
    """FitRoom for fits of a window in at most `most` directions."""
    capacity, dimension = window.draws.shape
    most = min(most, dimension)
    return FitRoom(
        scale=np.zeros(dimension),
        row=np.zeros(dimension),
        direction=np.zeros(dimension),
        image=np.zeros(dimension),
        draws=np.zeros((capacity, dimension)),
        gradients=np.zeros((capacity, dimension)),
        basis=np.zeros((most, dimension)),
        coordinates=np.zeros((capacity, most)),
        a=np.zeros((most, most)),
        b=np.zeros((most, most)),
        t=np.zeros((most, most)),
        values=np.zeros(most),
        beside=np.zeros(most),
    )


@kernel
def keep(window, position, gradient):
    """Add a draw."""
    end = window.marks[END]
    if end < window.draws.shape[0]:
        for i in range(position.shape[0]):
            window.draws[end, i], window.gradients[end, i] = position[i], gradient[i]
        window.marks[END] = end + 1


@kernel
def forget(window):
    """The foreground goes, the background becomes the foreground, and a new background is begun."""
    first, end = window.marks[BACKGROUND], window.marks[END]
    for k in range(first, end):
        for i in range(window.draws.shape[1]):
            window.draws[k - first, i], window.gradients[k - first, i] = window.draws[k, i], window.gradients[k, i]
    window.marks[BACKGROUND] = window.marks[END] = end - first


@kernel
def set_scaled(window, room, first):
    """Set the scale from the rows from `first` on, and their scaled deviations from the mean.

    The scale is the diagonal solution, sqrt(sd of draw / sd of gradient). False where one is out of bounds, or NaN.
    """
    n = window.marks[END] - first
    set_deviations(window.draws, first, n, room.draws, room.row)
    set_deviations(window.gradients, first, n, room.gradients, room.image)
    for i in range(room.scale.shape[0]):
        room.scale[i] = sqrt(sqrt(room.row[i] / room.image[i]))
        if not SMALLEST_SCALE < room.scale[i] < LARGEST_SCALE:
            return False
    for k in range(n):
        for i in range(room.scale.shape[0]):
            room.draws[k, i] /= room.scale[i]
            room.gradients[k, i] *= room.scale[i]
    return True


@kernel
def set_deviations(rows, first, n, out, squares):
    """Write the deviations of n rows from their mean, and the sums of their squares.

    Rows are compared with the first of them: where all are equal, there is no variance by rounding.
    """
    for i in range(squares.shape[0]):
        squares[i] = 0.0
    for k in range(n):
        for i in range(squares.shape[0]):
            out[k, i] = rows[first + k, i] - rows[first, i]
            squares[i] += out[k, i] / n
    for k in range(n):
        for i in range(squares.shape[0]):
            out[k, i] -= squares[i]
    for i in range(squares.shape[0]):
        squares[i] = 0.0
    for k in range(n):
        for i in range(squares.shape[0]):
            squares[i] += out[k, i] * out[k, i]


@kernel
def is_worth_a_fit(window, room):
    """Whether along some direction the diagonal solution leaves a Fisher divergence of more than WORTH_A_FIT."""
    n = window.marks[END]
    return set_scaled(window, room, 0) and has_divergence(room.draws, room.gradients, n, room)


@kernel
def has_divergence(draws, gradients, n, room):
    """Whether the largest Fisher divergence along a direction is beyond WORTH_A_FIT.

    It is the largest eigenvalue of the mean of r r', where r is the difference of the two gradients in scaled
    coordinates: g + q. The power method climbs towards it from below, and stops beyond the bound. It takes products of
    draws x dimension, where a fit takes dimension^3.
    """
    row, direction, image, dimension = room.row, room.direction, room.image, room.row.shape[0]
    largest = 0.0
    for k in range(n):
        set_sum(draws[k], gradients[k], row)
        square = inner(row, row, dimension)
        if square > largest:
            largest = square
            set_unit(row, square, direction)
    for _ in range(_POWER_STEPS):
        divergence = 0.0
        for i in range(dimension):
            image[i] = 0.0
        for k in range(n):
            set_sum(draws[k], gradients[k], row)
            along = inner(row, direction, dimension)
            divergence += along * along / n
            add_multiple(image, along, row, dimension)
        if divergence > WORTH_A_FIT:
            return True
        set_unit(image, inner(image, image, dimension), direction)
    return False


@kernel
def set_sum(x, y, out):
    """out = x + y."""
    for i in range(out.shape[0]):
        out[i] = x[i] + y[i]


@kernel
def set_unit(row, square, out):
    """out = row / sqrt(square)."""
    for i in range(out.shape[0]):
        out[i] = row[i] / sqrt(square)


@kernel
def fit(window, room):
    """Fit M to the foreground; the number m of rows of `room.basis` that it is in, 0 where there is no fit.

    M, in scaled coordinates, is the unit matrix beside them, and the leading (m, m) part of `room.a` in them.
    """
    dimension, most = room.scale.shape[0], room.basis.shape[0]
    first = 0 if most == dimension else max(0, window.marks[END] - most // 2)
    n = window.marks[END] - first
    if n < 3 or not set_scaled(window, room, first):
        return 0
    m = set_basis(room.draws, room.gradients, n, room.basis)
    ridge = RIDGE * dimension / n
    project(room.draws, n, room.basis, m, room.coordinates)
    set_covariance(room.coordinates, n, m, ridge, room.a)
    project(room.gradients, n, room.basis, m, room.coordinates)
    set_covariance(room.coordinates, n, m, ridge, room.b)
    return m if geometric_mean(room.a, room.b, room.t, room.values, room.beside, m) else 0


@kernel
def set_basis(draws, gradients, n, basis):
    """Orthonormal rows that span all deviations; their number. The unit vectors where that is all directions."""
    most, dimension = basis.shape
    m = 0
    if dimension <= 2 * n and most == dimension:
        for m in range(dimension):
            for i in range(dimension):
                basis[m, i] = 1.0 if i == m else 0.0
        return dimension
    for k in range(2 * n):
        if m < most:
            row = draws[k // 2] if k % 2 == 0 else gradients[k // 2]
            for i in range(dimension):
                basis[m, i] = row[i]
            m += orthogonal_part(basis, m, basis[m])
    return m


@kernel
def project(rows, n, basis, m, out):
    """Write the coordinates of n rows in the basis, which are the rows themselves if it is all unit vectors."""
    dimension = rows.shape[1]
    for k in range(n):
        for j in range(m):
            out[k, j] = rows[k, j] if m == dimension else inner(basis[j], rows[k], dimension)


@kernel
def set_covariance(rows, n, m, ridge, out):
    """The mean product of `n` rows in m directions, and `ridge` on the diagonal."""
    for i in range(m):
        for j in range(m):
            out[i, j] = 0.0
    for k in range(n):
        for i in range(m):
            add_multiple(out[i], rows[k, i], rows[k], i + 1)
    for i in range(m):
        for j in range(i + 1):
            out[i, j] /= n
            out[j, i] = out[i, j]
        out[i, i] += ridge


@kernel
def geometric_mean(a, b, t, values, beside, m):
    """Replace A, in `a`, by the M with M B M = A; False where there is none. B is lost, the others are room."""
    if not cholesky(b, m):
        return False
    for i in range(m):  # t = A R, where R is the lower triangle of b
        for j in range(m):
            t[i, j] = 0.0
        for k in range(m):
            add_multiple(t[i], a[i, k], b[k], k + 1)
    for i in range(m):
        for j in range(m):
            a[i, j] = 0.0
    for k in range(m):  # a = T = R' t
        for i in range(k + 1):
            add_multiple(a[i], b[k, i], t[k], m)
    symmetrise(a, m)
    if not eigen(a, t, values, beside, m):
        return False
    for k in range(m):  # row k of t, an eigenvector, becomes R'^-1 times it, times T's eigenvalue^(1/4)
        if not 0.0 < values[k] < math.inf:
            return False
        row, weight = t[k], sqrt(sqrt(values[k]))
        for i in range(m - 1, -1, -1):
            row[i] /= b[i, i]
            add_multiple(row, -row[i], b[i], i)
        for i in range(m):
            row[i] *= weight
    for i in range(m):  # M is the sum of the rows' products
        for j in range(m):
            a[i, j] = 0.0
    for k in range(m):
        for i in range(m):
            add_multiple(a[i], t[k, i], t[k], i + 1)
    for i in range(m):
        for j in range(i):
            a[j, i] = a[i, j]
    return True
