"""A fit to draws and gradients (`hmc.sampler.fisher`) becomes the metric."""

from hmc.jit.kernel import kernel
from hmc.numerics import sqrt
from hmc.sampler.fisher import fit, is_worth_a_fit
from hmc.sampler.linear_algebra import cholesky, eigen
from hmc.sampler.metric import DENSE, DIAGONAL, FITTED_KIND, IS_FITTED, KIND, RANK
from hmc.sampler.rows import add_multiple

# An eigenvalue within (1/2, 2) is of a direction that the diagonal serves well enough to save its products.
CUTOFF = 2.0
FEW = 20  # dimensions in which the products of a dense metric cost next to nothing, and any gain is worth them
SMALLEST_EIGENVALUE, LARGEST_EIGENVALUE = 1e-8, 1e8  # beyond the diagonal: of a fit that rounding has spoilt


@kernel
def refit(metric, window, room, only_if_worth):
    """Fit the metric to the window's foreground; it stays what it was where there is no fit.

    only_if_worth: leave the metric to the diagonal where that serves all directions well, and there are many of them.
    """
    if only_if_worth and metric.scale.shape[0] > FEW and not is_worth_a_fit(window, room):
        metric.form[IS_FITTED], metric.form[KIND] = 0, DIAGONAL
        return
    m = fit(window, room)
    if m > 0:
        is_dense = metric.form[FITTED_KIND] == DENSE
        if set_dense(metric, room, m) if is_dense else set_low_rank(metric, room, m):
            metric.form[IS_FITTED], metric.form[KIND] = 1, metric.form[FITTED_KIND]


@kernel
def set_dense(metric, room, m):
    """Make L the Cholesky factor of the fit; False where there is none."""
    dimension = room.scale.shape[0]
    if m < dimension:
        fill_up(room, m)
    if not cholesky(room.a, dimension):
        return False
    for i in range(dimension):
        for j in range(i + 1):
            metric.factor[i, j] = metric.factor_transposed[j, i] = room.scale[i] * room.a[i, j]
    return True


@kernel
def fill_up(room, m):
    """M in the basis becomes M in all coordinates, I + basis' (M - I) basis."""
    dimension, a, b, t = room.scale.shape[0], room.a, room.b, room.t
    for k in range(m):  # t = (M - I) basis
        for i in range(dimension):
            t[k, i] = 0.0
        for j in range(m):
            add_multiple(t[k], a[k, j] - (1.0 if j == k else 0.0), room.basis[j], dimension)
    for i in range(dimension):
        for j in range(dimension):
            b[i, j] = 1.0 if i == j else 0.0
    for k in range(m):
        for i in range(dimension):
            add_multiple(b[i], room.basis[k, i], t[k], dimension)
    for i in range(dimension):
        for j in range(dimension):
            a[i, j] = b[i, j]


@kernel
def set_low_rank(metric, room, m):
    """Take over those eigenvectors of the fit that the diagonal does not serve; False where there are none to trust."""
    if not eigen(room.a, room.t, room.values, room.beside, m):
        return False
    for k in range(m):
        if not SMALLEST_EIGENVALUE < room.values[k] < LARGEST_EIGENVALUE:
            return False
    # The diagonal is a compromise between a few long directions and all others, which may all be shorter than it says.
    # The middle one stands for these, and for the directions that the fit knows nothing of.
    middle = median(room.values, room.beside, m)
    rank, dimension = 0, metric.scale.shape[0]
    for i in range(dimension):
        metric.scale[i] = sqrt(middle) * room.scale[i]
    for k in range(m):
        eigenvalue = room.values[k] / middle
        if not 1.0 / CUTOFF < eigenvalue < CUTOFF:
            vector = metric.factor[rank]
            for i in range(dimension):
                vector[i] = 0.0
            for j in range(m):
                add_multiple(vector, room.t[k, j], room.basis[j], dimension)
            for i in range(dimension):
                metric.factor_transposed[rank, i] = (sqrt(eigenvalue) - 1.0) * (metric.scale[i] * vector[i])
            rank += 1
    metric.form[RANK] = rank
    return True


@kernel
def median(values, ordered, m):
    """The middle one of the first m values, which `ordered` gets in order; of an even number the higher."""
    for i in range(m):
        j = i
        while j > 0 and ordered[j - 1] > values[i]:
            ordered[j] = ordered[j - 1]
            j -= 1
        ordered[j] = values[i]
    return ordered[m // 2]
