"""Regression by a Gaussian process with a squared exponential kernel; the function is integrated out.

y ~ MultiNormal(0, K),  K[i, j] = alpha^2 exp(-(x[i] - x[j])^2 / (2 rho^2)) + sigma^2 (i = j)
rho ~ LogNormal(0, 1),  alpha ~ half-Normal(0, 2),  sigma ~ half-Normal(0, 1)
"""

from typing import NamedTuple

import numpy as np

import hmc
from hmc.numerics import cholesky, cholesky_pullback, exp, log
from hmc.transforms import constrain_positive
from models.densities import HALF_LOG_2PI, half_normal, never_nan, normal


class Curve(NamedTuple):
    x: np.ndarray
    y: np.ndarray


def log_density(position, data, gradient):
    n = data.x.size
    log_rho, log_alpha, log_sigma = position[0], position[1], position[2]
    rho, alpha, sigma = constrain_positive(log_rho), constrain_positive(log_alpha), constrain_positive(log_sigma)
    value, d_log_rho, _, _ = normal(log_rho, 0.0, 1.0)  # the density of log(rho) needs no Jacobian
    term, d_alpha, _ = half_normal(alpha, 2.0)
    value += term + log_alpha  # the Jacobian of alpha = exp(log_alpha)
    term, d_sigma, _ = half_normal(sigma, 1.0)
    value += term + log_sigma

    smooth, factor, d_factor = np.empty((n, n)), np.empty((n, n)), np.zeros((n, n))
    for i in range(n):
        for j in range(i + 1):
            distance = (data.x[i] - data.x[j]) / rho
            smooth[i, j] = alpha * alpha * exp(-0.5 * distance * distance)
            factor[i, j] = smooth[i, j] + (sigma * sigma if i == j else 0.0)
    if not cholesky(factor, factor):
        return -np.inf

    z, w = np.empty(n), np.empty(n)  # L z = y, and L' w = z
    for i in range(n):
        z[i] = data.y[i]
        for k in range(i):
            z[i] -= factor[i, k] * z[k]
        z[i] /= factor[i, i]
        value -= 0.5 * z[i] * z[i] + log(factor[i, i]) + HALF_LOG_2PI
    for i in range(n - 1, -1, -1):
        w[i] = z[i]
        for k in range(i + 1, n):
            w[i] -= factor[k, i] * w[k]
        w[i] /= factor[i, i]
    for i in range(n):
        for j in range(i + 1):
            d_factor[i, j] = w[i] * z[j] - (1.0 / factor[i, i] if i == j else 0.0)
    cholesky_pullback(factor, d_factor, d_factor)  # now the gradient with respect to K

    d_log_alpha, d_log_sigma = d_alpha * alpha + 1.0, d_sigma * sigma + 1.0
    for i in range(n):
        d_log_sigma += 2.0 * sigma * sigma * d_factor[i, i]
        for j in range(i + 1):
            distance = (data.x[i] - data.x[j]) / rho
            of_both = (1.0 if i == j else 2.0) * d_factor[i, j] * smooth[i, j]  # of K[i, j] and K[j, i]
            d_log_alpha += 2.0 * of_both
            d_log_rho += of_both * distance * distance
    gradient[0], gradient[1], gradient[2] = d_log_rho, d_log_alpha, d_log_sigma
    return never_nan(value)


def simulated(size=15, seed=5):
    """A sine curve with noise."""
    rng = np.random.default_rng(seed)
    x = np.linspace(-5.0, 5.0, size)
    return Curve(x, 1.5 * np.sin(x) + 0.4 * rng.standard_normal(size))


def gaussian_process():
    """The model of 15 simulated points."""
    parameters = [hmc.Parameter(name, constraint=hmc.positive) for name in ("rho", "alpha", "sigma")]
    return hmc.Model(log_density, simulated(), parameters, name="gaussian_process")
