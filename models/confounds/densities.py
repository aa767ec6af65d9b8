"""Log posterior densities of the five estimators: the outcomes, which are common to all, and the priors.

The outcomes give d/d intercept of each group; the terms of the intercepts (`models/confounds/predictors.py`) get their
gradient from it. In comments and docstrings z, u, and the a of mf stand for those of all groups.
"""

import math

import numpy as np

from hmc.jit.kernel import allocating, inlined
from hmc.numerics import dot, total
from hmc.transforms import constrain_positive
from models.confounds.predictors import (
    logits,
    m0_intercepts,
    mf_intercepts,
    mr_intercepts,
    mru_intercepts,
    mrx_intercepts,
)
from models.densities import (
    HALF_LOG_2PI,
    bernoulli_logit_of_tail,
    exponential,
    is_scale,
    logit_tails,
    never_nan,
    normal,
    normal_group,
)


def m0_log_density(position, data, gradient):
    """Log posterior density of m0, unnormalised, at (a, bxy, bzy)."""
    rows, slopes = np.empty((2, data.Y.size)), np.empty(data.Z.size)
    bxy = m0_intercepts(position, data, slopes)
    value, gradient[1] = outcomes(bxy, data, rows, slopes)
    gradient[2] = dot(slopes, data.Z)
    value += standard_normals(position[1:], gradient[1:])  # bxy, bzy ~ Normal(0, 1)
    term, d_a, _, _ = normal(position[0], 0.0, 10.0)  # a ~ Normal(0, 10)
    gradient[0] = total(slopes) + d_a
    return never_nan(value + term)


def mf_log_density(position, data, gradient):
    """Log posterior density of mf, unnormalised, at (a, bxy, bzy)."""
    n = data.Z.size
    rows, slopes = np.empty((2, data.Y.size)), np.empty(n)
    bxy = mf_intercepts(position, data, slopes)
    value, gradient[n] = outcomes(bxy, data, rows, slopes)
    gradient[n + 1] = dot(slopes, data.Z)
    value += standard_normals(position[n:], gradient[n:])  # bxy, bzy ~ Normal(0, 1)
    term, _, _ = normal_group(position[:n], 0.0, 10.0, gradient[:n])  # a[g] ~ Normal(0, 10)
    for g in range(n):
        gradient[g] += slopes[g]
    return never_nan(value + term)


def mr_log_density(position, data, gradient):
    """Log posterior density of mr, unnormalised, at (z, bxy, bzy, abar, log tau)."""
    n = data.Z.size
    rows, slopes = np.empty((2, data.Y.size)), np.empty(n)
    bxy = mr_intercepts(position, data, slopes)
    value, gradient[n] = outcomes(bxy, data, rows, slopes)
    gradient[n + 1] = dot(slopes, data.Z)
    gradient[n + 2] = total(slopes)
    term, gradient[n + 3] = spread_of_intercepts(position[:n], position[n + 3], slopes, gradient[:n])
    value += standard_normals(position[: n + 3], gradient[: n + 3])  # z, bxy, bzy, abar ~ Normal(0, 1)
    return never_nan(value + term)


def mrx_log_density(position, data, gradient):
    """Log posterior density of mrx, unnormalised, at (z, bxy, bzy, buy, abar, log tau)."""
    n = data.Z.size
    rows, slopes = np.empty((2, data.Y.size)), np.empty(n)
    bxy = mrx_intercepts(position, data, slopes)
    value, gradient[n] = outcomes(bxy, data, rows, slopes)
    gradient[n + 1] = dot(slopes, data.Z)
    gradient[n + 2] = dot(slopes, data.Xbar)
    gradient[n + 3] = total(slopes)
    term, gradient[n + 4] = spread_of_intercepts(position[:n], position[n + 4], slopes, gradient[:n])
    value += standard_normals(position[: n + 4], gradient[: n + 4])  # z, bxy, bzy, buy, abar ~ Normal(0, 1)
    return never_nan(value + term)


def mru_log_density(position, data, gradient):
    """Log posterior density of mru, unnormalised, at (z, u, bxy, bzy, buy, abar, log tau, aX, log bux, log sigma)."""
    place = 2 * data.Z.size + 6
    bux = constrain_positive(position[place])
    term, d_log_bux = exponential_of_log(position[place])  # bux ~ Exponential(1)
    value = latent(bux, term, position, data, gradient)
    gradient[place] = gradient[place] * bux + d_log_bux
    return never_nan(value)


def mru_normal_log_density(position, data, gradient):
    """Log posterior density of mru_normal, unnormalised, at that of mru, with bux in place of log bux."""
    place = 2 * data.Z.size + 6
    bux = position[place]
    term, d_prior, _, _ = normal(bux, 0.0, 1.0)  # bux ~ Normal(0, 1)
    value = latent(bux, term, position, data, gradient)
    gradient[place] += d_prior
    return never_nan(value)


@allocating
def latent(bux, prior_of_bux, position, data, gradient):
    """The latent Mundlak machine with this bux, and its prior; writes the gradient, with d/dbux without that of the
    prior.
    """
    n = data.Z.size
    m = 2 * n
    u, buy, of_x = position[n:m], position[m + 2], slice(m + 5, m + 8)
    rows, slopes = np.empty((2, data.Y.size)), np.empty(n)
    bxy = mru_intercepts(position, data, slopes)
    value, gradient[m] = outcomes(bxy, data, rows, slopes)
    gradient[m + 1] = dot(slopes, data.Z)
    gradient[m + 2] = dot(slopes, u)
    gradient[m + 3] = total(slopes)
    term, gradient[m + 4] = spread_of_intercepts(position[:n], position[m + 4], slopes, gradient[:n])
    value += term + treatments(u, bux, prior_of_bux, position[of_x], data, gradient[n:m], gradient[of_x])
    for g in range(n):
        gradient[n + g] += buy * slopes[g]
    value += standard_normals(position[: m + 4], gradient[: m + 4])  # z, u, bxy, bzy, buy, abar ~ Normal(0, 1)
    return value


@inlined
def outcomes(bxy, data, rows, slopes):
    """Every Y ~ Bernoulli(p), times its weight. Returns (log density, d/dbxy); slopes (groups,) are d/d intercept where
    the intercepts were. rows (2, individuals) is scratch space.

    Looking up groups and adding up for them keep a loop scalar, so the costly loops between them do neither.
    """
    values, d_logit = rows[0], rows[1]
    logits(slopes, bxy, data, values)
    logit_tails(values, d_logit)
    for i in range(data.Y.size):
        value, slope = bernoulli_logit_of_tail(data.Y[i], values[i], d_logit[i])
        values[i] = value
        d_logit[i] = data.weight[i] * slope
    for g in range(data.Z.size):
        slopes[g] = 0.0
    for i in range(data.Y.size):
        slopes[data.group[i]] += d_logit[i]
    return dot(data.weight, values), dot(d_logit, data.X)


@inlined
def treatments(u, bux, prior_of_bux, q, data, d_u, d_q):
    """Every X ~ Normal(aX + bux u[g], sigma), and the priors of bux and q = (aX, bux, log sigma): their log density.

    Writes its gradient into d_u and d_q, that of bux without its prior. A group's individuals enter through their
    number and mean alone, since

        sum over i of (X[i] - mean[g])^2 = spread^2 + sum over g of members[g] (Xbar[g] - mean[g])^2

    and those are kept beside X wherever X is set: at construction, and by simulate_data.
    """
    sigma = constrain_positive(q[2])
    inverse = 1.0 / (sigma if is_scale(sigma) else 1.0)
    squares, sum_z, sum_zu = (data.spread * inverse) * (data.spread * inverse), 0.0, 0.0
    for g in range(u.size):
        z = (data.Xbar[g] - (q[0] + bux * u[g])) * inverse
        weighted = data.members[g] * z
        d_u[g] = weighted * inverse * bux
        squares += weighted * z
        sum_z += weighted
        sum_zu += weighted * u[g]
    value = -0.5 * squares - data.X.size * (q[2] + HALF_LOG_2PI)
    term_sigma, d_log_sigma = exponential_of_log(q[2])  # sigma ~ Exponential(1)
    d_q[0] = sum_z * inverse
    d_q[1] = sum_zu * inverse
    d_q[2] = squares - data.X.size + d_log_sigma
    value += standard_normals(q[:1], d_q[:1]) + prior_of_bux + term_sigma  # aX ~ Normal(0, 1)
    return value if is_scale(sigma) else -math.inf


@inlined
def spread_of_intercepts(z, log_tau, slopes, d_z):
    """tau ~ Exponential(1), and the chain rule through abar + z[g] tau, `slopes` being d/d intercept.

    Returns (log density, d/dlog tau); writes the outcomes' d/dz.
    """
    tau = constrain_positive(log_tau)
    for g in range(z.size):
        d_z[g] = tau * slopes[g]
    value, d_log_tau = exponential_of_log(log_tau)
    return value, dot(d_z, z) + d_log_tau


@inlined
def exponential_of_log(log_x):
    """x ~ Exponential(1), with the Jacobian of x = exp(log_x). Returns (log density, d/dlog_x)."""
    x = constrain_positive(log_x)
    value, d_x, _ = exponential(x, 1.0)
    return value + log_x, d_x * x + 1.0


@inlined
def standard_normals(x, gradient):
    """Every x[i] ~ Normal(0, 1): the log density of them all; adds d/dx[i] to gradient[i]."""
    for i in range(x.size):
        gradient[i] -= x[i]
    return -0.5 * dot(x, x) - x.size * HALF_LOG_2PI
