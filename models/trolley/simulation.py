"""More common parts of the trolley models "with everything": single responses, draws of parameters and responses."""

import numpy as np

from hmc.jit.kernel import allocating, inlined
from hmc.transforms import constrain_ordered, unconstrain_simplex
from models.trolley.data import Answers, sort_by_response_and_scene
from models.trolley.everything import GENDERS, STEPS, layout, linear_predictor, make_room
from models.trolley.ordered_logit import CUTPOINTS, RESPONSES, ROOM, describe_responses, log_probability
from models.trolley.stories import draw_cutpoints, draw_response


@allocating
def write_log_likelihood(position, data, effects, out):
    """The log probability of each response, in the order of the table."""
    room = make_room(data.gender.size, data.story.size)
    linear_predictor(position, data, effects, room)
    responses = np.empty((RESPONSES, ROOM + 1))
    describe_responses(position[:CUTPOINTS], responses)
    for k in range(RESPONSES):
        for i in range(data.first[k, 0], data.first[k, -1]):
            phi = room.of_participant[data.participant[i]] + room.of_scene[data.scene[i]]
            out[data.row[i]] = log_probability(phi, responses[k])


@allocating
def write_phi(position, data, effects, out):
    """The linear predictor of each response, in the order of the table."""
    room = make_room(data.gender.size, data.story.size)
    linear_predictor(position, data, effects, room)
    for i in range(data.row.size):
        out[data.row[i]] = room.of_participant[data.participant[i]] + room.of_scene[data.scene[i]]


@allocating
def draw_shared_parameters(rng, data, position):
    """Fill in alpha, the slopes and delta, drawn from their priors."""
    at = layout(data)
    draw_cutpoints(rng, position[:CUTPOINTS])
    for j in range(at.slopes, at.delta):
        position[j] = 0.5 * rng.standard_normal()
    delta = np.empty(STEPS)
    for g in range(GENDERS):
        whole = 0.0
        for k in range(STEPS):  # Dirichlet(2): shares of gamma(2) variables, each the sum of two exponential ones
            delta[k] = rng.standard_exponential() + rng.standard_exponential()
            whole += delta[k]
        for k in range(STEPS):
            delta[k] /= whole
        first = at.delta + g * (STEPS - 1)
        unconstrain_simplex(delta, position[first : first + STEPS - 1])


@inlined
def draw_effects(rng, data, sigmas, position):
    """Fill in normal effects of stories and participants, with these two standard deviations."""
    at = layout(data)
    for j in range(at.story, at.slopes):
        sd = sigmas[0] if j < at.participant else sigmas[1]
        position[j] = sd * rng.standard_normal()


@allocating
def draw_answers(position, data, effects, rng):
    """`Answers` of the same participants to the same scenes, with responses drawn given phi."""
    alpha, phi = np.empty(CUTPOINTS), np.empty(data.row.size)
    constrain_ordered(position[:CUTPOINTS], alpha)
    write_phi(position, data, effects, phi)
    response = np.empty(data.row.size, np.int64)
    participant, scene = np.empty(data.row.size, np.uint32), np.empty(data.row.size, np.int64)
    for i in range(data.row.size):  # from the sorted order back to the table's
        participant[data.row[i]], scene[data.row[i]] = data.participant[i], data.scene[i]
    for i in range(data.row.size):
        response[i] = draw_response(rng, phi[i], alpha)
    first, row = np.empty(data.first.shape, np.int64), np.empty(data.row.size, np.int64)
    sort_by_response_and_scene(response, scene, first, row)
    return Answers(
        first,
        row,
        participant[row],
        scene[row],
        data.weight,
        data.scene_gender,
        data.story,
        data.action,
        data.intention,
        data.contact,
        data.gender,
        data.education,
        data.age,
        data.stories,
    )
