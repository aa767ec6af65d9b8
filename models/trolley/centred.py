"""The functions of mRXma: varying effects of stories and participants as they are.

A position is (alpha, as, au, bA, bI, bC, bE, bY, delta, sigmaS, sigmaU), unconstrained.
"""

import numpy as np

from hmc.jit.kernel import allocating, inlined
from hmc.numerics import log
from hmc.transforms import constrain_positive
from models.densities import exponential, never_nan, normal_group
from models.trolley.everything import Effects, given_effects, layout
from models.trolley.simulation import (
    draw_answers,
    draw_effects,
    draw_shared_parameters,
    write_log_likelihood,
    write_phi,
)


def log_density(position, data, gradient):
    """Log posterior density of mRXma."""
    at = layout(data)
    effects = effects_in(position, gradient, data)
    log_density = given_effects(position, data, effects, gradient)  # R, alpha, bA, bI, bC, bE, bY, delta
    log_density += spread_terms(effects.story, effects.d_story, position, at.log_sigma, gradient)
    log_density += spread_terms(effects.participant, effects.d_participant, position, at.log_sigma + 1, gradient)
    return never_nan(log_density)


@allocating
def effects_in(position, gradient, data):
    """as and au, and their gradient, where they stand."""
    at = layout(data)
    return Effects(
        position[at.story : at.participant],
        position[at.participant : at.slopes],
        gradient[at.story : at.participant],
        gradient[at.participant : at.slopes],
    )


@allocating
def spread_terms(effects, d_effects, position, place, gradient):
    """effects ~ Normal(0, sigma), sigma ~ Exponential(1), its log at `place`; adds to the effects' gradient."""
    sigma = constrain_positive(position[place])
    log_density, d_sigma = group_terms(effects, d_effects, sigma, np.empty(effects.size))
    term, d_prior, _ = exponential(sigma, 1.0)
    gradient[place] = (d_sigma + d_prior) * sigma + 1.0
    return log_density + term + position[place]  # Jacobian of sigma = exp(log_sigma)


@inlined
def group_terms(effects, d_effects, sigma, room):
    """effects ~ Normal(0, sigma): the log density and its derivative by sigma; adds to the effects' gradient."""
    log_density, _, d_sigma = normal_group(effects, 0.0, sigma, room)
    for j in range(effects.size):
        d_effects[j] += room[j]
    return log_density, d_sigma


def log_likelihood(position, data, out):
    """The log probability of each response, in the order of the table."""
    write_log_likelihood(position, data, effects_in(position, position, data), out)


def phi(position, data, out):
    """The linear predictor of each response, in the order of the table."""
    write_phi(position, data, effects_in(position, position, data), out)


def simulate(rng, data):
    """A draw from the prior."""
    at = layout(data)
    position = np.empty(at.log_sigma + 2)
    draw_shared_parameters(rng, data, position)
    sigma_story, sigma_participant = rng.standard_exponential(), rng.standard_exponential()
    draw_effects(rng, data, (sigma_story, sigma_participant), position)
    position[at.log_sigma] = log(sigma_story)
    position[at.log_sigma + 1] = log(sigma_participant)
    return position


def simulate_data(position, data, rng):
    """Answers of the same participants to the same scenes, given the parameters."""
    return draw_answers(position, data, effects_in(position, position, data), rng)
