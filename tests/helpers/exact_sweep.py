"""Exact leave-one-tank-out of mST with sigma given."""

import functools

import numpy as np
from scipy import stats
from scipy.special import expit, logsumexp

import models


@functools.cache
def exact_looic(sigma):
    """By quadrature: given a_bar the tanks are independent integrals."""
    tanks = models.mST().data
    a_bar, z = np.linspace(-2.0, 5.0, 201), np.linspace(-8.0, 8.0, 201)
    p = expit(a_bar[:, None] + sigma * z)
    pairs = zip(tanks.survived, tanks.density, strict=True)
    log_tanks = np.log([stats.binom.pmf(k, n, p) @ stats.norm.pdf(z) * (z[1] - z[0]) for k, n in pairs])
    joint = stats.norm.logpdf(a_bar, 0.0, 1.5) + log_tanks.sum(axis=0)
    return -2 * sum(logsumexp(joint) - logsumexp(joint - log_tank) for log_tank in log_tanks)
