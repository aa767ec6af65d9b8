"""GARCH(1,1): the variance of the next return follows the last squared error and the last variance.

    y[t] ~ Normal(mu, sd = sqrt(h[t])),  h[t] = alpha0 + alpha1 (y[t - 1] - mu)^2 + beta1 h[t - 1]
    mu ~ Normal(0, 10),  alpha0 ~ Exponential(0.1),  (alpha1, beta1, 1 - alpha1 - beta1) ~ Dirichlet(1, 1, 1)

h[1] is given. The simplex keeps the series stationary: alpha1 + beta1 < 1.
"""

from typing import NamedTuple

import numpy as np

import hmc
from hmc.numerics import log
from hmc.transforms import constrain_positive, constrain_simplex, simplex_log_jacobian, simplex_pullback
from models.densities import HALF_LOG_2PI, LOG_2, exponential, never_nan, normal


class Returns(NamedTuple):
    y: np.ndarray
    first_variance: float


def log_density(position, data, gradient):
    mu, log_alpha0 = position[0], position[1]
    alpha0 = constrain_positive(log_alpha0)
    share, d_share = np.empty(3), np.zeros(3)
    constrain_simplex(position[2:], share)
    alpha1, beta1 = share[0], share[1]
    value, d_mu, _, _ = normal(mu, 0.0, 10.0)
    term, d_alpha0, _ = exponential(alpha0, 0.1)
    value += term + log_alpha0  # the Jacobian of alpha0 = exp(log_alpha0)
    value += LOG_2 + simplex_log_jacobian(position[2:])  # Dirichlet(1, 1, 1) has the density 2

    h, h_mu, h_alpha0, h_alpha1, h_beta1 = data.first_variance, 0.0, 0.0, 0.0, 0.0  # h and its derivatives
    for t in range(data.y.size):
        if t > 0:
            error = data.y[t - 1] - mu
            h_mu = beta1 * h_mu - 2.0 * alpha1 * error
            h_alpha0 = beta1 * h_alpha0 + 1.0
            h_alpha1 = beta1 * h_alpha1 + error * error
            h_beta1 = beta1 * h_beta1 + h
            h = alpha0 + alpha1 * error * error + beta1 * h
        error = data.y[t] - mu
        ratio = error * error / h
        value -= HALF_LOG_2PI + 0.5 * (log(h) + ratio)
        d_h = 0.5 * (ratio - 1.0) / h
        d_mu += error / h + d_h * h_mu
        d_alpha0 += d_h * h_alpha0
        d_share[0] += d_h * h_alpha1
        d_share[1] += d_h * h_beta1
    gradient[0] = d_mu
    gradient[1] = d_alpha0 * alpha0 + 1.0
    simplex_pullback(position[2:], share, d_share, gradient[2:])
    return never_nan(value)  # h is 0 where alpha0 and beta1 underflow


def simulated(length=200, seed=3):
    """Returns about 5 whose variance is 1.2 + 0.5 error^2 + 0.3 variance."""
    rng = np.random.default_rng(seed)
    y, variance = np.empty(length), 0.25
    for t in range(length):
        error = np.sqrt(variance) * rng.standard_normal()
        y[t] = 5.0 + error
        variance = 1.2 + 0.5 * error * error + 0.3 * variance
    return Returns(y, 0.25)


def garch():
    """The model of 200 simulated returns; `share` is (alpha1, beta1, the rest)."""
    parameters = [
        hmc.Parameter("mu"),
        hmc.Parameter("alpha0", constraint=hmc.positive),
        hmc.Parameter("share", (3,), hmc.simplex),
    ]
    return hmc.Model(log_density, simulated(), parameters, name="garch")
