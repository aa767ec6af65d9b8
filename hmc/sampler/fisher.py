"""The metric fitted to draws and their gradients: of all normal distributions, the one whose gradients are most alike.

The Fisher divergence between the posterior and a normal distribution with mean m and covariance M is the mean squared
distance of their gradients, in the units that M gives. The normal's gradient is -M^-1 (q - m), so with g the
posterior's it is

    E | L' (g + M^-1 (q - m)) |^2,  M = L L'     that is    trace(M B) + trace(M^-1 A) + constants,

where A is the covariance of the draws q and B that of their gradients g. Its derivative by M vanishes where

    B - M^-1 A M^-1 = 0,    or    M B M = A:    M is the geometric mean of A and B^-1.

Of a normal posterior B = C^-1 A C^-1 whatever the draws, C being its covariance, so that M = C: exactly, in all
directions that the draws span, from few draws as from many. (The covariance of the draws alone, Stan's estimate, has
the noise of a sample.) Restricted to diagonal matrices it is nutpie's: M_ii = sqrt(A_ii / B_ii).

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
from hmc.numerics import dot, sqrt
from hmc.sampler.linear_algebra import add_multiple, cholesky, eigen, orthogonal_part, symmetrise

BACKGROUND, END = 0, 1  # marks of a `Window`

# Of A and B, in the scaled coordinates, for as many draws as dimensions; the more draws, the less. It keeps the fit
# finite in directions that few draws hardly span. A larger one blurs strong correlations.
RIDGE = 1e-5
SMALLEST_SCALE, LARGEST_SCALE = 1e-10, 1e10  # a scale beyond is the noise of a few draws, or does not matter

# The Fisher divergence along one direction whose variance is v times what the diagonal says is v + 1/v - 2: 2 is a
# direction 1.9 times as long, or as short. Of the tadpoles' models that gain nothing from correlations it is 0.5 to
# 1.6, of all others of the lecture at least 2.8 (benchmarks/metrics.py).
WORTH_A_FIT = 2.0
_POWER_STEPS = 3  # iterations of the power method; too few see too little, and there is a next time


class Window(NamedTuple):
    """The latest draws of a warm-up and their gradients, the oldest first."""

    draws: np.ndarray  # (capacity, dimension)
    gradients: np.ndarray  # (capacity, dimension)
    marks: np.ndarray  # (2,) int64: the first row of the background, and the end


class Room(NamedTuple):
    """Room for a fit; nothing in it lasts. `most` is the number of directions that a fit can have."""

    draw_mean: np.ndarray  # (dimension,)
    gradient_mean: np.ndarray  # (dimension,)
    scale: np.ndarray  # (dimension,) the diagonal solution's sds
    row: np.ndarray  # (dimension,)
    direction: np.ndarray  # (dimension,)
    image: np.ndarray  # (dimension,)
    basis: np.ndarray  # (most, dimension) orthonormal rows
    draws: np.ndarray  # (capacity, most) in the basis, scaled
    gradients: np.ndarray  # (capacity, most)
    a: np.ndarray  # (most, most) A; in the end M
    b: np.ndarray  # (most, most) B; in the end room
    t: np.ndarray  # (most, most) T; in the end room
    values: np.ndarray  # (most,)
    beside: np.ndarray  # (most,)


def make_window(dimension: int, capacity: int) -> Window:
    """An empty window for `capacity` draws; of no size at all if that is 0."""
    shape = (capacity, dimension if capacity else 0)
    return Window(np.zeros(shape), np.zeros(shape), np.zeros(2, np.int64))


def make_room(window: Window, most: int) -> Room:
    """Room for fits of a window in at most `most` directions."""
    capacity, dimension = window.draws.shape
    most = min(most, dimension)
    return Room(
        draw_mean=np.zeros(dimension),
        gradient_mean=np.zeros(dimension),
        scale=np.zeros(dimension),
        row=np.zeros(dimension),
        direction=np.zeros(dimension),
        image=np.zeros(dimension),
        basis=np.zeros((most, dimension)),
        draws=np.zeros((capacity, most)),
        gradients=np.zeros((capacity, most)),
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
def set_scale(window, room, first):
    """Means and the diagonal solution from the rows from `first` on; False where a scale is out of bounds, or NaN."""
    end = window.marks[END]
    set_mean(window.draws, first, end, room.draw_mean)
    set_mean(window.gradients, first, end, room.gradient_mean)
    for i in range(room.scale.shape[0]):
        draws = gradients = 0.0
        for k in range(first, end):
            draw, gradient = window.draws[k, i] - room.draw_mean[i], window.gradients[k, i] - room.gradient_mean[i]
            draws += draw * draw
            gradients += gradient * gradient
        room.scale[i] = sqrt(sqrt(draws / gradients))
        if not SMALLEST_SCALE < room.scale[i] < LARGEST_SCALE:
            return False
    return True


@kernel
def set_mean(rows, first, end, mean):
    """Write the mean of rows. It is exact where all are equal, so that what does not move has no variance by rounding."""
    for i in range(mean.shape[0]):
        mean[i] = 0.0
    for k in range(first, end):
        for i in range(mean.shape[0]):
            mean[i] += rows[k, i] - rows[first, i]
    for i in range(mean.shape[0]):
        mean[i] = rows[first, i] + mean[i] / (end - first)


@kernel
def scaled_draw(window, room, k, out):
    """Write the deviation of draw k from the mean, in scaled coordinates."""
    for i in range(out.shape[0]):
        out[i] = (window.draws[k, i] - room.draw_mean[i]) / room.scale[i]


@kernel
def scaled_gradient(window, room, k, out):
    """Write the deviation of gradient k from the mean, in scaled coordinates."""
    for i in range(out.shape[0]):
        out[i] = (window.gradients[k, i] - room.gradient_mean[i]) * room.scale[i]


@kernel
def is_worth_a_fit(window, room):
    """Whether along some direction the diagonal solution leaves a Fisher divergence of more than WORTH_A_FIT.

    The largest along any direction is the largest eigenvalue of the mean of r r', where r is the difference of the two
    gradients in scaled coordinates: g + q. The power method climbs towards it from below, and stops beyond the bound.
    It takes products of draws x dimension, where a fit takes dimension^3.
    """
    if not set_scale(window, room, 0):
        return False
    n, dimension = window.marks[END], room.scale.shape[0]
    direction, image = room.direction, room.image
    largest = 0.0
    for k in range(n):
        set_difference(window, room, k)
        square = dot(room.row, room.row)
        if square > largest:
            largest = square
            for i in range(dimension):
                direction[i] = room.row[i] / sqrt(square)
    for _ in range(_POWER_STEPS):
        divergence = 0.0
        for i in range(dimension):
            image[i] = 0.0
        for k in range(n):
            set_difference(window, room, k)
            along = dot(room.row, direction)
            divergence += along * along / n
            add_multiple(image, along, room.row)
        if divergence > WORTH_A_FIT:
            return True
        size = sqrt(dot(image, image))
        if not size > 0.0:
            return False
        for i in range(dimension):
            direction[i] = image[i] / size
    return False


@kernel
def set_difference(window, room, k):
    """Draw k's gradient less that of the diagonal's normal distribution, in scaled coordinates, into `room.row`."""
    for i in range(room.row.shape[0]):
        draw, gradient = window.draws[k, i] - room.draw_mean[i], window.gradients[k, i] - room.gradient_mean[i]
        room.row[i] = gradient * room.scale[i] + draw / room.scale[i]


@kernel
def fit(window, room):
    """Fit M to the foreground; the number m of rows of `room.basis` that it is in, 0 where there is no fit.

    M, in scaled coordinates, is the unit matrix beside them, and the leading (m, m) part of `room.a` in them.
    """
    dimension, most = room.scale.shape[0], room.basis.shape[0]
    first = 0 if most == dimension else max(0, window.marks[END] - most // 2)
    n = window.marks[END] - first
    if n < 3 or not set_scale(window, room, first):
        return 0
    m = set_basis(window, room, first)
    project(window, room, first, m)
    ridge = RIDGE * dimension / n
    set_covariance(room.draws, n, m, ridge, room.a)
    set_covariance(room.gradients, n, m, ridge, room.b)
    return m if geometric_mean(room, m) else 0


@kernel
def set_basis(window, room, first):
    """Orthonormal rows that span all scaled deviations; their number. The unit vectors where that is all directions."""
    end, dimension, most = window.marks[END], room.scale.shape[0], room.basis.shape[0]
    if dimension <= 2 * (end - first) and most == dimension:
        for i in range(dimension):
            for j in range(dimension):
                room.basis[i, j] = 1.0 if i == j else 0.0
        return dimension
    m = 0
    for k in range(first, end):
        if m < most:
            scaled_draw(window, room, k, room.basis[m])
            m += orthogonal_part(room.basis, m, room.basis[m])
        if m < most:
            scaled_gradient(window, room, k, room.basis[m])
            m += orthogonal_part(room.basis, m, room.basis[m])
    return m


@kernel
def project(window, room, first, m):
    """Write the scaled deviations in the basis."""
    is_unit = m == room.scale.shape[0]
    for k in range(first, window.marks[END]):
        draws, gradients = room.draws[k - first], room.gradients[k - first]
        scaled_draw(window, room, k, room.row)
        coordinates(room.basis, m, room.row, is_unit, draws)
        scaled_gradient(window, room, k, room.row)
        coordinates(room.basis, m, room.row, is_unit, gradients)


@kernel
def coordinates(basis, m, row, is_unit, out):
    """Write the coordinates of `row` in the basis."""
    for j in range(m):
        out[j] = row[j] if is_unit else dot(basis[j], row)


@kernel
def set_covariance(rows, n, m, ridge, out):
    """The mean product of `n` rows in m directions, and `ridge` on the diagonal."""
    for i in range(m):
        for j in range(m):
            out[i, j] = 0.0
    for k in range(n):
        for i in range(m):
            add_multiple(out[i, : i + 1], rows[k, i], rows[k, : i + 1])
    for i in range(m):
        for j in range(i + 1):
            out[i, j] /= n
            out[j, i] = out[i, j]
        out[i, i] += ridge


@kernel
def geometric_mean(room, m):
    """Replace A in `room.a` by the M with M B M = A; False where there is none. B and T are lost."""
    a, b, t, values = room.a, room.b, room.t, room.values
    if not cholesky(b, m):
        return False
    for i in range(m):  # t = A R, where R is the lower triangle of b
        for j in range(m):
            t[i, j] = 0.0
        for k in range(m):
            add_multiple(t[i, : k + 1], a[i, k], b[k, : k + 1])
    for i in range(m):
        for j in range(m):
            a[i, j] = 0.0
    for k in range(m):  # a = T = R' t
        for i in range(k + 1):
            add_multiple(a[i, :m], b[k, i], t[k, :m])
    symmetrise(a, m)
    if not eigen(a, t, values, room.beside, m):
        return False
    for k in range(m):  # row k of t, an eigenvector, becomes R'^-1 times it, times T's eigenvalue^(1/4)
        if not 0.0 < values[k] < math.inf:
            return False
        row, weight = t[k, :m], sqrt(sqrt(values[k]))
        for i in range(m - 1, -1, -1):
            row[i] /= b[i, i]
            add_multiple(row[:i], -row[i], b[i, :i])
        for i in range(m):
            row[i] *= weight
    for i in range(m):  # M is the sum of the rows' products
        for j in range(m):
            a[i, j] = 0.0
    for k in range(m):
        for i in range(m):
            add_multiple(a[i, : i + 1], t[k, i], t[k, : i + 1])
    for i in range(m):
        for j in range(i):
            a[j, i] = a[i, j]
    return True
