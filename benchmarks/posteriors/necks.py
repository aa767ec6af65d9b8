"""Two posteriors with a neck, in which one step size cannot suit all: Neal's funnel and the centred eight schools.

    v ~ Normal(0, 3),  x[i] ~ Normal(0, exp(v / 2)),  i = 1, ..., 9

Neal (2003), "Slice sampling", section 8.

    mu ~ Normal(0, 5),  tau ~ half-Cauchy(0, 5),  theta[j] ~ Normal(mu, tau),  y[j] ~ Normal(theta[j], sigma[j])

Rubin (1981), with the priors of posteriordb's `eight_schools_centered`.

What is known exactly of both: v is Normal(0, 3), and of tau all that a one-dimensional integral gives (`tau_density`).
"""

import math
from typing import NamedTuple

import numpy as np

import hmc
from hmc.numerics import exp, log1p
from hmc.transforms import constrain_positive
from models.densities import normal, normal_group


class Funnel(NamedTuple):
    sd: float  # of v


class Schools(NamedTuple):
    y: np.ndarray  # the effect of coaching that each school estimates
    sigma: np.ndarray  # and its standard error
    prior_sd: float  # of mu
    prior_scale: float  # of tau


EIGHT = Schools(
    y=np.array([28.0, 8.0, -3.0, 7.0, -1.0, 1.0, 18.0, 12.0]),
    sigma=np.array([15.0, 10.0, 16.0, 11.0, 9.0, 11.0, 10.0, 18.0]),
    prior_sd=5.0,
    prior_scale=5.0,
)


def funnel(dimension=10):
    """Neal's funnel: v, and `dimension` - 1 values x."""
    parameters = [hmc.Parameter("v"), hmc.Parameter("x", (dimension - 1,))]
    return hmc.Model(funnel_density, Funnel(3.0), parameters, name="funnel")


def eight_schools():
    """The centred eight schools."""
    parameters = [
        hmc.Parameter("mu"),
        hmc.Parameter("tau", constraint=hmc.positive),
        hmc.Parameter("theta", (EIGHT.y.size,)),
    ]
    return hmc.Model(schools_density, EIGHT, parameters, name="eight_schools")


def funnel_density(position, data, gradient):
    v, x = position[0], position[1:]
    precision, squares = exp(-v), 0.0
    for i in range(x.size):
        squares += x[i] * x[i]
        gradient[1 + i] = -x[i] * precision
    value, gradient[0], _, _ = normal(v, 0.0, data.sd)
    gradient[0] += 0.5 * squares * precision - 0.5 * x.size
    return value - 0.5 * squares * precision - 0.5 * x.size * (v + math.log(2.0 * math.pi))


def schools_density(position, data, gradient):
    mu, log_tau, theta = position[0], position[1], position[2:]
    tau = constrain_positive(log_tau)
    value, d_mu, _, _ = normal(mu, 0.0, data.prior_sd)
    ratio = tau / data.prior_scale
    value += math.log(2.0 / math.pi / data.prior_scale) - log1p(ratio * ratio) + log_tau  # Jacobian of tau = exp(...)
    d_tau = -2.0 * ratio / data.prior_scale / (1.0 + ratio * ratio)
    term, d_mean, d_sd = normal_group(theta, mu, tau, gradient[2:])
    value += term
    d_mu += d_mean
    d_tau += d_sd
    for j in range(theta.size):
        term, _, d_theta, _ = normal(data.y[j], theta[j], data.sigma[j])
        value += term
        gradient[2 + j] += d_theta
    gradient[0] = d_mu
    gradient[1] = d_tau * tau + 1.0
    return value


def tau_density(tau, data=EIGHT):
    """The density of tau given the data, but for a constant, at an array of values: theta and mu are integrated out.

    Given tau, the y are normal about mu with the variances sigma^2 + tau^2, and mu is normal a priori.
    """
    tau = np.asarray(tau, dtype=float)[..., None]
    precision = 1.0 / (data.sigma**2 + tau**2)
    total = precision.sum(axis=-1) + data.prior_sd**-2.0
    mean = (precision * data.y).sum(axis=-1) / total
    squares = (precision * data.y**2).sum(axis=-1) - total * mean**2
    log_density = 0.5 * np.log(precision).sum(axis=-1) - 0.5 * np.log(total) - 0.5 * squares
    return np.exp(log_density) / (1.0 + (tau[..., 0] / data.prior_scale) ** 2)
