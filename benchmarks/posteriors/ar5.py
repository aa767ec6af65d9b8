"""An autoregression of order 5, given the first five values.

y[t] ~ Normal(alpha + beta[1] y[t - 1] + ... + beta[5] y[t - 5], sigma)
alpha ~ Normal(0, 10),  beta[k] ~ Normal(0, 10),  sigma ~ half-Normal(0, 2.5)
"""

from typing import NamedTuple

import numpy as np

import hmc
from hmc.transforms import constrain_positive
from models.densities import half_normal, normal, normal_group

ORDER = 5


class Series(NamedTuple):
    y: np.ndarray


def log_density(position, data, gradient):
    alpha, beta, log_sigma = position[0], position[1 : 1 + ORDER], position[1 + ORDER]
    sigma = constrain_positive(log_sigma)
    d_beta = gradient[1 : 1 + ORDER]
    value, _, _ = normal_group(beta, 0.0, 10.0, d_beta)
    term, d_alpha, _, _ = normal(alpha, 0.0, 10.0)
    value += term
    term, d_sigma, _ = half_normal(sigma, 2.5)
    value += term + log_sigma  # the Jacobian of sigma = exp(log_sigma)
    for t in range(ORDER, data.y.size):
        mean = alpha
        for k in range(ORDER):
            mean += beta[k] * data.y[t - 1 - k]
        term, _, d_mean, d_sd = normal(data.y[t], mean, sigma)
        value += term
        d_alpha += d_mean
        d_sigma += d_sd
        for k in range(ORDER):
            d_beta[k] += d_mean * data.y[t - 1 - k]
    gradient[0] = d_alpha
    gradient[1 + ORDER] = d_sigma * sigma + 1.0
    return value


def simulated(length=200, seed=2):
    """A stationary series, of which the first 100 values are dropped."""
    rng = np.random.default_rng(seed)
    beta = np.array([0.7, 0.2, -0.1, 0.2, -0.1])
    y = np.zeros(100 + length)
    for t in range(ORDER, y.size):
        y[t] = 0.3 + beta @ y[t - ORDER : t][::-1] + 0.5 * rng.standard_normal()
    return Series(y[100:].copy())


def ar5():
    """The model of 200 simulated values."""
    parameters = [
        hmc.Parameter("alpha"),
        hmc.Parameter("beta", (ORDER,)),
        hmc.Parameter("sigma", constraint=hmc.positive),
    ]
    return hmc.Model(log_density, simulated(), parameters, name="ar5")
