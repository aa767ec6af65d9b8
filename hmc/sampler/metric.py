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

In `hmc/sampler/textbook.py`, p is called r, and v is a direction.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hmc.jit.kernel import inlined, kernel
from hmc.numerics import sqrt
from hmc.sampler.rows import add_rows

DIAGONAL, DENSE = 0, 1


class Metric(NamedTuple):
    """A factor L of the inverse metric L L'."""

    kind: int  # DIAGONAL (the unit metric is the diagonal of ones) or DENSE
    scale: np.ndarray  # (dimension,): the diagonal of L, for DIAGONAL
    factor: np.ndarray  # (dimension, dimension): L, lower triangular, for DENSE; else (0, 0)
    factor_transposed: np.ndarray  # its transpose, stored so that both products run along rows


def identity(dimension: int, dense: bool) -> Metric:
    """The unit metric, with room for a dense factor if `dense`."""
    size = dimension if dense else 0
    return Metric(
        kind=DENSE if dense else DIAGONAL,
        scale=np.ones(dimension),
        factor=np.eye(size),
        factor_transposed=np.eye(size),
    )


def inverse_metric(metric: Metric) -> NDArray[np.float64]:
    """The inverse metric as an array of its own: the diagonal of L L' (dimension,), or all of it if dense."""
    if metric.kind == DENSE:
        return metric.factor @ metric.factor.T
    return metric.scale**2


@inlined
def kick(metric, momentum, gradient, time):
    """momentum += time * L' gradient, in place."""
    dimension = momentum.shape[0]
    if metric.kind == DIAGONAL:
        for i in range(dimension):
            momentum[i] += time * (metric.scale[i] * gradient[i])
    else:
        add_rows(momentum, gradient, time, metric.factor, True)


@inlined
def drift(metric, position, momentum, time):
    """position += time * L momentum, in place."""
    dimension = position.shape[0]
    if metric.kind == DIAGONAL:
        for i in range(dimension):
            position[i] += time * (metric.scale[i] * momentum[i])
    else:
        add_rows(position, momentum, time, metric.factor_transposed, False)


@kernel
def set_from_covariance(metric, covariance):
    """Make L the Cholesky factor of `covariance`; this overwrites its lower triangle.

    If it is not positive definite, L stays what it was. Explicit loops: a LAPACK's result may depend on its
    number of threads, and draws must not.
    """
    dimension = covariance.shape[0]
    for j in range(dimension):
        for i in range(j, dimension):
            value = covariance[i, j]
            for k in range(j):
                value -= covariance[i, k] * covariance[j, k]
            if i > j:
                covariance[i, j] = value / covariance[j, j]
            elif 0.0 < value < math.inf:
                covariance[j, j] = sqrt(value)
            else:
                return
    for i in range(dimension):
        for j in range(i + 1):
            metric.factor[i, j] = covariance[i, j]
            metric.factor_transposed[j, i] = covariance[i, j]
