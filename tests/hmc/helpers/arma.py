"""A small ARMA(1,1). Its errors grow as theta^200 in a tail, so ordinary starts have log densities of -1e80."""

from typing import NamedTuple

import numpy as np

import hmc
from hmc.transforms import constrain_positive
from models.densities import normal

TRUTH = {"mu": 0.1, "phi": 0.9, "theta": -0.4, "sigma": 0.15}


class Series(NamedTuple):
    y: np.ndarray


def log_density(position, data, gradient):
    """error[t] = y[t] - mu - phi y[t - 1] - theta error[t - 1] ~ Normal(0, sigma); all parameters ~ Normal(0, 2)."""
    sigma = constrain_positive(position[3])
    value, error, before = 0.0, 0.0, 0.0
    slope_mu, slope_phi, slope_theta = 0.0, 0.0, 0.0
    for i in range(4):
        term, gradient[i], _, _ = normal(position[i], 0.0, 2.0)
        value += term
    for t in range(1, data.y.size):
        before, error = error, data.y[t] - position[0] - position[1] * data.y[t - 1] - position[2] * error
        slope_mu = -1.0 - position[2] * slope_mu
        slope_phi = -data.y[t - 1] - position[2] * slope_phi
        slope_theta = -before - position[2] * slope_theta
        term, d_error, _, d_sigma = normal(error, 0.0, sigma)
        value += term
        gradient[0] += d_error * slope_mu
        gradient[1] += d_error * slope_phi
        gradient[2] += d_error * slope_theta
        gradient[3] += d_sigma * sigma
    return value


def simulated(size=200):
    """A series of `TRUTH`."""
    errors = np.random.default_rng(1).normal(0.0, TRUTH["sigma"], size)
    y = np.zeros(size)
    for t in range(1, size):
        y[t] = TRUTH["mu"] + TRUTH["phi"] * y[t - 1] + TRUTH["theta"] * errors[t - 1] + errors[t]
    return y


def arma():
    names = [hmc.Parameter(name) for name in ("mu", "phi", "theta")]
    return hmc.Model(log_density, Series(simulated()), [*names, hmc.Parameter("sigma", (), hmc.positive)], name="arma")


def starts(radius, seed, count=40):
    """Unconstrained positions (count, 4) uniform in (-radius, radius), of finite log density and gradient."""
    rng, model, found = np.random.default_rng(seed), arma(), []
    while len(found) < count:
        position = rng.uniform(-radius, radius, 4)
        log_density_there, gradient = model.evaluate(position)
        if np.isfinite(log_density_there) and np.isfinite(gradient).all():
            found.append(position)
    return np.array(found)


def stuck(fit):
    """How many chains of a fit are in none of its modes: at theta = -0.5, of 107, and at theta = 1.06, of -70."""
    return int((np.median(fit.stats["lp"], axis=1) < -200.0).sum())
