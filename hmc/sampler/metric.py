"""The metric: which directions of parameter space are long, and how a momentum moves a position.

The papers' Hamiltonian has a mass matrix M, for position q and momentum r, with U(q) = -log density:

    H = U(q) + r' M^-1 r / 2,   r ~ Normal(0, M)
    dq/dt = v = M^-1 r          the velocity
    dr/dt = g                   the force, which is the gradient of the log density

M^-1, the inverse metric, is an estimate of the posterior's covariance. Here it is held as a factor L, M^-1 = L L', and
the momentum in *whitened* coordinates:

    p = L' r,   r = L'^-1 p

The rest follows from that line:

    p ~ Normal(0, I)           since L' M L = L' (L L')^-1 L = I
    r' M^-1 r / 2 = p'p / 2    since r' M^-1 r = r' L L' r
    dq/dt = L p                since v = L L' r;  in a leapfrog step of length h:  q += h L p     (`drift`)
    dp/dt = L' g               since p = L' r;    in each half step before and after:  p += h/2 L' g  (`kick`)

L appears in the last two lines and nowhere else; both are functions of this file. Positions and energies are the usual
Hamiltonian's, step by step: the papers' half step, r += h/2 g, multiplied by L', is the kick.

Seen from the other side, the position is whitened. In the coordinates z = L^-1 q the gradient of the log density is
L' g, so p moves z under the unit metric: dz/dt = p, dp/dt = L' g. The covariance of z is about I, and there leapfrog
steps do best. Neal (2011), section 4.1: to transform the position by q = L z, and the momentum by p = L' r, turns a
Hamiltonian with M^-1 = L L' into one with M = I, and changes nothing else about it.

The U-turn criterion is the same in both coordinates too. A stretch of a trajectory turns unless v' sum(r) > 0 at both
of its ends, the sum being over its leaves; and since v = L p,

    v' sum(r) = p' L' sum(r) = p' sum(p) = p' rho

So the trees of `hmc/sampler/nuts.py` see dot products of whitened momenta and nothing else.

Three kinds of L are known. DIAGONAL: one scale per coordinate. DENSE: a lower triangle, whose products take
dimension^2.
LOW_RANK: with D the diagonal of the scales, and orthonormal rows u_1 ... u_r with eigenvalues e_k,

    M^-1 = D (I + sum (e_k - 1) u_k u_k') D,    L = D (I + sum (sqrt(e_k) - 1) u_k u_k') = D + sum w_k u_k'

where w_k = (sqrt(e_k) - 1) D u_k, so that the products take dimension (1 + 2 r).

In `hmc/sampler/textbook.py`, p is called r, and v is a direction.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hmc.jit.kernel import inlined, kernel
from hmc.sampler.linear_algebra import cholesky
from hmc.sampler.rows import add_multiple, add_rows, add_scaled, inner

DIAGONAL, DENSE, LOW_RANK = 0, 1, 2  # kinds

KIND, RANK, IS_FITTED, FITTED_KIND = 0, 1, 2, 3  # of `Metric.form`


class Metric(NamedTuple):
    """A factor L of the inverse metric L L'."""

    form: np.ndarray  # (4,) int64: the kind, the rank, whether it was fitted to correlations, the kind that a fit makes
    scale: np.ndarray  # (dimension,): the diagonal of L, for DIAGONAL, or of D, for LOW_RANK
    # DENSE: (dimension, dimension), L, lower triangular. LOW_RANK: (most, dimension), of which the first `rank` rows
    # are u_k. Else (0, dimension).
    factor: np.ndarray
    # Its transpose, stored so that both products run along rows; of LOW_RANK w_k.
    factor_transposed: np.ndarray


class LowRank(NamedTuple):
    """An inverse metric D (I + sum (e_k - 1) u_k u_k') D, or those of several chains, along further first axes.

    Rows beyond the rank of a chain are 0, and their eigenvalues 1.
    """

    scale: NDArray[np.float64]  # (..., dimension): the diagonal of D
    vectors: NDArray[np.float64]  # (..., rank, dimension): orthonormal rows u_k
    eigenvalues: NDArray[np.float64]  # (..., rank): e_k

    def __repr__(self) -> str:
        return f"<LowRank {self.scale.shape}, of rank {self.eigenvalues.shape[-1]}>"

    def of_chain(self, index: int) -> "LowRank":
        """That of one chain, without the rows beyond its rank."""
        rank = int((self.eigenvalues[index] != 1.0).sum())
        return LowRank(self.scale[index], self.vectors[index, :rank], self.eigenvalues[index, :rank])

    def variances(self) -> NDArray[np.float64]:
        """The diagonal, (..., dimension)."""
        stretched = np.einsum("...ki,...k->...i", self.vectors**2, self.eigenvalues - 1.0)
        return self.scale**2 * (1.0 + stretched)

    def matrix(self) -> NDArray[np.float64]:
        """All of it, (..., dimension, dimension)."""
        inner = np.einsum("...ki,...k,...kj->...ij", self.vectors, self.eigenvalues - 1.0, self.vectors)
        inner = inner + np.eye(self.scale.shape[-1])
        return self.scale[..., :, None] * inner * self.scale[..., None, :]


def identity(dimension: int, kind: int = DIAGONAL, most: int = 0) -> Metric:
    """The unit metric of a kind; with room for `most` vectors if that is LOW_RANK."""
    factor = np.eye(dimension) if kind == DENSE else np.zeros((most if kind == LOW_RANK else 0, dimension))
    return Metric(np.array([kind, 0, 0, kind], dtype=np.int64), np.ones(dimension), factor, factor.copy())


def of_low_rank(inverse: LowRank) -> Metric:
    """The metric with this inverse, of one chain."""
    metric = identity(inverse.scale.size, LOW_RANK, len(inverse.eigenvalues))
    metric.form[RANK] = len(inverse.eigenvalues)
    metric.scale[:] = inverse.scale
    metric.factor[:] = inverse.vectors
    metric.factor_transposed[:] = (np.sqrt(inverse.eigenvalues) - 1.0)[:, None] * inverse.scale * inverse.vectors
    return metric


def inverse_metric(metric: Metric) -> NDArray[np.float64] | LowRank:
    """The inverse metric, in arrays of its own: the diagonal (dimension,), or all of it if dense; or a `LowRank`."""
    if metric.form[KIND] == DENSE:
        return metric.factor @ metric.factor.T
    if metric.form[KIND] == LOW_RANK:
        vectors = metric.factor[: metric.form[RANK]].copy()
        stretch = np.einsum("ki,ki->k", vectors, metric.factor_transposed[: len(vectors)] / metric.scale)
        return LowRank(metric.scale.copy(), vectors, (1.0 + stretch) ** 2)
    return metric.scale**2


def variances(inverse: NDArray[np.float64] | LowRank) -> NDArray[np.float64]:
    """The diagonal (dimension,) of what `inverse_metric` gives."""
    if isinstance(inverse, LowRank):
        return inverse.variances()
    return inverse if inverse.ndim == 1 else np.diag(inverse)


def factor(inverse: NDArray[np.float64] | LowRank) -> NDArray[np.float64]:
    """The sampler's L (dimension, dimension), of which the velocity is L p, from what `inverse_metric` gives."""
    if isinstance(inverse, LowRank):
        unscaled = LowRank(np.ones_like(inverse.scale), inverse.vectors, np.sqrt(inverse.eigenvalues))
        return inverse.scale[:, None] * unscaled.matrix()
    return np.asarray(np.diag(np.sqrt(inverse)) if inverse.ndim == 1 else np.linalg.cholesky(inverse), np.float64)


@inlined
def kick(metric, momentum, gradient, time):
    """momentum += time * L' gradient, in place."""
    if metric.form[KIND] == DIAGONAL:
        add_scaled(momentum, gradient, time, metric.scale)
    else:
        add_correlated(metric, momentum, gradient, time, metric.factor, metric.factor_transposed, True)


@inlined
def drift(metric, position, momentum, time):
    """position += time * L momentum, in place."""
    if metric.form[KIND] == DIAGONAL:
        add_scaled(position, momentum, time, metric.scale)
    else:
        add_correlated(metric, position, momentum, time, metric.factor_transposed, metric.factor, False)


@kernel
def add_correlated(metric, out, row, time, rows, transposed, is_lower):
    """out += time * L' row, or L row, of a metric with correlations.

    A function of its own, not inlined: the call costs little beside it, and it would be compiled in many places.
    """
    if metric.form[KIND] == DENSE:
        add_rows(out, row, time, rows, is_lower)
        return
    add_scaled(out, row, time, metric.scale)
    for k in range(metric.form[RANK]):
        add_multiple(out, time * inner(transposed[k], row, row.shape[0]), rows[k], row.shape[0])


@kernel
def set_from_covariance(metric, covariance):
    """Make L the Cholesky factor of `covariance`; this overwrites its lower triangle.

    If it is not positive definite, L stays what it was.
    """
    dimension = covariance.shape[0]
    if cholesky(covariance, dimension):
        set_factor(metric, covariance)


@kernel
def set_factor(metric, factor):
    """Make L the lower triangle of `factor`."""
    for i in range(metric.factor.shape[0]):
        for j in range(i + 1):
            metric.factor[i, j] = metric.factor_transposed[j, i] = factor[i, j]


@kernel
def set_diagonal_element(metric, i, scale):
    """Make `scale` L's diagonal element of coordinate i, of a metric that was not fitted to correlations."""
    metric.scale[i] = scale
    if metric.form[KIND] == DENSE:
        metric.factor[i, i] = metric.factor_transposed[i, i] = scale
