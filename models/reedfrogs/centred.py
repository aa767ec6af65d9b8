"""The functions of the centred tadpole models: the intercepts of the tanks are parameters themselves.

A position is (a, a_bar, log sigma, slopes), with as many slopes as the data have predictors; where sigma is known,
(a, a_bar). This form samples best where every tank's data determine its intercept well; elsewhere see `noncentred`.
"""

import numpy as np

from hmc.jit.kernel import inlined
from hmc.numerics import log
from hmc.transforms import constrain_positive
from models.densities import exponential, normal, normal_group
from models.reedfrogs.tanks import (
    TanksOfKnownSpread,
    add_predictors,
    draw_slopes,
    draw_tanks,
    likelihood,
    prior_of_slopes,
    tank_terms,
    write_probabilities,
)


def log_density(position, data, gradient):
    """Log posterior density, unnormalised, at (a, a_bar, log sigma, slopes)."""
    n = data.survived.size
    log_sigma = position[n + 1]
    sigma = constrain_positive(log_sigma)
    room = np.empty((2, n))
    logits, d_logits = room[0], room[1]
    write_logits(position, data, logits)
    log_density, d_sigma = given_sigma(position, data, sigma, logits, d_logits, gradient)
    log_density += prior_of_slopes(position[n + 2 :], data.predictors, d_logits, gradient[n + 2 :])

    term, d_prior, _ = exponential(sigma, 1.0)
    log_density += term + log_sigma  # sigma ~ Exponential(1); Jacobian of sigma = exp(log_sigma)
    gradient[n + 1] = (d_sigma + d_prior) * sigma + 1.0
    return log_density


def known_spread_log_density(position, data, gradient):
    """Log posterior density where sigma is known and there are no slopes, unnormalised, at (a, a_bar)."""
    n = data.survived.size
    log_density, _ = given_sigma(position, data, data.sigma, position[:n], np.empty(n), gradient)
    return log_density


@inlined
def given_sigma(position, data, sigma, logits, d_logits, gradient):
    """The terms of S, a and a_bar. Returns (log density, d/dsigma); writes the gradient of a, a_bar and the logits."""
    n = data.survived.size
    a, a_bar = position[:n], position[n]
    log_density = likelihood(logits, data, gradient[:n], d_logits)  # gradient is scratch space here

    term, d_mean, d_sigma = normal_group(a, a_bar, sigma, gradient[:n])
    log_density += term  # a[j] ~ Normal(a_bar, sigma)
    for j in range(n):
        gradient[j] += d_logits[j]

    term, d_prior, _, _ = normal(a_bar, 0.0, 1.5)
    log_density += term  # a_bar ~ Normal(0, 1.5)
    gradient[n] = d_mean + d_prior
    return log_density, d_sigma


@inlined
def write_logits(position, data, logits):
    """logit(p) of each tank: a[T], and the predictors times their slopes."""
    n = data.survived.size
    for j in range(n):
        logits[j] = position[j]
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


def simulate(rng, data):
    """A draw from the prior: position (a, a_bar, log sigma, slopes)."""
    n = data.survived.size
    position = np.empty(n + 2 + data.predictors.shape[0])
    sigma = rng.standard_exponential()
    draw_intercepts(rng, sigma, n, position)
    position[n + 1] = log(sigma)
    draw_slopes(rng, position[n + 2 :])
    return position


def known_spread_simulate(rng, data):
    """A draw from the prior where sigma is known: position (a, a_bar)."""
    n = data.survived.size
    position = np.empty(n + 1)
    draw_intercepts(rng, data.sigma, n, position)
    return position


@inlined
def draw_intercepts(rng, sigma, n, position):
    """Fill `position` with a[0..n-1] and a_bar drawn from their priors."""
    a_bar = 1.5 * rng.standard_normal()
    for j in range(n):
        position[j] = a_bar + sigma * rng.standard_normal()
    position[n] = a_bar


def simulate_data(position, data, rng):
    """Survivors of tanks of the same densities and predictors, given the parameters."""
    logits = np.empty(data.survived.size)
    write_logits(position, data, logits)
    return draw_tanks(logits, data, rng)


def known_spread_simulate_data(position, data, rng):
    """As `simulate_data`, sigma kept."""
    tanks = draw_tanks(position[: data.survived.size], data, rng)
    return TanksOfKnownSpread(
        tanks.survived, tanks.density, tanks.log_coefficient, tanks.weight, tanks.predictors, data.sigma
    )
