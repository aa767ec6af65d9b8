"""The common part of the trolley models "with everything": all of the density but the varying effects and their spread.

The likelihood, which is the work, is in `models/trolley/likelihood.py`. The predictor phi of a response is a number of
its participant plus one of its scene, so these are computed once each.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hmc.jit.kernel import allocating, inlined
from hmc.transforms import constrain_simplex, simplex_log_jacobian, simplex_pullback
from models.densities import dirichlet, log_factorial, normal
from models.trolley.likelihood import likelihood
from models.trolley.ordered_logit import CUTPOINTS, RESPONSES, ROOM, describe_responses, prior_of_cutpoints

GENDERS = 2
STEPS = 7  # between 8 levels of education

ACTION, INTENTION, CONTACT, EDUCATION, AGE = range(5)  # the slopes, in the order of the parameters
N_SLOPES = 5


class Layout(NamedTuple):
    """Where the parameters begin in a position: alpha is first."""

    story: int  # as
    participant: int  # au, or zu
    slopes: int  # bA, bI, bC, bE, bY, one for each gender
    delta: int  # two simplexes, 6 free numbers each
    log_sigma: int  # of stories, then of participants


class Effects(NamedTuple):
    """The varying effects, and room for the gradient with respect to each."""

    story: NDArray[np.float64]  # (stories,) as
    participant: NDArray[np.float64]  # (participants,) au
    d_story: NDArray[np.float64]
    d_participant: NDArray[np.float64]


class Room(NamedTuple):
    """Intermediate results, and the gradients with respect to them."""

    of_participant: NDArray[np.float64]  # (participants,) part of phi
    of_scene: NDArray[np.float64]  # (scenes,) the rest of it
    d_participant: NDArray[np.float64]
    d_scene: NDArray[np.float64]
    delta: NDArray[np.float64]  # (2, 7)
    education: NDArray[np.float64]  # (2, 8) sums of delta, from 0
    d_education: NDArray[np.float64]  # (2, 8)


@inlined
def layout(data):
    """The `Layout` of a position."""
    participant = CUTPOINTS + data.stories
    slopes = participant + data.gender.size
    delta = slopes + N_SLOPES * GENDERS
    return Layout(CUTPOINTS, participant, slopes, delta, delta + GENDERS * (STEPS - 1))


@allocating
def given_effects(position, data, effects, gradient):
    """The terms of R, alpha, the slopes and delta, given the varying effects; writes the gradient of all four, and
    the effects'."""
    at = layout(data)
    room = make_room(data.gender.size, data.story.size)
    linear_predictor(position, data, effects, room)

    responses = np.empty((RESPONSES, ROOM + 1))
    describe_responses(position[:CUTPOINTS], responses)
    for j in range(CUTPOINTS):
        gradient[j] = 0.0
    log_density = likelihood(data, room, responses, gradient)
    log_density += prior_of_cutpoints(position[:CUTPOINTS], responses, gradient[:CUTPOINTS])

    for j in range(at.slopes, at.delta):
        term, d_slope, _, _ = normal(position[j], 0.0, 0.5)  # bA, bI, bC, bE, bY ~ Normal(0, 0.5)
        log_density += term
        gradient[j] = d_slope
    pass_gradient_on(position, data, room, effects, gradient)
    for g in range(GENDERS):
        first = at.delta + g * (STEPS - 1)
        free, d_free = position[first : first + STEPS - 1], gradient[first : first + STEPS - 1]
        log_density += simplex_terms(free, room.delta[g], room.d_education[g], d_free)
    return log_density


@allocating
def make_room(participants, scenes):
    """`Room` with gradients of 0."""
    return Room(
        np.empty(participants),
        np.empty(scenes),
        np.zeros(participants),
        np.zeros(scenes),
        np.empty((GENDERS, STEPS)),
        np.zeros((GENDERS, STEPS + 1)),
        np.zeros((GENDERS, STEPS + 1)),
    )


@inlined
def linear_predictor(position, data, effects, room):
    """phi = of_participant + of_scene: fill in both, and delta and its sums on the way."""
    at = layout(data)
    for g in range(GENDERS):
        first = at.delta + g * (STEPS - 1)
        constrain_simplex(position[first : first + STEPS - 1], room.delta[g])
        for level in range(STEPS):
            room.education[g, level + 1] = room.education[g, level] + room.delta[g, level]
    b = position[at.slopes : at.delta].reshape(N_SLOPES, GENDERS)
    for u in range(data.gender.size):
        g = data.gender[u]
        room.of_participant[u] = (
            b[EDUCATION, g] * room.education[g, data.education[u]] + b[AGE, g] * data.age[u] + effects.participant[u]
        )
    for c in range(data.story.size):
        g = data.scene_gender[c]
        room.of_scene[c] = (
            b[ACTION, g] * data.action[c]
            + b[INTENTION, g] * data.intention[c]
            + b[CONTACT, g] * data.contact[c]
            + effects.story[data.story[c]]
        )


@inlined
def pass_gradient_on(position, data, room, effects, gradient):
    """The chain rule of `linear_predictor`: to the slopes (added to), the effects, and the sums of delta."""
    at = layout(data)
    b = position[at.slopes : at.delta].reshape(N_SLOPES, GENDERS)
    d_b = gradient[at.slopes : at.delta].reshape(N_SLOPES, GENDERS)
    for u in range(data.gender.size):
        g, level, slope = data.gender[u], data.education[u], room.d_participant[u]
        d_b[EDUCATION, g] += slope * room.education[g, level]
        d_b[AGE, g] += slope * data.age[u]
        room.d_education[g, level] += slope * b[EDUCATION, g]
        effects.d_participant[u] = slope
    for s in range(data.stories):
        effects.d_story[s] = 0.0
    for c in range(data.story.size):
        g, slope = data.scene_gender[c], room.d_scene[c]
        d_b[ACTION, g] += slope * data.action[c]
        d_b[INTENTION, g] += slope * data.intention[c]
        d_b[CONTACT, g] += slope * data.contact[c]
        effects.d_story[data.story[c]] += slope


@allocating
def simplex_terms(free, delta, d_education, d_free):
    """delta ~ Dirichlet(2), with the log Jacobian; `d_education` (8,) is the gradient by sums of delta, 0 first."""
    d_delta = np.empty(STEPS)
    term = dirichlet(delta, 2.0, log_factorial(2.0 * STEPS - 1.0), d_delta)  # gamma(14) = 13!, gamma(2) = 1
    from_here_on = 0.0
    for j in range(STEPS - 1, -1, -1):
        from_here_on += d_education[j + 1]  # delta[j] is part of every later sum
        d_delta[j] += from_here_on
    simplex_pullback(free, delta, d_delta, d_free)
    return term + simplex_log_jacobian(free)
