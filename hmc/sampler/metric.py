"""The metric: which directions of parameter space are long, and how a momentum moves a position.

The inverse metric is an estimate of the posterior's covariance, held as a factor L with L L' = inverse metric.
The momentum is kept in *whitened* coordinates: it is standard normal, its kinetic energy is p'p / 2, and its
velocity in those coordinates is p itself. The metric then appears in two places only, both here: a gradient
becomes a force on the whitened momentum by L' (`kick`), and a whitened momentum becomes a velocity of the
position by L (`drift`). The trees of `hmc/sampler/nuts.py` see dot products and nothing else.

With p = L' p_usual this is the usual Hamiltonian with mass matrix (L L')^-1: Neal (2011), section 4.1.
"""

import math
from typing import NamedTuple

import numpy as np

from hmc.jit.kernel import inlined, kernel
from hmc.numerics import sqrt

DIAGONAL, DENSE = 0, 1


class Metric(NamedTuple):
    """A factor L of the inverse metric L L'."""

    kind: int  # DIAGONAL (the unit metric is the diagonal of ones) or DENSE
    scale: np.ndarray  # (dimension,): the diagonal of L, for DIAGONAL
    factor: np.ndarray  # (dimension, dimension): L, lower triangular, for DENSE; else (0, 0)
    factor_transposed: np.ndarray  # its transpose, stored so that both products run along rows


def identity(dimension, dense):
    """The unit metric, with room for a dense factor if `dense`."""
    size = dimension if dense else 0
    return Metric(
        kind=DENSE if dense else DIAGONAL,
        scale=np.ones(dimension),
        factor=np.eye(size),
        factor_transposed=np.eye(size),
    )


def inverse_metric(metric):
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


@inlined
def add_rows(out, weights, time, triangle, is_lower):
    """out += time * triangle' weights, in place: rows of a triangular matrix, each times its weight, are added up.

    Four rows at a time: `out`, which has to be read and written for each, is what takes the time. Where the four begin
    or end apart, zeros of the triangle are added, so every element is the same sum, in the same order, as row by row.
    """
    n = out.shape[0]
    whole = n - n % 4
    for i in range(0, whole, 4):
        a, b, c, d = time * weights[i], time * weights[i + 1], time * weights[i + 2], time * weights[i + 3]
        for j in range(0 if is_lower else i, i + 4 if is_lower else n):
            sum_of_two = (out[j] + a * triangle[i, j]) + b * triangle[i + 1, j]
            out[j] = (sum_of_two + c * triangle[i + 2, j]) + d * triangle[i + 3, j]
    for i in range(whole, n):
        a = time * weights[i]
        for j in range(0 if is_lower else i, i + 1 if is_lower else n):
            out[j] += a * triangle[i, j]


@kernel
def set_from_covariance(metric, covariance):
    """Make L the Cholesky factor of `covariance`, whose lower triangle is used as room and lost.

    Where it is not positive definite, L stays what it was. Explicit loops: a LAPACK's result may depend on its
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
