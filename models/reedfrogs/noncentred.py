"""The functions of the non-centred tadpole models: intercepts in units of their standard deviation from their mean.

A position is (z, a_bar, log sigma, slopes), and a[j] = a_bar + z[j] sigma. The posterior of a, a_bar, sigma and the
slopes is that of `centred`; only the coordinates of the sampler differ. A priori z does not depend on sigma, so there
is no funnel where tanks say little about their intercepts.
"""

import numpy as np

from hmc.jit.kernel import inlined
from hmc.numerics import dot, log, total
from hmc.transforms import constrain_positive
from models.densities import exponential, normal, normal_group
from models.reedfrogs.tanks import (
    add_predictors,
    draw_slopes,
    draw_tanks,
    likelihood,
    prior_of_slopes,
    tank_terms,
    write_probabilities,
)


def log_density(position, data, gradient):
    """Log posterior density, unnormalised, at (z, a_bar, log sigma, slopes)."""
    n = data.survived.size
    z, a_bar, log_sigma = position[:n], position[n], position[n + 1]
    sigma = constrain_positive(log_sigma)
    room = np.empty((2, n))
    logits, d_logits = room[0], room[1]
    write_logits(position, data, logits)
    log_density = likelihood(logits, data, gradient[:n], d_logits)  # gradient is scratch space here

    term, _, _ = normal_group(z, 0.0, 1.0, gradient[:n])
    log_density += term  # z[j] ~ Normal(0, 1)
    for j in range(n):
        gradient[j] += d_logits[j] * sigma

    term, d_prior, _, _ = normal(a_bar, 0.0, 1.5)
    log_density += term  # a_bar ~ Normal(0, 1.5)
    gradient[n] = total(d_logits) + d_prior
    log_density += prior_of_slopes(position[n + 2 :], data.predictors, d_logits, gradient[n + 2 :])

    term, d_prior, _ = exponential(sigma, 1.0)
    log_density += term + log_sigma  # sigma ~ Exponential(1); Jacobian of sigma = exp(log_sigma)
    gradient[n + 1] = (dot(d_logits, z) + d_prior) * sigma + 1.0
    return log_density


@inlined
def write_logits(position, data, logits):
    """logit(p) of each tank: a[T] = a_bar + z[T] sigma, and the predictors times their slopes."""
    n = data.survived.size
    a_bar, sigma = position[n], constrain_positive(position[n + 1])
    for j in range(n):
        logits[j] = a_bar + position[j] * sigma
    add_predictors(position[n + 2 :], data.predictors, logits)


def log_likelihood(position, data, out):
    """Pointwise: S[j] ~ Binomial(D[j], p)."""
    logits = np.empty(data.survived.size)
    write_logits(position, data, logits)
    tank_terms(logits, data, out, np.empty(data.survived.size))


def p(position, data, out):
    """The probability of survival in each tank."""
    logits = np.empty(data.survived.size)
    write_logits(position, data, logits)
    write_probabilities(logits, out)


def derived(position, data):
    """The intercepts themselves: a[j] = a_bar + z[j] sigma."""
    n = data.survived.size
    return {"a": position[n] + position[:n] * constrain_positive(position[n + 1])}


def simulate(rng, data):
    """A draw from the prior: position (z, a_bar, log sigma, slopes)."""
    n = data.survived.size
    position = np.empty(n + 2 + data.predictors.shape[0])
    for j in range(n):
        position[j] = rng.standard_normal()
    position[n] = 1.5 * rng.standard_normal()
    position[n + 1] = log(rng.standard_exponential())
    draw_slopes(rng, position[n + 2 :])
    return position


def simulate_data(position, data, rng):
    """Survivors of tanks of the same densities and predictors, given the parameters."""
    logits = np.empty(data.survived.size)
    write_logits(position, data, logits)
    return draw_tanks(logits, data, rng)
