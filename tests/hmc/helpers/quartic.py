"""A smooth density in four dimensions that is not normal; written so that complex numbers pass through it."""

import numpy as np

from hmc.sampler import metric
from hmc.sampler.phase_space import Hamiltonian, PhasePoint, Start

DIMENSION = 4
PRECISION = np.array([[2.0, 0.6, 0.0, 0.3], [0.6, 1.0, 0.2, 0.0], [0.0, 0.2, 0.5, 0.1], [0.3, 0.0, 0.1, 1.5]])


def log_density(position, data, gradient):
    """-q' P q / 2 - sum(q^4) / 10."""
    gradient[:] = -(PRECISION @ position) - 0.4 * position**3
    return -0.5 * (position @ PRECISION @ position) - 0.1 * (position**4).sum()


def random_metric(rng, kind):
    """A metric that is far from the unit one; a low-rank one has rank 2, and room for a third vector."""
    made = metric.identity(DIMENSION, kind, 3)
    made.scale[:] = rng.uniform(0.5, 1.5, DIMENSION)
    if kind == metric.DENSE:
        root = rng.normal(size=(DIMENSION, DIMENSION))
        made.factor[:] = np.linalg.cholesky(0.3 * root @ root.T + 0.3 * np.eye(DIMENSION))
        made.factor_transposed[:] = made.factor.T
    if kind == metric.LOW_RANK:
        made.form[metric.RANK] = 2
        made.factor[:2] = np.linalg.qr(rng.normal(size=(DIMENSION, 2)))[0].T
        made.factor_transposed[:2] = np.array([[1.5], [-0.6]]) * made.scale * made.factor[:2]
        made.factor[2] = made.factor_transposed[2] = np.nan  # nobody looks at it
    return made


def factor(made):
    """L of a metric, as a matrix, by its definition."""
    if made.form[metric.KIND] == metric.DENSE:
        return made.factor
    rank = made.form[metric.RANK]
    return np.diag(made.scale) + made.factor_transposed[:rank].T @ made.factor[:rank]


def inverse_metric(made):
    """L L' of a metric, as a matrix."""
    return factor(made) @ factor(made).T


def hamiltonian(rng, kind):
    return Hamiltonian(log_density, None, random_metric(rng, kind))


def start(hamiltonian, rng):
    """A start at a random point, momentum drawn."""
    point = PhasePoint(rng.normal(size=DIMENSION), rng.normal(size=DIMENSION), np.zeros(DIMENSION))
    return Start(point, hamiltonian.density(point.position, None, point.gradient))
