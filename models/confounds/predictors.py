"""The terms of logit(p), estimator by estimator, and the probabilities of each individual.

The estimators differ only in the term of a group, which `intercepts` fills in; all add bxy X to it.
"""

import numpy as np

from hmc.jit.kernel import inlined
from hmc.numerics import expit
from hmc.transforms import constrain_positive
from models.densities import bernoulli_logit

M0, MF, MR, MRX, MRU = range(5)


@inlined
def m0_intercepts(q, data, out):
    """a + bzy Z[g], for each group, of q = (a, bxy, bzy); returns bxy."""
    start_with(q[0], q[2], data, out)
    return q[1]


@inlined
def mf_intercepts(q, data, out):
    """a[g] + bzy Z[g], for each group, of q = (a, bxy, bzy), a being of all groups; returns bxy."""
    n = data.Z.size
    start_with(0.0, q[n + 1], data, out)
    add_multiple(1.0, q[:n], out)
    return q[n]


@inlined
def mr_intercepts(q, data, out):
    """abar + z[g] tau + bzy Z[g], for each group, of q = (z, bxy, bzy, abar, log tau); returns bxy."""
    n = data.Z.size
    start_with(q[n + 2], q[n + 1], data, out)
    add_multiple(constrain_positive(q[n + 3]), q[:n], out)
    return q[n]


@inlined
def mrx_intercepts(q, data, out):
    """abar + z[g] tau + bzy Z[g] + buy Xbar[g], for each group, of q = (z, bxy, bzy, buy, abar, log tau); returns
    bxy.
    """
    n = data.Z.size
    start_with(q[n + 3], q[n + 1], data, out)
    add_multiple(constrain_positive(q[n + 4]), q[:n], out)
    add_multiple(q[n + 2], data.Xbar, out)
    return q[n]


@inlined
def mru_intercepts(q, data, out):
    """abar + z[g] tau + bzy Z[g] + buy u[g], for each group, of q = (z, u, bxy, bzy, buy, abar, log tau, ...); returns
    bxy.
    """
    n = data.Z.size
    m = 2 * n
    start_with(q[m + 3], q[m + 1], data, out)
    add_multiple(constrain_positive(q[m + 4]), q[:n], out)
    add_multiple(q[m + 2], q[n:m], out)
    return q[m]


@inlined
def start_with(level, bzy, data, out):
    """out[g] = level + bzy Z[g]."""
    for g in range(out.size):
        out[g] = level + bzy * data.Z[g]


@inlined
def add_multiple(scale, x, out):
    """out[g] += scale x[g]."""
    for g in range(out.size):
        out[g] += scale * x[g]


@inlined
def intercepts(q, data, out):
    """logit(p) at X = 0, for each group, by the estimator that the data are for; returns bxy."""
    if data.estimator == M0:
        return m0_intercepts(q, data, out)
    if data.estimator == MF:
        return mf_intercepts(q, data, out)
    if data.estimator == MR:
        return mr_intercepts(q, data, out)
    if data.estimator == MRX:
        return mrx_intercepts(q, data, out)
    return mru_intercepts(q, data, out)


@inlined
def logits(of_group, bxy, data, out):
    """logit(p) of each individual, from its value in each group at X = 0."""
    for i in range(data.Y.size):
        out[i] = of_group[data.group[i]] + bxy * data.X[i]


def p(position, data, out):
    """The probability that Y is 1, for each individual."""
    of_group, of_individual = np.empty(data.Z.size), np.empty(data.Y.size)
    bxy = intercepts(position, data, of_group)
    logits(of_group, bxy, data, of_individual)
    for i in range(data.Y.size):
        out[i] = expit(of_individual[i])


def log_likelihood(position, data, out):
    """Pointwise: Y ~ Bernoulli(p), for each individual; of Y alone, even where X is modelled (mru)."""
    of_group, of_individual = np.empty(data.Z.size), np.empty(data.Y.size)
    bxy = intercepts(position, data, of_group)
    logits(of_group, bxy, data, of_individual)
    for i in range(data.Y.size):
        out[i], _ = bernoulli_logit(data.Y[i], of_individual[i])
