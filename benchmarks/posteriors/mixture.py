"""A mixture of two normals, whose means are ordered so that the components keep their names.

    y[i] ~ theta Normal(mu[1], sigma) + (1 - theta) Normal(mu[2], sigma),  mu[1] < mu[2]
    mu[k] ~ Normal(0, 2),  sigma ~ half-Normal(0, 2),  theta ~ Beta(5, 5)

The components share sigma. With a sigma each there is a second mode, in which the first, narrow component has the
higher values and the second, wide one all others: then effective draws measure which mode the chains started near.
"""

import math
from typing import NamedTuple

import numpy as np

import hmc
from hmc.numerics import exp, log, log_add_exp
from hmc.transforms import (
    constrain_interval,
    constrain_ordered,
    constrain_positive,
    interval_log_jacobian,
    interval_pullback,
    ordered_log_jacobian,
    ordered_pullback,
)
from models.densities import half_normal, never_nan, normal, normal_group

LOG_BETA_5_5 = math.lgamma(5.0) + math.lgamma(5.0) - math.lgamma(10.0)


class Values(NamedTuple):
    y: np.ndarray


def log_density(position, data, gradient):
    mu, d_mu = np.empty(2), np.empty(2)
    constrain_ordered(position[:2], mu)
    value, _, _ = normal_group(mu, 0.0, 2.0, d_mu)
    value += math.log(2.0) + ordered_log_jacobian(position[:2])  # one of two orders
    sigma = constrain_positive(position[2])
    term, d_sigma, _ = half_normal(sigma, 2.0)
    value += term + position[2]  # the Jacobian of sigma = exp(log_sigma)
    theta, rest = constrain_interval(position[3], 0.0, 1.0), constrain_interval(-position[3], 0.0, 1.0)
    log_theta, log_rest = log(theta), log(rest)
    value += 4.0 * (log_theta + log_rest) - LOG_BETA_5_5 + interval_log_jacobian(position[3], 0.0, 1.0)
    d_logit = 4.0 * (rest - theta)  # of the prior

    for i in range(data.y.size):
        first, _, d_mu_1, d_sigma_1 = normal(data.y[i], mu[0], sigma)
        second, _, d_mu_2, d_sigma_2 = normal(data.y[i], mu[1], sigma)
        first += log_theta
        second += log_rest
        both = log_add_exp(first, second)
        value += both
        p, q = exp(first - both), exp(second - both)  # probabilities that y[i] is of either component
        d_mu[0] += p * d_mu_1
        d_mu[1] += q * d_mu_2
        d_sigma += p * d_sigma_1 + q * d_sigma_2
        d_logit += p * rest - q * theta
    ordered_pullback(position[:2], d_mu, gradient[:2])
    gradient[2] = d_sigma * sigma + 1.0
    gradient[3] = d_logit + interval_pullback(position[3], 0.0, 1.0, 0.0)
    return never_nan(value)


def simulated(size=400, seed=4):
    """Values of which four in ten are of the lower component; the two overlap."""
    rng = np.random.default_rng(seed)
    return Values(np.where(rng.uniform(size=size) < 0.4, -1.3, 1.3) + rng.standard_normal(size))


def mixture():
    """The model of 400 simulated values."""
    parameters = [
        hmc.Parameter("mu", (2,), hmc.ordered),
        hmc.Parameter("sigma", constraint=hmc.positive),
        hmc.Parameter("theta", constraint=hmc.interval(0, 1)),
    ]
    return hmc.Model(log_density, simulated(), parameters, name="mixture")
