"""Eight schools, centred and not: the effects of coaching, each with a standard error of its own.

The densities are those of `models.schools`. The known values of mu and tau are theirs: Gelman et al., "Bayesian Data
Analysis", 5.4.
"""

import numpy as np
from numpy.typing import NDArray

import hmc
from figures.sampler.toys.exact import Marginals, averaged, normal_density
from models.schools import EFFECTS, ERRORS, schools, schools_nc

SD_MU, SCALE_TAU = 5.0, 5.0  # of the priors
EFFECT, ERROR = np.array(EFFECTS), np.array(ERRORS)


def schools_centred() -> hmc.Model:
    """y[j] ~ Normal(theta[j], error[j]), theta[j] ~ Normal(mu, tau), mu ~ Normal(0, 5), tau ~ half-Cauchy(5)."""
    return _called("schools_centred", schools())


def schools_noncentred() -> hmc.Model:
    """The same with theta[j] = mu + tau z[j], z[j] ~ Normal(0, 1)."""
    return _called("schools_noncentred", schools_nc())


def _called(name: str, model: hmc.Model) -> hmc.Model:
    """The log density of a model, by another name."""
    return hmc.Model(model.log_density, model.data, model.parameters, name=name)


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
    variance = ERROR**2 + tau[:, None] ** 2
    precision = 1.0 / SD_MU**2 + (1.0 / variance).sum(axis=1)
    weighted = (EFFECT / variance).sum(axis=1)
    log_weight = -0.5 * (np.log(variance) + EFFECT**2 / variance).sum(axis=1) - 0.5 * np.log(precision)
    log_weight += 0.5 * weighted**2 / precision - np.log1p((tau / SCALE_TAU) ** 2)
    return weighted / precision, 1.0 / np.sqrt(precision), log_weight
