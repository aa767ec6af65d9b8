"""The functions of mRXma2: effects of stories as they are, of participants in units of their standard deviation.

A position is (alpha, as, zu, bA, bI, bC, bE, bY, delta, sigmaS, sigmaU), unconstrained.
"""

import numpy as np

from hmc.jit.kernel import allocating, inlined
from hmc.numerics import dot, log
from hmc.transforms import constrain_positive
from models.densities import half_normal, never_nan, normal_group
from models.trolley.centred import group_terms
from models.trolley.everything import Effects, given_effects, layout
from models.trolley.simulation import (
    draw_answers,
    draw_effects,
    draw_shared_parameters,
    write_log_likelihood,
    write_phi,
)


def log_density(position, data, gradient):
    """Log posterior density of mRXma2."""
    at = layout(data)
    effects = effects_of(position, gradient, data)
    log_density = given_effects(position, data, effects, gradient)  # R, alpha, bA, bI, bC, bE, bY, delta
    log_density += centred_terms(effects.story, effects.d_story, position, at.log_sigma, gradient)
    zu, d_zu = position[at.participant : at.slopes], gradient[at.participant : at.slopes]
    log_density += unit_terms(zu, effects.d_participant, d_zu, position, at.log_sigma + 1, gradient)
    return never_nan(log_density)


@allocating
def effects_of(position, gradient, data):
    """as, where it stands, and au = zu * sigmaU, with room for its gradient."""
    at = layout(data)
    effects = Effects(
        position[at.story : at.participant],
        np.empty(data.gender.size),
        gradient[at.story : at.participant],
        np.empty(data.gender.size),
    )
    sigma_participant = constrain_positive(position[at.log_sigma + 1])
    for u in range(data.gender.size):
        effects.participant[u] = position[at.participant + u] * sigma_participant
    return effects


@allocating
def centred_terms(effects, d_effects, position, place, gradient):
    """effects ~ Normal(0, sigma), sigma ~ half-Normal(0, 1), its log at `place`; adds to the effects' gradient."""
    sigma = constrain_positive(position[place])
    log_density, d_sigma = group_terms(effects, d_effects, sigma, np.empty(effects.size))
    term, d_prior, _ = half_normal(sigma, 1.0)
    gradient[place] = (d_sigma + d_prior) * sigma + 1.0
    return log_density + term + position[place]  # Jacobian of sigma = exp(log_sigma)


@inlined
def unit_terms(z, d_effects, d_z, position, place, gradient):
    """z ~ Normal(0, 1), effects = z * sigma, sigma ~ half-Normal(0, 1), its log at `place`; writes all gradients."""
    sigma = constrain_positive(position[place])
    log_density, _, _ = normal_group(z, 0.0, 1.0, d_z)
    for j in range(z.size):
        d_z[j] += d_effects[j] * sigma
    term, d_prior, _ = half_normal(sigma, 1.0)
    gradient[place] = (dot(d_effects, z) + d_prior) * sigma + 1.0
    return log_density + term + position[place]  # Jacobian of sigma = exp(log_sigma)


def log_likelihood(position, data, out):
    """The log probability of each response, in the order of the table."""
    write_log_likelihood(position, data, effects_of(position, position, data), out)


def phi(position, data, out):
    """The linear predictor of each response, in the order of the table."""
    write_phi(position, data, effects_of(position, position, data), out)


def simulate(rng, data):
    """A draw from the prior."""
    at = layout(data)
    position = np.empty(at.log_sigma + 2)
    draw_shared_parameters(rng, data, position)
    sigma_story, sigma_participant = abs(rng.standard_normal()), abs(rng.standard_normal())
    draw_effects(rng, data, (sigma_story, 1.0), position)
    position[at.log_sigma] = log(sigma_story)
    position[at.log_sigma + 1] = log(sigma_participant)
    return position


def simulate_data(position, data, rng):
    """Answers of the same participants to the same scenes, given the parameters."""
    return draw_answers(position, data, effects_of(position, position, data), rng)


def derived(position, data):
    """The varying effects of participants as they are."""
    return {"au": effects_of(position, position, data).participant}
