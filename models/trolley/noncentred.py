"""The functions of mRXma2: varying effects of stories and participants in units of their standard deviations.

A position is (alpha, zs, zu, bA, bI, bC, bE, bY, delta, sigmaS, sigmaU), unconstrained.
"""

import numpy as np

from hmc.jit.kernel import allocating, inlined
from hmc.numerics import dot, log
from hmc.transforms import constrain_positive
from models.densities import half_normal, never_nan, normal_group
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
    effects = scaled_effects(position, data)
    log_density = given_effects(position, data, effects, gradient)  # R, alpha, bA, bI, bC, bE, bY, delta

    zs, zu = position[at.story : at.participant], position[at.participant : at.slopes]
    d_zs, d_zu = gradient[at.story : at.participant], gradient[at.participant : at.slopes]
    log_density += unit_terms(zs, effects.d_story, d_zs, position, at.log_sigma, gradient)
    log_density += unit_terms(zu, effects.d_participant, d_zu, position, at.log_sigma + 1, gradient)
    return never_nan(log_density)


@allocating
def scaled_effects(position, data):
    """as = zs * sigmaS and au = zu * sigmaU, with room for their gradient."""
    at = layout(data)
    effects = Effects(
        np.empty(data.stories), np.empty(data.gender.size), np.empty(data.stories), np.empty(data.gender.size)
    )
    sigma_story = constrain_positive(position[at.log_sigma])
    sigma_participant = constrain_positive(position[at.log_sigma + 1])
    for s in range(data.stories):
        effects.story[s] = position[at.story + s] * sigma_story
    for u in range(data.gender.size):
        effects.participant[u] = position[at.participant + u] * sigma_participant
    return effects


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
    write_log_likelihood(position, data, scaled_effects(position, data), out)


def phi(position, data, out):
    """The linear predictor of each response, in the order of the table."""
    write_phi(position, data, scaled_effects(position, data), out)


def simulate(rng, data):
    """A draw from the prior."""
    at = layout(data)
    position = np.empty(at.log_sigma + 2)
    draw_shared_parameters(rng, data, position)
    draw_effects(rng, data, (1.0, 1.0), position)
    position[at.log_sigma] = log(abs(rng.standard_normal()))
    position[at.log_sigma + 1] = log(abs(rng.standard_normal()))
    return position


def simulate_data(position, data, rng):
    """Answers of the same participants to the same scenes, given the parameters."""
    return draw_answers(position, data, scaled_effects(position, data), rng)


def derived(position, data):
    """The varying effects as they are."""
    effects = scaled_effects(position, data)
    return {"as": effects.story, "au": effects.participant}
