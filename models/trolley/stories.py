"""The functions of mRS: responses that depend on their story alone.

The density needs only how often each of 12 stories got each of 7 responses, not all 9,930 responses.
"""

import numpy as np

from hmc.jit.kernel import allocating, inlined
from hmc.numerics import expit, total
from hmc.transforms import constrain_ordered, unconstrain_ordered
from models.densities import never_nan, normal_group
from models.trolley.data import StoryResponses
from models.trolley.ordered_logit import (
    CUTPOINTS,
    RESPONSES,
    ROOM,
    add_response,
    block_terms,
    describe_responses,
    log_probability,
    prior_of_cutpoints,
)


def log_density(position, data, gradient):
    """Log posterior density of mRS at (alpha, b), alpha unconstrained."""
    stories = data.counts.shape[1]
    b, d_b = position[CUTPOINTS:], gradient[CUTPOINTS:]
    responses, room = np.empty((RESPONSES, ROOM + 1)), np.empty((3, stories))
    describe_responses(position[:CUTPOINTS], responses)
    for k in range(CUTPOINTS):
        gradient[k] = 0.0

    log_density, _, _ = normal_group(b, 0.0, 1.0, d_b)  # b[j] ~ Normal(0, 1)
    for k in range(RESPONSES):  # R ~ OrderedLogit(phi, alpha), phi = b[S]: every story's responses k + 1 at once
        block_terms(b, data.counts[k], responses[k], room)
        for s in range(stories):
            d_b[s] += room[1, s]
        totals = (total(room[0]), total(room[1]), total(room[2]))
        log_density += add_response(k, total(data.counts[k]), totals, responses, gradient)
    return never_nan(log_density + prior_of_cutpoints(position[:CUTPOINTS], responses, gradient[:CUTPOINTS]))


def log_likelihood(position, data, out):
    """The log probability of each response."""
    responses, table = np.empty((RESPONSES, ROOM + 1)), np.empty(data.counts.shape)
    describe_responses(position[:CUTPOINTS], responses)
    for k in range(RESPONSES):
        for s in range(data.counts.shape[1]):
            table[k, s] = log_probability(position[CUTPOINTS + s], responses[k])
    for i in range(data.story.size):
        out[i] = table[data.response[i], data.story[i]]


def phi(position, data, out):
    """The linear predictor of each response: its story's intercept."""
    for i in range(data.story.size):
        out[i] = position[CUTPOINTS + data.story[i]]


def simulate(rng, data):
    """A draw from the prior: position (alpha unconstrained, b)."""
    stories = data.counts.shape[1]
    position = np.empty(CUTPOINTS + stories)
    draw_cutpoints(rng, position[:CUTPOINTS])
    for s in range(stories):
        position[CUTPOINTS + s] = rng.standard_normal()
    return position


@allocating
def draw_cutpoints(rng, free):
    """Fill `free` (6,) with ordered cutpoints, unconstrained: standard normals that happen to be in order, which is
    how sorted standard normals are distributed."""
    alpha = np.empty(CUTPOINTS)
    for k in range(CUTPOINTS):
        new, place = rng.standard_normal(), k
        while place > 0 and alpha[place - 1] > new:
            alpha[place] = alpha[place - 1]
            place -= 1
        alpha[place] = new
    unconstrain_ordered(alpha, free)


def simulate_data(position, data, rng):
    """As many responses to each story, given the intercepts."""
    alpha = np.empty(CUTPOINTS)
    constrain_ordered(position[:CUTPOINTS], alpha)
    counts, response = np.zeros(data.counts.shape), np.empty(data.story.size, np.int64)
    for i in range(data.story.size):
        response[i] = draw_response(rng, position[CUTPOINTS + data.story[i]], alpha)
        counts[response[i], data.story[i]] += 1.0
    return StoryResponses(counts, data.story, response)


def outcome(data):
    """The responses, 1 to 7, in the order of the rows or of the counts."""
    return {"response": data.response + 1}


@inlined
def draw_response(rng, phi, alpha):
    """A response, from 0: the first k with P(R <= k) = logit^-1(alpha[k] - phi) above a uniform number."""
    uniform, k = rng.random(), 0
    while k < CUTPOINTS and uniform >= expit(alpha[k] - phi):
        k += 1
    return k
