"""Eight schools, centred and not: the effects of coaching, each with a standard error of its own.

Rubin (1981), "Estimation in parallel randomized experiments"; Gelman et al., "Bayesian Data Analysis", 5.5; with the
priors of posteriordb.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

import hmc
from figures.sampler.toys.exact import Marginals, averaged, normal_density
from hmc.jit.kernel import inlined
from hmc.numerics import log1p
from hmc.transforms import constrain_positive
from models.densities import normal

SD_MU, SCALE_TAU = 5.0, 5.0
_LOG_HALF_CAUCHY = math.log(2.0 / (math.pi * SCALE_TAU))


class Schools(NamedTuple):
    """Data of both models, a number per school."""

    effect: np.ndarray
    error: np.ndarray  # its standard error


SCHOOLS = Schools(np.array([28.0, 8, -3, 7, -1, 1, 18, 12]), np.array([15.0, 10, 16, 11, 9, 11, 10, 18]))


def schools_centred() -> hmc.Model:
    """y[j] ~ Normal(theta[j], error[j]), theta[j] ~ Normal(mu, tau), mu ~ Normal(0, 5), tau ~ half-Cauchy(5)."""
    return hmc.Model(_centred, SCHOOLS, _parameters("theta"), name="schools_centred")


def schools_noncentred() -> hmc.Model:
    """The same with theta[j] = mu + tau z[j], z[j] ~ Normal(0, 1)."""
    return hmc.Model(_noncentred, SCHOOLS, _parameters("z"), name="schools_noncentred")


def _parameters(name: str) -> list[hmc.Parameter]:
    return [hmc.Parameter("mu"), hmc.Parameter("tau", constraint=hmc.positive), hmc.Parameter(name, (8,))]


@inlined
def _prior(mu, tau, log_tau):
    """(log density of mu and log tau, d/dmu, d/dlog tau)."""
    value, d_mu, _, _ = normal(mu, 0.0, SD_MU)
    z = tau / SCALE_TAU
    value += _LOG_HALF_CAUCHY - log1p(z * z) + log_tau  # the last for tau = exp(log tau)
    return value, d_mu, 1.0 - 2.0 * z * z / (1.0 + z * z)


def _centred(position, data, gradient):
    mu, log_tau, theta = position[0], position[1], position[2:]
    tau = constrain_positive(log_tau)
    value, d_mu, d_log_tau = _prior(mu, tau, log_tau)
    for j in range(theta.shape[0]):
        of_data, _, d_theta, _ = normal(data.effect[j], theta[j], data.error[j])
        of_school, d_school, d_mean, d_sd = normal(theta[j], mu, tau)
        value += of_data + of_school
        gradient[2 + j] = d_theta + d_school
        d_mu += d_mean
        d_log_tau += d_sd * tau
    gradient[0], gradient[1] = d_mu, d_log_tau
    return value


def _noncentred(position, data, gradient):
    mu, log_tau, z = position[0], position[1], position[2:]
    tau = constrain_positive(log_tau)
    value, d_mu, d_log_tau = _prior(mu, tau, log_tau)
    for j in range(z.shape[0]):
        of_data, _, d_theta, _ = normal(data.effect[j], mu + tau * z[j], data.error[j])
        of_school, d_z, _, _ = normal(z[j], 0.0, 1.0)
        value += of_data + of_school
        gradient[2 + j] = d_z + d_theta * tau
        d_mu += d_theta
        d_log_tau += d_theta * tau * z[j]
    gradient[0], gradient[1] = d_mu, d_log_tau
    return value


def schools_marginals() -> Marginals:
    """Of mu and tau, of both models: given tau, all else is normal ("Bayesian Data Analysis", 5.4).

    tau's is on the scale of tau; its total, and mu's mixture over tau, are sums on a grid of log tau.
    """
    log_tau, step = np.linspace(-14.0, 9.0, 4601, retstep=True)
    grid = np.exp(log_tau)
    mean, sd, log_weight = _given_tau(grid)
    largest = float(log_weight.max())
    total = float(np.exp(log_weight + log_tau - largest).sum() * step)

    def tau(at: NDArray[np.float64]) -> NDArray[np.float64]:
        inside = at > 0.0
        return np.where(inside, np.exp(_given_tau(np.where(inside, at, 1.0))[2] - largest) / total, 0.0)

    def mu(at: NDArray[np.float64]) -> NDArray[np.float64]:
        return averaged(normal_density(at[:, None], mean, sd), np.exp(log_weight + log_tau - largest))

    return {"mu": mu, "tau": tau}


def _given_tau(tau: NDArray[np.float64]) -> tuple[NDArray[np.float64], ...]:
    """For each tau: mean and sd of mu, and the log density of tau and the data, up to a constant."""
    effect, error = SCHOOLS
    variance = error**2 + tau[:, None] ** 2
    precision = 1.0 / SD_MU**2 + (1.0 / variance).sum(axis=1)
    weighted = (effect / variance).sum(axis=1)
    log_weight = -0.5 * (np.log(variance) + effect**2 / variance).sum(axis=1) - 0.5 * np.log(precision)
    log_weight += 0.5 * weighted**2 / precision - np.log1p((tau / SCALE_TAU) ** 2)
    return weighted / precision, 1.0 / np.sqrt(precision), log_weight
