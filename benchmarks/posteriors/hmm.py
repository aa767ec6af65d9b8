"""A hidden Markov model of two states, which the forward algorithm sums out.

y[t] ~ Normal(mu[state[t]], sigma),  mu[1] < mu[2]
P(state[t] = j | state[t - 1] = i) = stay[i] if i = j, else 1 - stay[i];  state[1] is either with probability 1/2
mu[k] ~ Normal(0, 5),  sigma ~ half-Normal(0, 2),  stay[i] ~ Uniform(0, 1)
"""

import math
from typing import NamedTuple

import numpy as np

import hmc
from hmc.numerics import exp, log
from hmc.transforms import (
    constrain_interval,
    constrain_ordered,
    constrain_positive,
    interval_log_jacobian,
    interval_pullback,
    ordered_log_jacobian,
    ordered_pullback,
)
from models.densities import half_normal, never_nan, normal, normal_group


class Series(NamedTuple):
    y: np.ndarray


def log_density(position, data, gradient):
    n = data.y.size
    mu, d_mu, move, d_move = np.empty(2), np.empty(2), np.empty((2, 2)), np.zeros((2, 2))
    constrain_ordered(position[:2], mu)
    value, _, _ = normal_group(mu, 0.0, 5.0, d_mu)
    value += math.log(2.0) + ordered_log_jacobian(position[:2])  # one of two orders
    sigma = constrain_positive(position[2])
    term, d_sigma, _ = half_normal(sigma, 2.0)
    value += term + position[2]  # the Jacobian of sigma = exp(log_sigma)
    for i in range(2):
        move[i, i] = constrain_interval(position[3 + i], 0.0, 1.0)
        move[i, 1 - i] = constrain_interval(-position[3 + i], 0.0, 1.0)
        value += interval_log_jacobian(position[3 + i], 0.0, 1.0)

    # Forwards: emitted[t] / scale[t] updates the state's probabilities to known[t], which are given y[1] to y[t].
    emitted, known, scale = np.empty((n, 2)), np.empty((n, 2)), np.empty(n)
    before_0, before_1 = 0.5, 0.5
    for t in range(n):
        low, _, _, _ = normal(data.y[t], mu[0], sigma)
        high, _, _, _ = normal(data.y[t], mu[1], sigma)
        larger = max(low, high)
        emitted[t, 0], emitted[t, 1] = exp(low - larger), exp(high - larger)
        if t > 0:
            before_0 = known[t - 1, 0] * move[0, 0] + known[t - 1, 1] * move[1, 0]
            before_1 = known[t - 1, 0] * move[0, 1] + known[t - 1, 1] * move[1, 1]
        scale[t] = before_0 * emitted[t, 0] + before_1 * emitted[t, 1]
        if not scale[t] > 0.0:
            return -math.inf
        known[t, 0], known[t, 1] = before_0 * emitted[t, 0] / scale[t], before_1 * emitted[t, 1] / scale[t]
        value += log(scale[t]) + larger

    # Backwards: known[t, k] later[k] is the probability of state k at t given all y.
    later = np.ones(2)
    for t in range(n - 1, -1, -1):
        for k in range(2):
            _, _, d_mean, d_sd = normal(data.y[t], mu[k], sigma)
            d_mu[k] += known[t, k] * later[k] * d_mean
            d_sigma += known[t, k] * later[k] * d_sd
        if t > 0:
            to_0, to_1 = emitted[t, 0] * later[0] / scale[t], emitted[t, 1] * later[1] / scale[t]
            for i in range(2):
                d_move[i, 0] += known[t - 1, i] * to_0
                d_move[i, 1] += known[t - 1, i] * to_1
                later[i] = move[i, 0] * to_0 + move[i, 1] * to_1
    ordered_pullback(position[:2], d_mu, gradient[:2])
    gradient[2] = d_sigma * sigma + 1.0
    for i in range(2):
        gradient[3 + i] = interval_pullback(position[3 + i], 0.0, 1.0, d_move[i, i] - d_move[i, 1 - i])
    return never_nan(value)


def simulated(length=150, seed=6):
    """A series that stays in its lower state for 10 steps on average, in its higher one for 5."""
    rng = np.random.default_rng(seed)
    stay, state, y = (0.9, 0.8), 0, np.empty(length)
    for t in range(length):
        y[t] = (1.0, 3.5)[state] + rng.standard_normal()
        state = state if rng.uniform() < stay[state] else 1 - state
    return Series(y)


def hmm():
    """The model of 150 simulated values."""
    parameters = [
        hmc.Parameter("mu", (2,), hmc.ordered),
        hmc.Parameter("sigma", constraint=hmc.positive),
        hmc.Parameter("stay", (2,), hmc.interval(0, 1)),
    ]
    return hmc.Model(log_density, simulated(), parameters, name="hmm")
